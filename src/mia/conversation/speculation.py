"""How boldly to guess: when a reply is begun before its turn is sure, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from mia.conversation.tuning import DEFAULT, Tuning


class Boldness:
    """How long before the end of the hold a reply is begun.

    A guess needs a head start of as long as the first clause takes to get its sound; begun earlier
    it would only be ready sooner than it may be heard, and be wasted if the user goes on. That
    time is learned. When guesses keep missing, the head start shrinks.
    """

    def __init__(self, tuning: Tuning = DEFAULT) -> None:
        self._tuning = tuning
        self._takes = tuning.first_sound
        self._hits = 1.0

    def head_start(self, hold: float, *, judging: bool) -> float:
        """Seconds before the end of this hold; while it is still being judged whether the hold is
        that long, all of it."""
        enough = self._tuning.hits_enough
        share = 1.0 if self._hits >= enough else self._hits / enough
        needed = hold if judging else self._takes * self._tuning.head_start_margin
        return needed * share

    def ended(self, *, hit: bool) -> None:
        """A guess was committed, or dropped."""
        weight = self._tuning.guess_memory
        self._hits = weight * self._hits + (1 - weight) * hit

    def took(self, seconds: float) -> None:
        """A reply got its first sound this long after it was begun."""
        weight = self._tuning.guess_memory
        self._takes = weight * self._takes + (1 - weight) * seconds


class Transcription(Protocol):
    """A recogniser's call: which guess it became (None: none), and the seconds it took."""

    revision: int | None
    seconds: float


class Effort:
    """The models' time, by what became of it. `report` gets part, seconds, whether it was used."""

    def __init__(self, report: Callable[[str, float, bool], None]) -> None:
        self._report = report
        self._calls: list[Transcription] = []

    def transcribed(self, call: Transcription) -> None:
        """The recogniser was called, for nothing yet."""
        self._calls.append(call)

    def settled(self, revision: int | None) -> None:
        """The utterance is over, and this guess at it was the one that counted (None: none)."""
        used = sum(c.seconds for c in self._calls if c.revision == revision is not None)
        wasted = sum(c.seconds for c in self._calls) - used
        self._calls.clear()
        if used:
            self._report("stt", used, True)
        if wasted > 0:
            self._report("stt", wasted, False)

    def answered(self, worked: Mapping[str, float], *, used: bool) -> None:
        """A reply is over, or was dropped; `worked`: seconds of each part."""
        for part, seconds in worked.items():
            if seconds:
                self._report(part, seconds, used)
