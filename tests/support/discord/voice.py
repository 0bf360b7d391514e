"""A voice server: who is in the call, its websocket (voice gateway v8), and the packets between.

What people say is encrypted end to end by them, sealed for the bot here, and carried over a wire
that may be bad. What the bot says is opened here and handed to everybody.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from tests.support.discord import dave, udp
from tests.support.discord.bell import Bell
from tests.support.discord.people import Person
from tests.support.discord.transport import MODES, Broken, Rtp, seal, unseal
from tests.support.discord.voice_session import VoiceSession
from tests.support.discord.wire import ROUND_TRIP, Wire
from tests.support.discord.world import Channel, Json, User

IDENTIFY, SELECT, READY, HEARTBEAT, DESCRIPTION, SPEAKING = 0, 1, 2, 3, 4, 5
BEAT, RESUME, HELLO, RESUMED, CONNECTED, DISCONNECTED = 6, 7, 8, 9, 11, 13
PREPARE, EXECUTE, TAKEN, EPOCH, SENDER, KEYS, PROPOSALS, COMMIT = 21, 22, 23, 24, 25, 26, 27, 28
INVALID = 31


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet of the bot's. at: loop time."""

    at: float
    packet: Rtp


class VoiceServer:
    def __init__(
        self, endpoint: str, channel: Channel, bot: User, version: int, bell: Bell
    ) -> None:
        """version: of DAVE in this call; 0: none."""
        self.endpoint = endpoint
        self.bell = bell
        self.channel = channel
        self.bot = bot
        self.version = version
        self.required = False
        """Whether who cannot do DAVE is turned away (4017)."""
        self.modes: tuple[str, ...] = MODES
        self.tokens: dict[str, str] = {}
        """By session id: the token it may come with."""
        self.refusals: list[int] = []
        """Close codes for the next ones to identify, or resume."""
        self.people: dict[int, Person] = {}
        self.group = dave.Group(channel.id)
        self.wire = Wire()
        self.nat: float | None = None
        """Seconds after the bot's last packet until nothing reaches it any more."""
        self.arrivals: list[Arrival] = []
        self.unopened = 0
        """Packets of the bot's that were not sealed right."""
        self.client: VoiceSession | None = None
        self.identified = 0
        self.resumed = 0
        self.changes: asyncio.TaskGroup | None = None
        """Where changes of the group run that the bot begins."""
        self._spoke: float = 0.0
        self._counter = 0

    async def open(self) -> None:
        self.udp = await udp.opened(self._received)

    async def close(self) -> None:
        if self.client is not None:
            await self.client.close(1000)
        self.udp.close()

    @property
    def here(self) -> VoiceSession:
        """The bot. It has to be in the call."""
        assert self.client is not None, "the bot is not in this call"
        return self.client

    # ── people ───────────────────────────────────────────────────────────────────────────────

    async def admit(self, person: Person) -> None:
        """Somebody comes in; when this returns, they can be understood."""
        self.people[person.user.id] = person
        person.voice = self
        if self.client is not None:
            await self.client.send(CONNECTED, {"user_ids": [str(person.user.id)]})
        if self.version:
            await self.group.change(add=self._keys([person]))

    async def dismiss(self, person: Person) -> None:
        del self.people[person.user.id]
        person.voice = None
        self.group.sessions.pop(person.user.id, None)
        if self.client is not None:
            await self.client.send(DISCONNECTED, {"user_id": str(person.user.id)})
        await self.group.change(remove=[person.user.id])

    def _keys(self, people: list[Person]) -> dict[int, bytes]:
        packages = {}
        for person in people:
            session = person.encryption(person.user.id, self.channel.id, self.group.sender)
            self.group.sessions[person.user.id] = session
            packages[person.user.id] = session.key_package
        return packages

    def protected(self, person: Person, frame: bytes) -> bytes:
        """The frame as this person sends it: end to end encrypted where the call is."""
        if not self.version or frame == dave.SILENCE:
            return frame
        return self.group.sessions[person.user.id].encrypt(frame, person.ssrc)

    def opened(self, person: Person, frame: bytes) -> bytes | None:
        """A frame of the bot's as this person gets it out; None: they cannot."""
        if frame == dave.SILENCE or not self.version:
            return frame
        return self.group.sessions[person.user.id].decrypt(self.bot.id, frame)

    async def speaking(self, person: Person, on: bool = True) -> None:
        """Tell the bot whose SSRC it is (op 5)."""
        if self.client is not None:
            told = {"user_id": str(person.user.id), "ssrc": person.ssrc, "speaking": int(on)}
            await self.client.send(SPEAKING, told)

    # ── packets ──────────────────────────────────────────────────────────────────────────────

    def relay(self, packet: Rtp) -> bool:
        """Seal a packet for the bot and put it on the wire; whether it will arrive."""
        client = self.client
        if client is None or not client.key:
            return False
        self._counter += 1
        return self.send(seal(packet, client.mode, client.key, self._counter))

    def send(self, datagram: bytes) -> bool:
        """Put any bytes on the wire to the bot."""
        client = self.client
        address = self.udp.discovered.get(client.ssrc) if client else None
        if address is None:
            return False
        if self.nat is not None and asyncio.get_running_loop().time() - self._spoke > self.nat:
            return False
        return self.wire.carry(datagram, lambda data: self.udp.send(data, address))

    def _received(self, data: bytes, address: udp.Address) -> None:
        client = self.client
        if client is None or self.udp.discovered.get(client.ssrc) != address:
            return
        self._spoke = asyncio.get_running_loop().time()
        if len(data) <= 8:  # a keep-alive
            return
        try:
            packet = unseal(data, client.mode, client.key)
        except Broken:
            self.unopened += 1
            self.bell.ring()
            return
        self.arrivals.append(Arrival(self._spoke, packet))
        for person in self.people.values():
            if person.listens:
                person.take(packet, self.opened(person, packet.payload))
        self.bell.ring()

    # ── encryption that comes and goes ───────────────────────────────────────────────────────

    async def downgrade(self) -> None:
        """Go on without end-to-end encryption (ops 21 and 22), as when an old client joins."""
        transition = self.group.next_transition()
        await self.here.send(PREPARE, {"transition_id": transition, "protocol_version": 0})
        await self.here.ready(transition)
        self.version = 0
        await self.here.execute(transition)

    async def upgrade(self) -> None:
        """Encrypt again, with a new group (op 24)."""
        await self.group.change(remove=list(self.group.members))
        self.group.sessions.clear()
        await self.group.change(add=self._keys(list(self.people.values())))
        self.here.admitted = False
        await self.here.send(EPOCH, {"protocol_version": dave.VERSION, "epoch": 1})
        await self.here.send_binary(SENDER, self.group.sender.package)
        await self.bell.until(lambda: self.here.admitted)
        self.version = dave.VERSION

    # ── the bot's websocket ──────────────────────────────────────────────────────────────────

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"v": 8, "heartbeat_interval": 13_750}})
        session: VoiceSession | None = None
        async with asyncio.TaskGroup() as self.changes:
            async for received in socket:
                if received.type is WSMsgType.BINARY and session is not None:
                    self._binary(session, received.data[0], received.data[1:])
                elif received.type is WSMsgType.TEXT:
                    said = json.loads(received.data)
                    session = await self._text(socket, session, said["op"], said["d"])
            if session is not None:
                session.gone(socket)
                self.bell.ring()
        return socket

    async def _text(
        self, socket: web.WebSocketResponse, session: VoiceSession | None, op: int, data: Json
    ) -> VoiceSession | None:
        if op == IDENTIFY:
            return await self._identify(socket, data)
        if op == RESUME:
            return await self._resume(socket, data)
        if op == HEARTBEAT:
            await asyncio.sleep(ROUND_TRIP)
            await socket.send_json({"op": BEAT, "d": {"t": data["t"]}})
        elif session is not None:
            session.received.append((op, data))
            self.bell.ring()
            if op == SELECT:
                await self._describe(session, data["data"]["mode"])
            elif op == TAKEN:
                session.took(data["transition_id"])
            elif op == INVALID:
                session.took(data["transition_id"], well=False)
        return session

    async def _refused(self, socket: web.WebSocketResponse, data: Json) -> bool:
        if self.refusals:
            await socket.close(code=self.refusals.pop(0))
        elif data["session_id"] not in self.tokens:
            await socket.close(code=4006, message=b"Session is no longer valid.")
        elif self.tokens[data["session_id"]] != data["token"]:
            await socket.close(code=4004, message=b"Authentication failed.")
        elif self.required and data.get("max_dave_protocol_version", 1) == 0:
            await socket.close(code=4017, message=b"E2EE/DAVE protocol required")
        return socket.closed

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> VoiceSession | None:
        if await self._refused(socket, data):
            return None
        self.identified += 1
        await self.bot_left()
        self.client = session = VoiceSession(socket, self.bot.id, self.group)
        session.can_dave = data.get("max_dave_protocol_version", 0)
        ready = {"ssrc": session.ssrc, "ip": "127.0.0.1", "port": self.udp.port}
        await session.send(READY, ready | {"modes": list(self.modes), "experiments": []})
        return session

    async def _describe(self, session: VoiceSession, mode: str) -> None:
        session.mode, session.key = mode, secrets.token_bytes(32)
        version = min(self.version, session.can_dave)
        described = {"mode": mode, "secret_key": list(session.key), "audio_codec": "opus"}
        await session.send(DESCRIPTION, described | {"dave_protocol_version": version})
        if version:
            self.group.client = session
            await session.send_binary(SENDER, self.group.sender.package)
        await session.send(CONNECTED, {"user_ids": [str(user) for user in self.people]})
        session.described = True
        self.bell.ring()

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> VoiceSession | None:
        if await self._refused(socket, data):
            return None
        if self.client is None:
            await socket.close(code=4006, message=b"Session is no longer valid.")
            return None
        self.resumed += 1
        await socket.send_json({"op": RESUMED, "d": None})
        await self.client.resume(socket, data.get("seq_ack", -1))
        return self.client

    def _binary(self, session: VoiceSession, op: int, data: bytes) -> None:
        if op == KEYS:
            assert self.changes is not None
            self.changes.create_task(self._join_group(session, data))
        elif op == COMMIT:
            session.committed(data)

    async def _join_group(self, session: VoiceSession, key_package: bytes) -> None:
        self.group.client = session
        await self.group.change(remove=[self.bot.id], add={self.bot.id: key_package})
        session.admitted = True
        self.bell.ring()

    async def bot_left(self) -> None:
        """The bot is out of this call."""
        left, self.client, self.group.client = self.client, None, None
        if left is not None:
            left.gone(left.socket)
            await self.group.change(remove=[self.bot.id])
