"""The main gateway (v10): who logs in, what they are told, and what they ask for."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import discord
from aiohttp import WSMsgType, web

from tests.support.discord.bell import Bell
from tests.support.discord.wire import ROUND_TRIP
from tests.support.discord.world import Guild, Json, new_id

DISPATCH, HEARTBEAT, IDENTIFY, VOICE_STATE, RESUME, RECONNECT = 0, 1, 2, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACKNOWLEDGED = 8, 9, 10, 11
RESUME_HOST = "gateway-resume.discord.gg"


@dataclass
class Session:
    id: str = field(default_factory=lambda: f"session-{new_id()}")
    told: list[Json] = field(default_factory=list)
    """Every dispatch, in order; the n-th has the sequence number n + 1."""


class Gateway:
    """One client at a time. tokens: which are good."""

    def __init__(self, guild: Guild, tokens: set[str], bell: Bell) -> None:
        self.guild = guild
        self._bell = bell
        self.tokens = tokens
        self.privileged = discord.Intents.all().value
        """Intents that were switched on for the bot; others end in 4014."""
        self.received: list[Json] = []
        """Everything the client sent but its heartbeats."""
        self.heartbeats = 0
        self.logins = 0
        self.resumes = 0
        self.on_voice_state: Callable[[Json], Awaitable[None]] | None = None
        """What is to be done when the client wants into a voice channel, or out."""
        self._session: Session | None = None
        self._socket: web.WebSocketResponse | None = None
        self._ready = asyncio.Event()

    @property
    def session(self) -> str:
        assert self._session is not None, "nobody has logged in"
        return self._session.id

    async def ready(self) -> None:
        """Wait until the client has logged in."""
        await self._ready.wait()

    # ── what tests make happen ───────────────────────────────────────────────────────────────

    async def dispatch(self, event: str, data: Json) -> None:
        """Tell the client; one that is away is told when it resumes."""
        if self._session is None:
            return
        told = {
            "op": DISPATCH,
            "t": event,
            "s": len(self._session.told) + 1,
            "d": data,
        }
        self._session.told.append(told)
        await self._send(told)

    async def reconnect(self) -> None:
        """Ask the client to connect anew and resume (op 7)."""
        await self._send({"op": RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool) -> None:
        if not resumable:
            self._session = None
        await self._send({"op": INVALID_SESSION, "d": resumable})

    async def close(self, code: int) -> None:
        if self._socket is not None:
            await self._socket.close(code=code)

    async def hang_up(self) -> None:
        """End the connection without a word, as a network does."""
        if self._socket is not None and (connection := self._socket._req) is not None:
            transport = connection.transport
            if transport is not None:
                transport.abort()

    # ── the connection ───────────────────────────────────────────────────────────────────────

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
        async for received in socket:
            if received.type is not WSMsgType.TEXT:
                continue
            said = json.loads(received.data)
            if said["op"] == HEARTBEAT:
                self.heartbeats += 1
                await asyncio.sleep(ROUND_TRIP)
                await socket.send_json({"op": ACKNOWLEDGED})
                continue
            self.received.append(said)
            self._bell.ring()
            await self._answer(socket, said["op"], said["d"])
        if self._socket is socket:
            self._socket = None
        return socket

    async def _answer(self, socket: web.WebSocketResponse, op: int, data: Any) -> None:
        if op == IDENTIFY:
            await self._identify(socket, data)
        elif op == RESUME:
            await self._resume(socket, data)
        elif op == VOICE_STATE and self.on_voice_state is not None:
            await self.on_voice_state(data)
        elif op == REQUEST_MEMBERS:
            await self._members(data)

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        if data["token"] not in self.tokens:
            await socket.close(code=4004, message=b"Authentication failed.")
            return
        if data["intents"] & ~self.privileged:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
            return
        self.logins += 1
        self._session, self._socket = Session(), socket
        bot = self.guild.bot
        await self.dispatch(
            "READY",
            {
                "v": 10,
                "user": bot.user() | {"verified": True, "mfa_enabled": False, "email": None},
                "guilds": [{"id": str(self.guild.id), "unavailable": True}],
                "session_id": self._session.id,
                "resume_gateway_url": f"wss://{RESUME_HOST}",
                "application": {"id": str(bot.id), "flags": 0},
            },
        )
        await self.dispatch("GUILD_CREATE", self.guild.payload())
        self._ready.set()

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> None:
        if data["token"] not in self.tokens:
            await socket.close(code=4004, message=b"Authentication failed.")
            return
        if self._session is None or data["session_id"] != self._session.id:
            await socket.send_json({"op": INVALID_SESSION, "d": False})
            return
        self.resumes += 1
        self._bell.ring()
        self._socket = socket
        for told in self._session.told[data["seq"] :]:
            await socket.send_json(told)
        await self.dispatch("RESUMED", {})

    async def _members(self, data: Json) -> None:
        asked = data.get("user_ids")
        wanted = {int(user) for user in asked} if asked else set(self.guild.members)
        found = [user.member() for user in self.guild.members.values() if user.id in wanted]
        await self.dispatch(
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": str(self.guild.id),
                "members": found,
                "chunk_index": 0,
                "chunk_count": 1,
                "nonce": data.get("nonce"),
            },
        )

    async def _send(self, said: Json) -> None:
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(ConnectionError):  # it is told when it resumes
                await self._socket.send_json(said)
