"""A whole MIA on the pretend Discord: logged in, with ears, a scripted mind and a voice."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from mia import calling
from mia.channels.discord.bot import Bot
from mia.channels.discord.conversation import RoomConversation
from mia.channels.discord.host import Between, Characters
from mia.channels.discord.room import VoiceRoom
from mia.config import composition
from mia.home import Home
from mia.mind.memory.library import Library
from mia.mind.memory.memories import Memories
from mia.people import Knowledge
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from tests.support.discord import Discord, Person
from tests.support.discord.opus import tone
from tests.support.fakes import Fakes


@dataclass
class Mia:
    """The bot, and what happened."""

    discord: Discord
    bot: Bot
    fakes: Fakes
    events: list[Event] = field(default_factory=list)
    stage: list[RoomConversation | None] = field(default_factory=list)
    """Who took the stage, in order; None: given back."""

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def room(self) -> VoiceRoom:
        (room,) = self.bot.rooms.values()
        return room

    async def until(self, so: Any) -> None:
        await self.discord.until(so, 10.0)

    async def told(self, person: Person, command: str, /, **options: Any) -> str:
        """What a command's answer was, in the end."""
        token = await self.discord.slash(person, command, **options)
        answers = await self.discord.answered(token)
        if answers[0]["type"] == 5:  # "thinking"
            answers = await self.discord.answered(token, 2)
        content: str = answers[-1]["data"]["content"]
        return content

    async def asked(self, person: Person, command: str, /, **options: Any) -> tuple[str, str]:
        """What a command that thinks was answered with, and its token, to press a button of it."""
        token = await self.discord.slash(person, command, **options)
        answers = await self.discord.answered(token, 2)
        return answers[-1]["data"]["content"], token

    async def pressed(self, person: Person, token: str, label: str) -> str:
        """What the message became when somebody pressed this."""
        press = await self.discord.press(person, token, label)
        answers = await self.discord.answered(press)
        if answers[0]["type"] == 6:  # "in a moment"
            answers = await self.discord.answered(press, 2)
        content: str = answers[-1]["data"]["content"]
        return content

    async def writes(self, person: Person, text: str) -> str:
        """What she wrote to somebody who mentioned her."""
        before = len(self.discord.voice_text())
        await self.discord.message(person, f"<@{self.discord.guild.bot.id}> {text}")
        await self.until(lambda: len(self.discord.voice_text()) > before)
        content: str = self.discord.voice_text()[before]["content"]
        return content

    async def says(self, person: Person, seconds: float = 1.0) -> None:
        await person.say(tone(440, seconds))


@contextlib.asynccontextmanager
async def living(
    discord: Discord,
    folder: Path,
    *,
    fakes: Fakes | None = None,
    join: bool = True,
    bus: EventBus | None = None,
    memories: Memories | None = None,
    characters: Characters | None = None,
    between: Between | None = None,
    persona: str = "MIA",
    **config: Any,
) -> AsyncIterator[Mia]:
    """MIA on this Discord, in the first voice channel if `join`. config: of the section.

    memories: what she remembers, on the same bus."""
    whole = composition.installed()()
    whole.persona.name = persona
    chosen: dict[str, Any] = {"enabled": True, "token": SecretStr(discord.token), **config}
    if join:
        chosen["join"] = discord.guild.voice.id
    whole.discord = type(whole.discord).model_validate(chosen)
    bus = bus or EventBus()
    fakes = fakes or Fakes()
    parts = dataclasses.replace(fakes.parts(), memory=memories)
    between = between or Between()
    known = None
    if memories is not None:

        def forgotten(ids: Sequence[int], items: Sequence[str]) -> None:
            between.running(frozenset(ids), frozenset(items))

        known = Knowledge(Library(memories, forgotten))
    bots: list[Bot] = []
    stage: list[RoomConversation | None] = []

    def begun(bot: Bot) -> None:
        # Guilds come at once here; nothing waits for more of them.
        bot._connection.guild_ready_timeout = 0.05
        bots.append(bot)

    host = calling.host_of(
        whole,
        parts,
        bus,
        Home(folder),
        on_stage=stage.append,
        characters=characters,
        knowledge=known,
        between=between,
    )
    events: list[Event] = []

    def happened(event: Event) -> None:
        events.append(event)
        discord.bell.ring()

    bus.listen(happened)
    life = asyncio.create_task(
        calling.discord(host, whole, connector=discord.connector, ready=begun)
    )
    life.add_done_callback(lambda _life: discord.bell.ring())
    try:
        await discord.until(lambda: life.done() or (bots and discord.rest.commands), 10.0)
        mia = Mia(discord, bots[0], fakes, events, stage)
        if join:
            await discord.bot_joined()
            await mia.until(lambda: mia.bot.rooms and mia.room.voice is not None)
        yield mia
    finally:
        life.cancel()
        await asyncio.wait([life])


def answered(mia: Mia) -> Sequence[facts.ReplyEnded]:
    return mia.of(facts.ReplyEnded)
