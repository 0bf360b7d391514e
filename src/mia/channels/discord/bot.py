"""MIA on Discord: logs in, answers commands and messages, and lives in voice channels."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from mia.channels.discord import checking, client, names, slash, splitting
from mia.channels.discord.host import Host
from mia.channels.discord.policy import Limits, OptOuts, Policy
from mia.channels.discord.room import VoiceRoom, person_of
from mia.channels.discord.sender import prompt_threads
from mia.channels.discord.text import TextTalk
from mia.config.discord import Discord
from mia.errors import MiaError
from mia.strings import translate

log = logging.getLogger(__name__)

#: Seconds before Discord is tried again when it cannot be reached: doubled up to the last.
FIRST_RETRY, LAST_RETRY = 5.0, 300.0
#: Troubles that waiting does not cure.
HOPELESS = ("discord.no_token", "discord.token", "discord.intents", "discord.no_opus")


class Bot(discord.Client):
    """One login. `live` is its whole life."""

    def __init__(
        self, host: Host, config: Discord, *, connector: aiohttp.BaseConnector | None = None
    ) -> None:
        super().__init__(**client.options(connector))
        self.host = host
        self.config = config
        self.policy = Policy(config, OptOuts(host.data / "optouts.json"))
        self.limits = Limits(asyncio.get_running_loop().time)
        self.rooms: dict[int, VoiceRoom] = {}
        """Where she is, by server."""
        self.tree = app_commands.CommandTree(self)
        self._text = TextTalk(host)
        self._joined_by_herself = False
        slash.add(self)

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def live(self, token: str) -> None:
        """Be on Discord until cancelled or turned away. Raises MiaError."""
        await self.policy.optouts.load()
        gateway = asyncio.create_task(self._logged_in(token), name="Discord")
        try:
            await asyncio.wait([gateway])
            await gateway
        finally:
            # Calls are left in order, which needs the gateway.
            tasks = [room.task for room in self.rooms.values() if room.task is not None]
            for room in self.rooms.values():
                room.leave()
            if tasks:
                await asyncio.wait(tasks)
            gateway.cancel()
            await asyncio.wait([gateway])
            await self.close()

    async def _logged_in(self, token: str) -> None:
        try:
            await self.login(token)
            await self.connect(reconnect=True)
        except discord.LoginFailure as error:
            raise MiaError("discord.token") from error
        except discord.PrivilegedIntentsRequired as error:
            raise MiaError("discord.intents") from error
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise MiaError("discord.unreachable", reason=reason) from error

    async def setup_hook(self) -> None:
        app = self.application
        if app is not None:
            team = app.team.members if app.team else [app.owner]
            self.policy.app_owners = frozenset(member.id for member in team)

    async def on_ready(self) -> None:
        for guild in self.guilds:
            await self._welcome(guild)
        if self.config.join is not None and not self._joined_by_herself:
            self._joined_by_herself = True
            await self._join_by_herself(self.config.join)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._welcome(guild)

    async def _welcome(self, guild: discord.Guild) -> None:
        """Have the commands there."""
        if not self.policy.guild(guild.id):
            return
        self.tree.copy_global_to(guild=guild)
        try:
            await self.tree.sync(guild=guild)
        except (discord.HTTPException, app_commands.AppCommandError) as error:
            self.host.report(MiaError("discord.commands", guild=guild.name, reason=str(error)))

    async def _join_by_herself(self, wanted: int) -> None:
        channel = self.get_channel(wanted)
        if not isinstance(channel, discord.VoiceChannel | discord.StageChannel):
            self.host.report(MiaError("discord.no_such_channel", id=wanted))
            return
        try:
            await self.enter(channel)
        except MiaError as error:
            self.host.report(error)

    # ── voice ────────────────────────────────────────────────────────────────────────────────

    async def enter(self, channel: discord.VoiceChannel | discord.StageChannel) -> VoiceRoom:
        """Come into a voice channel, out of the one she is in there. Raises MiaError."""
        if missing := checking.missing(channel):
            raise MiaError("discord.permissions", channel=channel.name, missing=", ".join(missing))
        await self.go(channel.guild.id)
        room = VoiceRoom(channel, self.host, self.config, self.policy)
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rooms[channel.guild.id] = room
        room.task = asyncio.create_task(self._in_room(room, entered))
        await entered
        if self.config.announce:
            await self._announce(channel)
        return room

    async def _in_room(self, room: VoiceRoom, entered: asyncio.Future[None]) -> None:
        try:
            await room.run(entered)
        except Exception as error:  # a fault in one room is told, and ends that room alone
            log.exception("the room in %s broke", room.channel.name)
            problem = MiaError("internal", reason=f"{type(error).__name__}: {error}")
            if entered.done():
                self.host.report(problem)
            else:
                entered.set_exception(problem)
        finally:
            if self.rooms.get(room.channel.guild.id) is room:
                del self.rooms[room.channel.guild.id]
            if not entered.done():
                entered.cancel()

    async def go(self, guild: int) -> bool:
        """Leave the voice channel of this server; whether she was in one."""
        room = self.rooms.get(guild)
        if room is None:
            return False
        room.leave()
        if room.task is not None:
            await asyncio.wait([room.task])
        return True

    async def _announce(self, channel: discord.VoiceChannel | discord.StageChannel) -> None:
        """Tell everybody there that she listens, and how not to be heard."""
        text = translate(
            "discord.consent", self.host.language, name=self.host.persona, source=self.host.source
        )
        try:
            await channel.send(text)
        except discord.HTTPException as error:
            log.info("the notice could not be written in %s: %s", channel.name, error)

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        room = self.rooms.get(member.guild.id)
        if room is not None:
            room.people_changed()

    # ── messages ─────────────────────────────────────────────────────────────────────────────

    async def on_message(self, message: discord.Message) -> None:
        if not self._is_for_her(message) or message.guild is None:
            return
        if not self.limits.take(message.author.id, message.guild.id):
            log.info("too many messages of %s; this one is not answered", message.author.id)
            return
        room = self.rooms.get(message.guild.id)
        if room is not None and message.channel.id == room.channel.id:
            speaker = room.speaker(message.author.id, message.author.display_name)
            if words := await self.host.admit(names.message(message.content, 500)):
                with contextlib.suppress(MiaError):  # silenced: the page shows it
                    room.conversation.type_as(speaker, words)
            return
        with contextlib.suppress(discord.HTTPException):
            async with message.channel.typing():
                pieces = await self.written(message.channel.id, message.author, message.content)
            for at, piece in enumerate(pieces):
                if at == 0:
                    await message.reply(piece, mention_author=False)
                else:
                    await message.channel.send(piece)

    async def written(
        self, channel: int, author: discord.Member | discord.User, text: str
    ) -> list[str]:
        """Her answer in writing, in pieces of Discord's size; a problem is an answer too. None at
        all for what she leaves alone."""
        name = names.clean(author.display_name, author.id)
        answer: str | None
        try:
            answer = await self._text.answer(channel, names.speaker(author.id, name), text)
        except MiaError as error:
            self.host.report(error)
            answer = translate("discord.cannot_answer", self.host.language)
        return [] if answer is None else splitting.split(answer) or ["…"]

    def _is_for_her(self, message: discord.Message) -> bool:
        me, guild = self.user, message.guild
        if me is None or guild is None or message.author.id == me.id:
            return False
        if not (self.policy.guild(guild.id) and self.policy.channel(message.channel.id)):
            return False
        if not self.policy.person(person_of(message.author.id, message.author)):
            return False
        in_call = guild.id in self.rooms and message.channel.id == self.rooms[guild.id].channel.id
        if not (self.config.text_channel_responses or in_call):
            return False
        answered = message.reference.resolved if message.reference else None
        to_her = isinstance(answered, discord.Message) and answered.author.id == me.id
        return to_her or any(user.id == me.id for user in message.mentions)


async def serve(host: Host, config: Discord, *, connector: Any = None, ready: Any = None) -> None:
    """Be on Discord until cancelled. Whatever goes wrong is reported, and never raised: the rest
    of MIA does not need Discord.

    connector: makes what one login connects through (see `client.options`); None: the system's
    own. ready: called with each `Bot` before it logs in.
    """
    if config.token is None:
        host.report(MiaError("discord.no_token"))
        return
    wait = FIRST_RETRY
    while True:
        bot = Bot(host, config, connector=connector() if connector is not None else None)
        if ready is not None:
            ready(bot)
        try:
            with prompt_threads():
                await bot.live(config.token.get_secret_value())
            return
        except MiaError as error:
            host.report(error)
            if error.code in HOPELESS:
                return
        except Exception as error:  # a fault in here must not take the rest of MIA down
            log.exception("Discord broke")
            host.report(MiaError("internal", reason=f"{type(error).__name__}: {error}"))
        await asyncio.sleep(wait)
        wait = min(wait * 2, LAST_RETRY)
