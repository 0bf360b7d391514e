"""Whom MIA listens to, and when: hands-free, while a key is held, or when she is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mia.conversation.naming import names_her
from mia.conversation.ports import InputMode
from mia.conversation.speakers import Line
from mia.conversation.tuning import Tuning


@dataclass(slots=True)
class Attention:
    """What MIA lets in. `names`: what she answers to; `lasts`: seconds after her last word in
    which she still feels meant without being named."""

    clock: Callable[[], float]
    names: Sequence[str]
    lasts: float
    mode: InputMode = "hands-free"
    pressed: bool = False
    muted: bool = False
    paused: bool = False
    _spoke: float | None = None
    """When she was heard last."""

    @property
    def open(self) -> bool:
        """Whether sound is listened to at all."""
        if self.muted or self.paused:
            return False
        return self.mode != "push-to-talk" or self.pressed

    def spoke(self) -> None:
        """MIA was heard until now."""
        self._spoke = self.clock()

    def tuning(self, tuning: Tuning) -> Tuning:
        """The engine's numbers as they suit whoever is there."""
        return tuning

    def meant(self, text: str, lines: Sequence[Line] = ()) -> bool:
        """Whether these words are for her; `lines`: who said what of them, in company."""
        if self.mode != "wake-name":
            return True
        recent = self._spoke is not None and self.clock() - self._spoke <= self.lasts
        return recent or names_her(text, self.names)
