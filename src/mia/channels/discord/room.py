"""One voice channel that MIA is in: who is there, their voices in, hers out, and its health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import discord

from mia.channels.discord import names
from mia.channels.discord.host import Host
from mia.channels.discord.policy import Person, Policy
from mia.channels.discord.receiver import Frame
from mia.channels.discord.sender import SpeakingSource
from mia.channels.discord.voice_client import HearingVoiceClient
from mia.config.discord import Discord
from mia.conversation import Company, Speaker
from mia.conversation.ports import Block
from mia.errors import MiaError

log = logging.getLogger(__name__)

#: A voice connection that is not there by then failed.
CONNECT_SECONDS = 20.0
#: Discord confirms within this that a call was left, or does not.
LEAVE_SECONDS = 3.0
#: Seconds before she comes in again when she had become deaf: doubled up to the last.
FIRST_RETRY, LAST_RETRY = 1.0, 60.0
#: Once she hears for this long after a return, the next deafness is a new one.
CALM_SECONDS = 120.0

VoiceChannel = discord.VoiceChannel | discord.StageChannel
End = Literal["left", "lost", "deaf"]


class VoiceRoom:
    """MIA in a voice channel. `run` is its whole life; everything else may be called meanwhile."""

    def __init__(self, channel: VoiceChannel, host: Host, config: Discord, policy: Policy) -> None:
        loop = asyncio.get_running_loop()
        self.channel = channel
        self.deaf_because = ""
        """Why she understands nothing at the moment: `transport` or `e2ee`; empty: she does."""
        self.rejoins = 0
        """How often she came in again because she had become deaf or lost the call."""
        self.task: asyncio.Task[None] | None = None
        """Its life, where it has a task of its own."""
        self.voice: HearingVoiceClient | None = None
        self.source: SpeakingSource | None = None
        self.company = Company(
            loop.time,
            host.names,
            config.sticky_s,
            gap=config.group_silence_ms / 1000,
            aliases=config.aliases,
            manner=config.mode,
            may_interrupt=self._may_interrupt,
        )
        self.conversation = host.make_room(f"discord:{channel.id}", self.company)
        self._host = host
        self._config = config
        self._policy = policy
        self._speakers: dict[int, Speaker] = {}
        """Whoever is listened to, by user id."""
        self._end: asyncio.Future[End] = loop.create_future()
        self._alone: asyncio.TimerHandle | None = None
        self._thrown_out = False
        self._gone = asyncio.Event()
        """She was told to go, or thrown out."""

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def run(self, entered: asyncio.Future[None]) -> None:
        """Come in, stay, and go. `entered` is done once she is in, or has the MiaError for which
        she could not be."""
        try:
            async with self._call():
                self._settle_in()
                if not entered.done():
                    entered.set_result(None)
                async with asyncio.TaskGroup() as group:
                    life = group.create_task(self.conversation.run())
                    await self._stay()
                    life.cancel()
        except MiaError as error:
            if entered.done():
                self._host.report(error)
            else:
                entered.set_exception(error)
        finally:
            if self._alone is not None:
                self._alone.cancel()
            self._host.on_stage(None)

    def leave(self) -> None:
        """Go, and stay away."""
        self._gone.set()
        self._over("left")

    def _over(self, how: End) -> None:
        if not self._end.done():
            self._end.set_result(how)

    @asynccontextmanager
    async def _call(self) -> AsyncGenerator[None, None]:
        """Be in the call. Raises MiaError."""
        await self._connect()
        try:
            yield
        finally:
            await self._disconnect()

    async def _connect(self) -> None:
        self._end = asyncio.get_running_loop().create_future()
        try:
            voice = await self.channel.connect(
                cls=HearingVoiceClient, timeout=CONNECT_SECONDS, self_deaf=False
            )
        except TimeoutError as error:
            raise MiaError("discord.voice_timeout", channel=self.channel.name) from error
        except (discord.DiscordException, OSError, RuntimeError) as error:
            reason = str(error) or type(error).__name__
            raise MiaError("discord.voice_failed", channel=self.channel.name, reason=reason) from (
                error
            )
        self.voice = voice
        voice.ended = lambda: self._over("lost")
        voice.thrown_out = self.kicked
        self.source = SpeakingSource(self._play, self.conversation.heard_up_to)
        self.conversation.in_call(self.source)
        voice.listen(
            self._hear,
            may_hear=self._speakers.__contains__,
            deaf=self._became_deaf,
            healed=self._hears_again,
        )
        self.people_changed()

    async def _disconnect(self) -> None:
        voice, self.voice = self.voice, None
        if voice is None:
            return
        voice.ended = voice.thrown_out = lambda: None
        voice.deafen()
        if self._thrown_out:
            return  # discord.py has left it already, and would wait to be told so again
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await voice.disconnect(force=True)
        except (TimeoutError, discord.DiscordException, OSError) as error:
            log.info("the call was not left in order: %s", error)

    async def _stay(self) -> None:
        """Until she leaves; come in again whenever the call is lost or she has become deaf."""
        wait = FIRST_RETRY
        loop = asyncio.get_running_loop()
        while True:
            since = loop.time()
            how = await self._end
            if how == "left":
                return
            if loop.time() - since > CALM_SECONDS:
                wait = FIRST_RETRY
            await self._disconnect()
            while self.voice is None:
                try:
                    async with asyncio.timeout(wait):
                        await self._gone.wait()
                    return
                except TimeoutError:
                    wait = min(wait * 2, LAST_RETRY)
                self.rejoins += 1
                try:
                    await self._connect()
                except MiaError as error:
                    log.info("not in again yet: %s", error)
            if self._gone.is_set():
                return

    def _settle_in(self) -> None:
        if self._config.stage:
            self._host.on_stage(self.conversation)

    # ── people ───────────────────────────────────────────────────────────────────────────────

    def people_changed(self) -> None:
        """Somebody came, went, was renamed, given a role, or opted out or in."""
        voice = self.voice
        if voice is None:
            return
        self.channel = voice.channel
        guild, me = self.channel.guild, voice.user.id
        present = {user: guild.get_member(user) for user in self.channel.voice_states if user != me}
        called = names.labels(
            {user: member.display_name if member else "" for user, member in present.items()}
        )
        humans: dict[str, Speaker] = {}
        heard: dict[int, Speaker] = {}
        for user, member in present.items():
            speaker = Speaker(f"discord:{user}", called[user])
            person = person_of(user, member)
            if not person.bot:
                humans[speaker.id] = speaker
            if self._policy.hears(person):
                heard[user] = speaker
        for user in self._speakers.keys() - heard.keys():
            self.conversation.left(f"discord:{user}")
        # The receiver asks this very object whom it may hear.
        self._speakers.clear()
        self._speakers.update(heard)
        self.company.people = humans
        self._watch_the_door(alone=not humans)

    @property
    def listened_to(self) -> int:
        """How many people are here whose voice she may hear."""
        return len(self._speakers)

    def kicked(self) -> None:
        """Somebody has thrown her out: she stays out."""
        self._thrown_out = True
        self.leave()

    def _watch_the_door(self, *, alone: bool) -> None:
        if not alone and self._alone is not None:
            self._alone.cancel()
            self._alone = None
        elif alone and self._alone is None:
            loop = asyncio.get_running_loop()
            self._alone = loop.call_later(self._config.leave_alone_s, self.leave)

    def _may_interrupt(self, speaker: Speaker) -> bool:
        return self._policy.interrupts(int(speaker.id.removeprefix("discord:")))

    def speaker(self, user: int, name: str) -> Speaker:
        """Somebody as the conversation knows them; `name` where they are not in the call."""
        known = self.company.people.get(f"discord:{user}")
        return known or names.speaker(user, name)

    # ── sound ────────────────────────────────────────────────────────────────────────────────

    def _hear(self, frame: Frame) -> None:
        speaker = self._speakers.get(frame.user)
        if speaker is not None:
            if self.deaf_because and frame.kind == "voice":
                self._hears_again()
            self.conversation.hear_from(speaker, frame.samples)

    def _play(self) -> None:
        """Have discord.py's player read her voice; it may still be ending the stretch before."""
        voice, source = self.voice, self.source
        if voice is None or source is None or voice.is_playing():
            return
        loop = asyncio.get_running_loop()

        def ended(_error: Exception | None) -> None:
            loop.call_soon_threadsafe(source.stopped)

        try:
            voice.play(source, after=ended)
        except discord.ClientException as error:
            log.info("nothing can be said now: %s", error)
            source.hush()

    async def say(self, text: str, language: str) -> None:
        """Say these words as they are; whatever she was saying ends. Raises MiaError."""
        source = self.source
        if source is None:
            return
        if self.conversation.panic:
            raise MiaError("safety.panic")
        self.conversation.stop()
        self.conversation.add_message("assistant", text)
        at = 0
        async for samples in self._host.spoken(text, language):
            if self.conversation.panic:
                return
            source.play(Block("said", at, samples))
            at += len(samples)

    def stop(self) -> None:
        """Be quiet at once."""
        self.conversation.stop()
        if self.source is not None:
            self.source.hush()

    async def mute(self, muted: bool) -> None:
        """Neither hear nor speak, or do both again; everybody sees it on Discord."""
        if muted:
            self.stop()
        self.conversation.mute(muted)
        await self.channel.guild.change_voice_state(
            channel=self.channel, self_mute=muted, self_deaf=muted
        )

    # ── health ───────────────────────────────────────────────────────────────────────────────

    def _became_deaf(self, reason: str) -> None:
        self.deaf_because = reason
        self._host.report(MiaError(f"discord.deaf_{reason}", channel=self.channel.name))
        self._over("deaf")

    def _hears_again(self) -> None:
        self.deaf_because = ""


def person_of(user: int, member: Any) -> Person:
    """A member's rights; who is not known is nobody special."""
    if member is None:
        return Person(user)
    roles = frozenset(role.id for role in getattr(member, "roles", ()))
    return Person(user, roles, bool(member.bot))
