"""One stay of the bot in a call: what it was sent, its keys, and what the group waits for."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable
from typing import Any, TypeVar

from aiohttp import web

from tests.support.discord import dave
from tests.support.discord.mls import Reader
from tests.support.discord.world import Json

T = TypeVar("T")
_ssrcs = itertools.count(7001)
ANNOUNCED, WELCOME, PROPOSALS, EXECUTE = 29, 30, 27, 22
#: How long a client may take to answer before the call goes on without it, seconds.
PATIENCE = 30.0


class VoiceSession:
    def __init__(self, socket: web.WebSocketResponse, user: int, group: dave.Group) -> None:
        self.socket = socket
        self.user = user
        self.ssrc = next(_ssrcs)
        self.mode = ""
        self.key = b""
        self.can_dave = 0
        self.received: list[tuple[int, Json]] = []
        """What the bot sent, but for heartbeats and MLS: op and data."""
        self.described = False
        """It has its keys."""
        self.admitted = False
        """It is in the encrypted group, too."""
        self._group = group
        self._sent: list[tuple[int, Json | bytes]] = []
        self._taken: dict[int, asyncio.Future[bool]] = {}
        self._commits: asyncio.Queue[bytes] = asyncio.Queue()
        self._gone = asyncio.Event()

    @property
    def closed(self) -> bool:
        return self._gone.is_set()

    def said(self, op: int) -> list[Json]:
        """Every message of this kind."""
        return [data for kind, data in self.received if kind == op]

    # ── messages ─────────────────────────────────────────────────────────────────────────────

    async def send(self, op: int, data: Any) -> None:
        number = len(self._sent)
        told = {"op": op, "d": data, "seq": number}
        self._sent.append((number, told))
        await self._put(told)

    async def send_binary(self, op: int, data: bytes) -> None:
        number = len(self._sent)
        told = number.to_bytes(2, "big") + bytes([op]) + data
        self._sent.append((number, told))
        await self._put(told)

    async def _put(self, told: Json | bytes) -> None:
        if self.socket.closed:
            return
        with contextlib.suppress(ConnectionError):  # it is told when it resumes
            if isinstance(told, bytes):
                await self.socket.send_bytes(told)
            else:
                await self.socket.send_json(told)

    async def resume(self, socket: web.WebSocketResponse, acknowledged: int) -> None:
        """Go on over a new socket; what was not acknowledged is said again."""
        self.socket = socket
        self._gone.clear()
        for number, told in self._sent:
            if number > acknowledged:
                await self._put(told)

    async def close(self, code: int) -> None:
        await self.socket.close(code=code)

    async def hang_up(self) -> None:
        """End the connection without a word, as a network does."""
        if self.socket._req is not None and self.socket._req.transport is not None:
            self.socket._req.transport.abort()

    def gone(self, socket: web.WebSocketResponse) -> None:
        """This socket is closed."""
        if socket is self.socket:
            self._gone.set()

    # ── the group's client ───────────────────────────────────────────────────────────────────

    async def propose(self, proposals: bytes) -> None:
        await self.send_binary(PROPOSALS, b"\0" + proposals)

    async def announce(self, transition: int, commit: bytes) -> None:
        await self.send_binary(ANNOUNCED, transition.to_bytes(2, "big") + commit)

    async def greet(self, transition: int, welcome: bytes) -> None:
        await self.send_binary(WELCOME, transition.to_bytes(2, "big") + welcome)

    async def execute(self, transition: int) -> None:
        await self.send(EXECUTE, {"transition_id": transition})

    def committed(self, data: bytes) -> None:
        self._commits.put_nowait(data)

    async def its_commit(self) -> bytes:
        while True:
            data = await self._unless_gone(self._commits.get())
            read = Reader(data)
            read.take(4)
            read.vector()
            if read.number(8) == self._group.epoch:  # an older one lost against somebody else's
                return data

    def took(self, transition: int, *, well: bool = True) -> None:
        future = self._future(transition)
        if not future.done():
            future.set_result(well)

    async def ready(self, transition: int) -> bool:
        return await self._unless_gone(self._future(transition))

    def _future(self, transition: int) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        return self._taken.setdefault(transition, loop.create_future())

    async def _unless_gone(self, awaited: Awaitable[T]) -> T:
        wanted = asyncio.ensure_future(awaited)
        left = asyncio.create_task(self._gone.wait())
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait([wanted, left], return_when=asyncio.FIRST_COMPLETED)
            if not wanted.done():
                raise dave.Gone
            return wanted.result()
        finally:
            wanted.cancel()
            left.cancel()
