"""One session's way out: bounded, never waited for by those who put into it."""

from __future__ import annotations

import asyncio
from collections import deque

from mia.channels.realtime.talk import Socket

#: About a minute of sound. A reader that falls this far behind cannot follow a conversation.
MAX_BYTES = 4 * 1024 * 1024
MAX_MESSAGES = 2048


class Outgoing:
    """Messages on their way to one client, in order.

    When the client reads too slowly and the bounds are passed, everything is dropped and
    `overflowed` is set: the session then ends, whoever talks on is not held up.
    """

    def __init__(self, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._messages: deque[str] = deque()
        self._bytes = 0
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._arrived = asyncio.Event()
        self.overflowed = asyncio.Event()

    def put(self, message: str) -> None:
        """Queue one message; after an overflow it is dropped."""
        if self.overflowed.is_set():
            return
        self._messages.append(message)
        self._bytes += len(message)
        if len(self._messages) > self._max_messages or self._bytes > self._max_bytes:
            self._messages.clear()
            self._bytes = 0
            self.overflowed.set()
            return
        self._arrived.set()

    async def pump(self, socket: Socket) -> None:
        """Send everything as fast as the client reads, for ever. Raises Disconnected."""
        while True:
            while self._messages:
                message = self._messages.popleft()
                self._bytes -= len(message)
                await socket.send(message)
            self._arrived.clear()
            await self._arrived.wait()

    async def flush(self, socket: Socket) -> None:
        """Send what is queued now. Raises Disconnected."""
        while self._messages:
            await socket.send(self._messages.popleft())
