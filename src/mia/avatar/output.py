"""The port of everything that shows MIA's face: one module each in `outputs`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from mia.avatar.frame import Face
from mia.errors import MiaError


@dataclass(frozen=True, slots=True)
class OutputState:
    """How an output is doing, for the panel and `mia doctor`."""

    status: Literal["off", "searching", "waiting", "connected", "failed"]
    """waiting: for the user, who has to allow something on the other side."""
    problem: MiaError | None = None
    """What to do about it, in the user's words, where there is something."""
    details: dict[str, object] = field(default_factory=dict)
    """What else is worth showing (the model's name, hotkeys, frames sent); plain data."""


class AvatarOutput(Protocol):
    """Shows frames somewhere. Built by its backend's `load`, which must not connect yet."""

    @property
    def state(self) -> OutputState: ...

    async def run(self, face: Face) -> None:
        """Show her until cancelled. Whoever is on the other side may come and go: that is shown
        in `state` and tried again without noise, never raised. Leaves no task and no socket, and
        the avatar's eyes open and mouth closed."""
        ...
