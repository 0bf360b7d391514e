"""What can wait until nobody talks: the end of an interrupted forgetting, and the daily copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from mia.blocking import Worker, run_blocking
from mia.mind.memory import forgetting, keeping
from mia.mind.memory.journal import FILE, Journal

#: Seconds from one look to the next: what failed now fails in a minute too, and somebody who
#: forgets one line may forget another.
PAUSE = 600.0


class Tidying:
    """writer: the journal's thread. idle: returns once nobody is talking. now: Unix seconds."""

    def __init__(
        self,
        folder: Path,
        writer: Worker,
        idle: Callable[[], Awaitable[object]],
        now: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._writer = writer
        self._idle = idle
        self._now = now
        self._next = 0.0

    async def look(self, journal: Journal) -> None:
        """Raises MiaError `memory.forget_unfinished`, OSError, sqlite3.Error."""
        if 0 < self._next - self._now() <= PAUSE:  # beyond it, the clock was set back
            return
        self._next = self._now() + PAUSE
        await self._idle()
        await self._writer.run(forgetting.finish, journal)
        await self._idle()
        await run_blocking(keeping.copy, self._folder / FILE, self._now())
