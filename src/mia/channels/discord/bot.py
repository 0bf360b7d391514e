"""MIA on Discord: logs in, answers commands and messages, and lives in voice channels."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from mia.channels.discord import checking, client, forgetting, names, slash, splitting
from mia.channels.discord.choosing import language_there
from mia.channels.discord.host import Host, Stay
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
        self._arrived = False
        slash.add(self)

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def live(self, token: str) -> None:
        """Be on Discord until cancelled or turned away. Raises MiaError."""
        await self.policy.optouts.load()
        if self.host.knowledge is not None:
            self.host.knowledge.willing = self._willing
        self.host.between.running = self.forget_running
        gateway = asyncio.create_task(self._logged_in(token), name="Discord")
        try:
            await asyncio.wait([gateway])
            await gateway
        finally:
            # Calls are left in order, which needs the gateway.
            tasks = [room.task for room in self.rooms.values() if room.task is not None]
            for guild, room in self.rooms.items():
                self.host.between.stays[guild] = self._stay(room)
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
        if self._arrived:
            return
        self._arrived = True
        stays = self.host.between.stays
        for left in list(stays):
            await self._come_back(stays.pop(left))
        if self.config.join is not None:
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
        if channel.guild.id in self.rooms:
            return  # she has come back to where she was
        try:
            await self.enter(channel)
        except MiaError as error:
            self.host.report(error)

    def _stay(self, room: VoiceRoom) -> Stay:
        items = room.conversation.history
        return Stay(room.channel.id, room.company.manner, self.host.persona, items)

    async def _come_back(self, stay: Stay) -> None:
        """Be in the call again that she was in before she began anew, and go on with the talk."""
        channel = self.get_channel(stay.channel)
        if not isinstance(channel, discord.VoiceChannel | discord.StageChannel):
            return
        if not (self.policy.guild(channel.guild.id) and self.policy.channel(channel.id)):
            return  # what she may was changed with what she is
        try:
            room = await self.enter(channel, back_from=stay)
        except MiaError as error:
            self.host.report(error)
            return
        if stay.persona != self.host.persona:
            await self._write(room.channel, "persona_now", name=self.host.persona)

    # ── what she knows ───────────────────────────────────────────────────────────────────────

    def _willing(self, speaker: str) -> bool:
        """Whether this person has not opted out; people elsewhere never have here."""
        user = speaker.removeprefix("discord:")
        return not (user.isdecimal() and int(user) in self.policy.optouts)

    def forget_running(
        self, memories: frozenset[int], items: frozenset[str], speaker: str | None = None
    ) -> None:
        """Nothing that runs here holds these any longer; see `forgetting.left`."""
        self._text.forget(memories, items, speaker)
        for room in self.rooms.values():
            before = room.conversation.history
            after = forgetting.left(before, memories, items, speaker)
            if len(after) < len(before):
                room.conversation.restore(after)

    # ── voice ────────────────────────────────────────────────────────────────────────────────

    async def enter(
        self,
        channel: discord.VoiceChannel | discord.StageChannel,
        *,
        back_from: Stay | None = None,
    ) -> VoiceRoom:
        """Come into a voice channel, out of the one she is in there. Raises MiaError.

        back_from: she was there already, and goes on: everybody knows that she listens."""
        if missing := checking.missing(channel):
            raise MiaError("discord.permissions", channel=channel.name, missing=", ".join(missing))
        await self.go(channel.guild.id)
        room = VoiceRoom(channel, self.host, self.config, self.policy)
        room.conversation.call = names.clean(channel.name, channel.id)
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rooms[channel.guild.id] = room
        room.task = asyncio.create_task(self._in_room(room, entered))
        if back_from is not None:
            room.company.manner = back_from.manner
            room.conversation.restore(forgetting.carried(back_from.items))
        await entered
        if self.config.announce and back_from is None:
            await self._write(channel, "consent", name=self.host.persona, source=self.host.source)
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

    async def _write(
        self, channel: discord.VoiceChannel | discord.StageChannel, key: str, **parameters: object
    ) -> None:
        """Tell everybody there something: that she listens and how not to be heard, who she is."""
        language = language_there(channel.guild, self.host.language)
        try:
            await channel.send(translate(f"discord.{key}", language, **parameters))
        except discord.HTTPException as error:
            log.info("the notice could not be written in %s: %s", channel.name, error)

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        room = self.rooms.get(member.guild.id)
        if room is not None:
            room.people_changed()
            room.conversation.call = names.clean(room.channel.name, room.channel.id)

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
        self,
        channel: int,
        author: discord.Member | discord.User,
        text: str,
        *,
        alone: bool = False,
    ) -> list[str]:
        """Her answer in writing, in pieces of Discord's size; a problem is an answer too. None at
        all for what she leaves alone. alone: only the author will see it."""
        name = names.clean(author.display_name, author.id)
        answer: str | None
        try:
            speaker = names.speaker(author.id, name)
            answer = await self._text.answer(channel, speaker, text, alone=alone)
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
