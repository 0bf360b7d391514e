"""Her face while she talks. A stand-in that only looks ahead, until the real one is merged."""

from __future__ import annotations

from collections.abc import Callable

from mia.avatar.frame import Frame
from mia.telemetry.events import EventBus


class LiveFace:
    """A `Face` at rest."""

    def __init__(
        self,
        bus: EventBus,
        playhead: Callable[[], tuple[str, float] | None],
        *,
        seed: int | None,
        conversation: str,
    ) -> None:
        del bus, playhead, seed, conversation

    @property
    def lively(self) -> bool:
        return False

    def frame(self, at: float) -> Frame:
        return Frame(at=at)
