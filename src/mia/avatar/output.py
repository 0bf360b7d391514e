"""The port of everything that shows MIA's face: one module each in `outputs`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mia.avatar.frame import Face
from mia.errors import MiaError

Status = Literal["off", "searching", "waiting", "connected", "failed"]


@dataclass(frozen=True, slots=True)
class OutputState:
    """How an output is doing, for the panel and `mia doctor`."""

    status: Status
    """waiting: for the user, who has to allow something on the other side."""
    problem: MiaError | None = None
    """What to do about it, in the user's words, where there is something."""
    details: dict[str, object] = field(default_factory=dict)
    """What else is worth showing (the model's name, hotkeys, frames sent); plain data."""


class Shows(Protocol):
    """Whatever a face can be shown on."""

    async def run(self, face: Face) -> None:
        """Show her until cancelled. Whoever is on the other side may come and go: that is shown
        in `state` and tried again without noise, never raised. Leaves no task and no socket, and
        the avatar's eyes open and mouth closed."""
        ...


class AvatarOutput(Shows, Protocol):
    """Shows frames somewhere. Built by its backend's `load`, which must not connect yet.

    An option `enabled` says whether it is wanted at all: true, false, or "auto", which is to show
    her where the other side is there and to say nothing where it is not."""

    changed: Callable[[], None]
    """Called when `state` has another status or problem; set by who runs it."""

    @property
    def state(self) -> OutputState: ...

    async def look(self) -> OutputState:
        """A look of a few seconds at whether it would work, without disturbing anybody."""
        ...


class Shown:
    """The part of an `AvatarOutput` that is the same in all of them: its state is kept and told."""

    def __init__(self) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._status: Status = "off"
        self._problem: MiaError | None = None

    @property
    def state(self) -> OutputState:
        return OutputState(self._status, self._problem, self._details())

    def _details(self) -> dict[str, object]:
        return {}

    def _show(self, status: Status, problem: MiaError | None = None) -> None:
        before = (self._status, self._problem and self._problem.code)
        self._status, self._problem = status, problem
        if before != (status, problem and problem.code):
            self.changed()
