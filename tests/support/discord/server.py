"""The pretend Discord as a whole: one TLS server on loopback, and the door a client takes to it.

    async with Discord() as discord:
        client = discord.Client(connector=discord.connector(), ...)

No part of discord.py is changed. Its connector asks our resolver, which knows Discord's hosts
only (they are this server) and fails for every other name.
"""

from __future__ import annotations

import functools
import itertools
import re
import socket
import ssl
from types import TracebackType
from typing import Any

import aiohttp
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.support.discord.bell import Bell
from tests.support.discord.gateway import RESUME_HOST, Gateway
from tests.support.discord.interactions import Interactions
from tests.support.discord.people import Person
from tests.support.discord.rest import Rest, rest_direct
from tests.support.discord.voice import VoiceServer
from tests.support.discord.world import TEXT, Channel, Guild, Json, User, message, new_id

TOKEN = "a-token-of-nobody"
HOSTS = ("discord.com", "gateway.discord.gg", RESUME_HOST)
MEDIA = ".discord.media"


@functools.cache
def authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def certificate() -> trustme.LeafCert:
    return authority().issue_cert(*HOSTS, f"*{MEDIA}")


class Resolver(AbstractResolver):
    """Discord's hosts are here; no other is anywhere."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.refused: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in HOSTS and not host.endswith(MEDIA):
            self.refused.append(host)
            raise OSError(None, f"{host} is not on this loopback")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None: ...


class Discord(Interactions):
    """A guild in which a bot may live. dave: the version of end-to-end encryption in calls."""

    def __init__(self, *, dave: int = 1, bot: str = "MIA") -> None:
        self.dave = dave
        self.required = False
        """Whether calls turn away who cannot do DAVE."""
        self.modes: tuple[str, ...] | None = None
        """Transport encryptions that voice servers offer; None: all."""
        tokens = {TOKEN}
        self.guild = Guild(User(bot, bot=True))
        self.bell = Bell()
        self.until = self.bell.until
        self.gateway = Gateway(self.guild, tokens, self.bell)
        self.rest = Rest(self.guild, self.gateway, tokens, self.bell)
        self.tokens = tokens
        self.token = TOKEN
        self.gateway.on_voice_state = self._voice_state
        self.servers: dict[str, VoiceServer] = {}
        """By endpoint; those that were moved away from, too."""
        self._of_channel: dict[int, VoiceServer] = {}
        self._flags: Json = {}
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Discord:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate().configure_cert(context)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        self.resolver = Resolver(self._runner.addresses[0][1])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in self.servers.values():
            await server.close()
        await self.gateway.close(1001)
        await self._runner.cleanup()

    def connector(self) -> aiohttp.TCPConnector:
        """What a client is to connect through: this authority, these hosts, nothing else."""
        trust = ssl.create_default_context()
        authority().configure_trust(trust)
        return aiohttp.TCPConnector(ssl=trust, resolver=self.resolver)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        host = (request.host or "").split(":")[0]
        if host == "discord.com":
            return await self.rest.serve(request)
        if host in HOSTS:
            return await self.gateway.serve(request)
        return await self.servers[host].serve(request)

    # ── calls ────────────────────────────────────────────────────────────────────────────────

    @property
    def voice(self) -> VoiceServer:
        """The voice server of the channel the bot is in."""
        channel = self.guild.where.get(self.guild.bot.id)
        assert channel is not None, "the bot is in no voice channel"
        return self._of_channel[channel.id]

    async def call(self, channel: Channel | None = None) -> VoiceServer:
        """The voice server of a channel (the first one), running."""
        channel = channel or self.guild.voice
        if channel.id not in self._of_channel:
            await self._new_server(channel)
        return self._of_channel[channel.id]

    async def _new_server(self, channel: Channel) -> VoiceServer:
        endpoint = f"madrid{next(self._numbers)}{MEDIA}"
        # Stages are the one place where calls are not encrypted end to end.
        version = 0 if channel is self.guild.stage else self.dave
        server = VoiceServer(endpoint, channel, self.guild.bot, version, self.bell)
        server.required = self.required
        server.modes = self.modes or server.modes
        await server.open()
        self.servers[endpoint] = self._of_channel[channel.id] = server
        return server

    async def bot_joined(self, channel: Channel | None = None) -> VoiceServer:
        """Wait until the bot is in a call and has its keys."""
        channel = channel or self.guild.voice

        def settled() -> bool:
            if self.guild.where.get(self.guild.bot.id) is not channel:
                return False
            client = self.voice.client
            if client is None or not client.described or client.closed:
                return False
            return client.admitted or not self.voice.version

        await self.until(settled)
        return self.voice

    def person(self, name: str, *, bot: bool = False, **how: Any) -> Person:
        """A member of the guild, outside of any call."""
        user = User(name, bot=bot)
        self.guild.members[user.id] = user
        return Person(user, **how)

    async def join(
        self, person: Person | str, channel: Channel | None = None, **how: Any
    ) -> Person:
        """Somebody comes into a voice channel."""
        if isinstance(person, str):
            person = self.person(person, **how)
        channel = channel or self.guild.voice
        self.guild.where[person.id] = channel
        await self._tell_voice_state(person.user)
        await (await self.call(channel)).admit(person)
        return person

    async def leave(self, person: Person) -> None:
        server = person.voice
        assert server is not None, f"{person.name} is in no call"
        del self.guild.where[person.id]
        await self._tell_voice_state(person.user)
        await server.dismiss(person)

    async def rename(self, person: Person, nick: str) -> None:
        person.user.nick = nick
        told = person.user.member() | {"guild_id": str(self.guild.id)}
        await self.gateway.dispatch("GUILD_MEMBER_UPDATE", told)

    async def kick_bot(self) -> None:
        """Somebody throws the bot out of the channel."""
        server = self.voice
        del self.guild.where[self.guild.bot.id]
        await self._tell_voice_state(self.guild.bot)
        await server.here.close(4014)
        await server.bot_left()

    async def drag_bot(self, channel: Channel) -> None:
        """Somebody moves the bot to another channel."""
        old = self.voice
        self.guild.where[self.guild.bot.id] = channel
        await self._tell_voice_state(self.guild.bot)
        await self._offer(await self.call(channel))
        await old.here.close(4014)
        await old.bot_left()

    async def move_server(self) -> VoiceServer:
        """The call goes on on another voice server: new endpoint, new keys, a new group."""
        old = self.voice
        new = await self._new_server(old.channel)
        people = list(old.people.values())
        old.people.clear()
        for person in people:
            await new.admit(person)
        await self._offer(new)
        await old.bot_left()
        return new

    async def _voice_state(self, asked: Json) -> None:
        bot = self.guild.bot
        self._flags = {"self_mute": asked["self_mute"], "self_deaf": asked["self_deaf"]}
        old = self.guild.where.get(bot.id)
        if asked["channel_id"] is None:
            if old is not None:
                del self.guild.where[bot.id]
                await self._tell_voice_state(bot)
                await self._of_channel[old.id].bot_left()
            return
        channel = self.guild.channels[int(asked["channel_id"])]
        if not (self.guild.may("view_channel", channel) and self.guild.may("connect", channel)):
            return  # as Discord does: no answer at all
        self.guild.where[bot.id] = channel
        await self._tell_voice_state(bot)
        server = await self.call(channel)
        if old is not None and old is not channel:
            await self._of_channel[old.id].bot_left()
        if server.client is None or server.client.socket.closed:
            await self._offer(server)
        self.bell.ring()

    async def _offer(self, server: VoiceServer) -> None:
        """Tell the bot where its call is (VOICE_SERVER_UPDATE)."""
        session = f"voice-{self.guild.bot.id}"
        server.tokens[session] = f"token-{new_id()}"
        await self.gateway.dispatch(
            "VOICE_SERVER_UPDATE",
            {
                "token": server.tokens[session],
                "guild_id": str(self.guild.id),
                "endpoint": f"{server.endpoint}:443",
            },
        )

    async def _tell_voice_state(self, user: User) -> None:
        flags = self._flags if user is self.guild.bot else {}
        state = self.guild.voice_state(user, f"voice-{user.id}", **flags)
        await self.gateway.dispatch("VOICE_STATE_UPDATE", state)

    # ── text ─────────────────────────────────────────────────────────────────────────────────

    async def message(
        self, person: Person, text: str, channel: Channel | None = None, **more: Any
    ) -> Json:
        """Somebody writes; whom `<@id>` names is mentioned."""
        named = {int(number) for number in re.findall(r"<@!?(\d+)>", text)}
        mentions = [
            user.user() | {"member": {k: v for k, v in user.member().items() if k != "user"}}
            for user in self.guild.members.values()
            if user.id in named
        ]
        made = message(
            person.user, channel or self.guild.text, self.guild, text, mentions=mentions, **more
        )
        await self.gateway.dispatch("MESSAGE_CREATE", made)
        return made

    async def direct_message(self, person: Person, text: str) -> Json:
        """Somebody writes to the bot alone."""
        payload = rest_direct(self.rest, person.user)
        channel = self.rest.direct[int(payload["id"])]
        await self.gateway.dispatch("CHANNEL_CREATE", payload)
        made = message(person.user, channel, None, text, channel_type=1)
        await self.gateway.dispatch("MESSAGE_CREATE", made)
        return made

    # ── trouble ──────────────────────────────────────────────────────────────────────────────

    async def revoke_token(self) -> None:
        """The token is no longer good, for anything."""
        self.tokens.clear()
        await self.gateway.close(4004)

    async def deny(self, *permissions: str, channel: Channel | None = None) -> None:
        """Take permissions (discord.py's names) from MIA, everywhere or in one channel."""
        gone = dict.fromkeys(permissions, True)
        if channel is not None:
            channel.denied.update(**gone)
            shown = channel.payload(self.guild)
            await self.gateway.dispatch("CHANNEL_UPDATE", shown)
        else:
            self.guild.permissions.update(**dict.fromkeys(permissions, False))
            told = {"guild_id": str(self.guild.id), "role": self.guild.role_payload()}
            await self.gateway.dispatch("GUILD_ROLE_UPDATE", told)

    def voice_text(self) -> list[Json]:
        """What the bot wrote into text channels."""
        return [m for m in self.rest.messages if self._kind(m) == TEXT]

    def _kind(self, made: Json) -> int:
        channel = self.guild.channels.get(int(made["channel_id"]))
        return channel.kind if channel else -1
