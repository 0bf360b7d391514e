"""Who sits in a room, and the line that each of them is saying."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from mia.conversation.ears import Ears
from mia.conversation.ports import Transcript
from mia.conversation.speakers import Line, Speaker


@dataclass(slots=True, eq=False)
class Entry:
    """A line as it grows. begun: loop time of its onset. ended: of its last voice; still to come
    while it is being said."""

    speaker: Speaker
    begun: float
    ended: float = math.inf
    text: str = ""
    answered: bool = False
    settled: str = ""
    """Its beginning, where the rest of its words is still to come."""

    def waiting_since(self, moment: float) -> bool:
        """Complete and unanswered, its last voice at `moment` or before."""
        return bool(self.text) and not self.answered and self.ended <= moment


class Seat:
    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self.ears: Ears
        self.task: asyncio.Task[None] | None = None
        self.entry: Entry | None = None
        """What they are saying; None: nothing."""
        self.voiced = False
        self.onset = 0.0
        self.last_voiced = 0.0
        self.counted = True
        """Whether their voice has the floor; it has not over MIA, if they may not interrupt."""
        self.unasked = False
        """There is voice that the recogniser was not asked about."""
        self.guess: int | None = None
        """Their newest guess, while it is not understood."""
        self.closing: Entry | None = None
        """A line of theirs that is complete, but the newest guess at it is not understood yet."""
        self.said = Transcript("", "")
        """The newest that was understood of them."""


def in_order(entries: list[Entry]) -> tuple[Line, ...]:
    said = sorted((entry for entry in entries if entry.text), key=lambda entry: entry.begun)
    return tuple(Line(entry.speaker, entry.text) for entry in said)
