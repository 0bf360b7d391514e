"""The engine's timers: one of each name at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mia.conversation.moves import Timer


class Timers:
    """`elapsed` is told of each that runs out."""

    def __init__(self, elapsed: Callable[[Timer], None]) -> None:
        self._elapsed = elapsed
        self._running: dict[Timer, asyncio.TimerHandle] = {}

    def wake(self, timer: Timer, at: float) -> None:
        """Run this one out at loop time `at`, instead of when it was to."""
        self.forget(timer)
        loop = asyncio.get_running_loop()
        self._running[timer] = loop.call_at(at, self._out, timer)

    def forget(self, timer: Timer) -> None:
        if running := self._running.pop(timer, None):
            running.cancel()

    def close(self) -> None:
        for timer in tuple(self._running):
            self.forget(timer)

    def _out(self, timer: Timer) -> None:
        self._running.pop(timer, None)
        self._elapsed(timer)
