"""What one speaker is saying: their sound, the words so far, and whether it was all.

Pieces that belong together: the listener (where the voice is), the recogniser (what it says), the
turn detector (whether it has finished), and what was learned of this speaker's pauses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mia.conversation.cores import Cores
from mia.conversation.endpointing import SpeakersPauses, hold
from mia.conversation.listening import Listener
from mia.conversation.moves import Event
from mia.conversation.ports import (
    Samples,
    SpeechToText,
    Transcript,
    TurnDetector,
    VoiceDetector,
)
from mia.conversation.recognition import Judge, Judgement, Recogniser, Request
from mia.conversation.speculation import Effort
from mia.conversation.tuning import Tuning
from mia.errors import MiaError


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told what the ears make out.

    understood: a revision (None: the user is still speaking), all words of the utterance so far,
    and what was understood since its sound was last let go. judged: a revision's completeness.
    """

    understood: Callable[[int | None, str, Transcript], None]
    judged: Callable[[int, float], None]
    trouble: Callable[[MiaError], None]


class Ears:
    def __init__(
        self,
        stt: SpeechToText,
        turn_detector: TurnDetector | None,
        voice_detector: Callable[[], VoiceDetector],
        cores: Cores,
        effort: Effort,
        told: Told,
        tuning: Tuning,
    ) -> None:
        self.listener = Listener(voice_detector, tuning)
        self.language = "es"
        """What is spoken: ISO 639-1 or `auto`."""
        self.heard_language = "es"
        """What the newest words were in."""
        self.stt_seconds: float | None = None
        """How long the newest recognition took."""
        self._recogniser = Recogniser(
            stt, cores, self._transcribed, self._spent, told.trouble, tuning.recognition
        )
        self._judge = Judge(turn_detector, self._judged, told.trouble, tuning.judgement)
        self._effort = effort
        self._told = told
        self._tuning = tuning
        self._pauses = SpeakersPauses(tuning)
        self._settled = ""
        """The understood beginning of a long utterance whose sound was let go."""
        self._completeness: float | None = None
        self.judging = False
        """The turn detector has not said yet whether the newest guess is complete."""
        self._revision: int | None = None
        """The newest guess."""

    @property
    def settled(self) -> str:
        """The understood beginning of a long utterance."""
        return self._settled

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._recogniser.run())
            group.create_task(self._judge.run())

    def set_language(self, language: str) -> None:
        self.language = language
        self.heard_language = "es" if language == "auto" else language

    # ── sound ────────────────────────────────────────────────────────────────────────────────

    def hear(self, samples: Samples) -> Iterator[Event]:
        return self.listener.hear(samples, asyncio.get_running_loop().time())

    def begin(self, *, fresh: bool) -> None:
        """A new utterance; `fresh`: it begins with the newest voice."""
        if fresh:
            self.listener.renew()
        self._forget_words()

    def end(self) -> None:
        """The utterance is over."""
        self.listener.end()
        self._forget_words()

    def forget(self) -> None:
        """What was being said is to be forgotten."""
        self.listener.forget()
        self._forget_words()

    def _forget_words(self) -> None:
        self._settled = ""
        self._recogniser.forget()

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def peek(self) -> None:
        """See what was said so far, instead of what was said before."""
        if self.listener.voice_seconds >= self._tuning.least_speech:
            self._recogniser.ask(self._request(None))
            self._judge.ask(Judgement(self.listener.received, self.listener.utterance()))

    def guess(self, revision: int, *, judge: bool = True) -> None:
        """Find out what was said up to this pause, and (judge) whether it was all."""
        self._revision = revision
        self._completeness = None
        self.judging = False
        if self.listener.voice_seconds < self._tuning.least_speech:
            # A click or a chair: not worth the recogniser's time.
            nothing = Transcript("", self.heard_language)
            asyncio.get_running_loop().call_soon(
                self._told.understood, revision, self._settled, nothing
            )
            return
        since = self.listener.complete_from
        if judge:
            self.judging = self._judge.adopt(since, revision) or self._judge.ask(
                Judgement(self.listener.received, self.listener.utterance(), revision)
            )
        if not self._recogniser.adopt(since, revision):
            self._recogniser.ask(self._request(revision))

    def go_on(self, pause: float, text: str | None) -> None:
        """The user pauses that long within the turn, of which `text` is understood."""
        self._pauses.heard(max(0.0, pause))
        if text and self.listener.seconds > self._tuning.settle_after:
            self._settled = text
            self.listener.cut()
            self._recogniser.forget()

    def hold(self, text: str) -> float:
        """Seconds of silence that end a turn with these words."""
        return hold(text, self._completeness, self.heard_language, self._pauses.usual, self._tuning)

    def _request(self, revision: int | None) -> Request:
        language = None if self.language == "auto" else self.language
        sound = self.listener.utterance()
        return Request(self.listener.received, sound, language, revision)

    def _transcribed(self, request: Request) -> None:
        said = request.transcript or Transcript("", self.heard_language)
        if request.transcript and self.language == "auto":
            self.heard_language = said.language
        if request.revision is None:
            self.listener.known = request.upto
            if not said.text:
                return
        if request.revision is not None and request.revision != self._revision:
            return
        self._told.understood(request.revision, f"{self._settled} {said.text}".strip(), said)

    def _spent(self, request: Request) -> None:
        self.stt_seconds = request.seconds
        self._effort.transcribed(request)

    def _judged(self, revision: int, completeness: float) -> None:
        if revision == self._revision:
            self.judging = False
            self._completeness = completeness
            self._told.judged(revision, completeness)
