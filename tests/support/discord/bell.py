"""Waiting for what the pretend Discord sees, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Bell:
    """Rung at whatever happens; who waits looks whether it was what they waited for."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def until(self, so: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until it is so. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not so():
                await self._rung.wait()
