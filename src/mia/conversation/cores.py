"""Who may use the processor next: one arbiter for all model work of the process.

Two cores are the machine MIA is made for, and every engine would use both. Nothing begins while
something more important than it runs, and of one rank at most two run at a time. Work that has
begun is not taken back (engines cannot stop in mid-step), so what is more important begins beside
it. The mind is the exception: it writes for seconds, and others may work beside it meanwhile.

Sound itself never asks: capture, voice detection and playing are far too short to wait.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

#: Ranks, the most important first.
FIRST_CLAUSE, WRITING, FINAL_STT, SPECULATION, LATER_CLAUSE, BACKGROUND = range(6)

AT_ONCE = 2


class Cores:
    """Hands out turns on the processor. For one event loop."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._running: list[int] = []
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = itertools.count()

    @asynccontextmanager
    async def claim(self, rank: int) -> AsyncGenerator[None, None]:
        """Do work of this rank, as soon as nothing more important is in the way."""
        if self._waiting or not self._free(rank):
            turn = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (rank, next(self._count), turn))
            self._admit()
            try:
                await turn
            except asyncio.CancelledError:
                if turn.cancelled():
                    self._waiting = [entry for entry in self._waiting if entry[2] is not turn]
                    heapq.heapify(self._waiting)
                    self._admit()
                else:
                    self._leave(rank)
                raise
        else:
            self._running.append(rank)
        try:
            yield
        finally:
            self._leave(rank)

    def _leave(self, rank: int) -> None:
        self._running.remove(rank)
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._free(self._waiting[0][0]):
            rank, _, turn = heapq.heappop(self._waiting)
            if not turn.cancelled():
                self._running.append(rank)
                turn.set_result(None)

    def _free(self, rank: int) -> bool:
        alike = sum(other == rank for other in self._running)
        return alike < self._at_once and all(
            other >= rank or other == WRITING for other in self._running
        )
