"""Whom MIA answers in company: everything, what is meant for her, or nothing.

Alone with one person she answers everything. Among several she answers what calls her by name
(also where the recogniser misspelt it), and what the person says whom she has just answered,
unless they call somebody else. All else she only listens to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from mia.conversation.attention import Attention
from mia.conversation.naming import names_her
from mia.conversation.speakers import Line, Speaker
from mia.conversation.tuning import Tuning

CompanyMode = Literal["solo", "addressed", "always", "quiet"]
"""solo: everything while alone with one person, otherwise when she is meant. addressed: only when
she is meant. always: everything. quiet: nothing."""

#: Voice over MIA this long interrupts her in company; people also talk with each other.
INSIST_IN_COMPANY = 4.0


@dataclass(slots=True)
class Company(Attention):
    """`lasts`: seconds after her last word in which the person she answered is in talk with her.

    gap: seconds of everybody's silence before she takes the floor unasked for by name. patience:
    seconds after which whoever spoke to her is answered although others talk on.
    may_interrupt: who may speak over her. aliases: further names she is called by."""

    gap: float = 0.8
    patience: float = 4.0
    may_interrupt: Callable[[Speaker], bool] = lambda _speaker: True
    aliases: Sequence[str] = ()
    manner: CompanyMode = "solo"
    people: dict[str, Speaker] = field(default_factory=dict)
    """Everybody in the room by id, without bots."""
    speaking: bool = False
    """MIA is being heard."""
    _partner: str | None = None
    """Id of the person she answered last."""

    @property
    def crowd(self) -> bool:
        """Whether others than the speaker are there."""
        return len(self.people) > 1

    @property
    def everything(self) -> bool:
        """Whether whatever is said is for her."""
        return self.manner == "always" or (self.manner == "solo" and not self.crowd)

    def meant(self, text: str, lines: Sequence[Line] = ()) -> bool:
        if self.manner == "quiet":
            return False
        return self.everything or any(self.means_her(line) for line in lines)

    def means_her(self, line: Line) -> bool:
        """Whether one line is for her, in company."""
        if self.named(line):
            return True
        if line.speaker.id != self._partner or not self._lately():
            return False
        others = [who.name for who in self.people.values() if who.id != line.speaker.id]
        return not names_her(line.text, others)

    def named(self, line: Line) -> bool:
        return names_her(line.text, (*self.names, *self.aliases), loosely=True)

    def answers(self, lines: Sequence[Line]) -> None:
        """She answers these lines: from now on she is in talk with whoever meant her."""
        meant = [line for line in lines if self.means_her(line)] or list(lines)
        if meant:
            self._partner = meant[-1].speaker.id

    def hold(self, lines: Sequence[Line]) -> float:
        """Seconds of everybody's silence that end a turn of these lines, at least."""
        if not self.crowd or not lines or self.named(lines[-1]):
            return 0.0
        return self.gap

    def tuning(self, tuning: Tuning) -> Tuning:
        if self.everything:
            return tuning
        return replace(tuning, insist_after=INSIST_IN_COMPANY)

    def _lately(self) -> bool:
        if self.speaking:
            return True
        return self._spoke is not None and self.clock() - self._spoke <= self.lasts
