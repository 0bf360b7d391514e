"""MIA in calls: what a Discord channel is given of the program, and that it never takes it down."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import mia
from mia import main as program
from mia.audio.resample import StreamResampler
from mia.channels.discord.conversation import RoomConversation
from mia.channels.discord.host import Host, Voice
from mia.config import Config
from mia.conversation import Company, Parts
from mia.conversation.cores import FIRST_CLAUSE, WRITING
from mia.conversation.ports import PLAYING_RATE, Prompt, Samples
from mia.errors import MiaError
from mia.home import Home
from mia.strings import translate
from mia.telemetry.events import EventBus, Heard, Overheard

#: What the extra `discord` brings.
MODULES = ("discord", "davey", "nacl")


def in_company(parts: Parts, config: Config) -> Parts:
    """The parts of a conversation with several people: the mind is told whose lines are whose."""
    if program.embedded_brain(config):
        return parts  # it follows no instructions, and would only be put off

    def prompt(language: str) -> str:
        return f"{parts.system_prompt(language)}\n\n{translate('discord.prompt', language)}"

    return dataclasses.replace(parts, system_prompt=prompt)


def host_of(
    config: Config,
    parts: Parts,
    bus: EventBus,
    home: Home,
    *,
    voice: Callable[[], Voice | None] = lambda: None,
    on_stage: Callable[[RoomConversation | None], None] = lambda _room: None,
    attend: Callable[[str], object] = lambda _conversation: None,
    measured: bool = False,
) -> Host:
    """What Discord gets of this program. attend: told of each conversation that is to be
    remembered. measured: without fillers, as in `conversation`."""
    company = in_company(parts, config)
    language = program.languages_of(config)[0]
    wording = program.wording_of(config)

    def make_room(room: str, people: Company) -> RoomConversation:
        attend(room)
        return RoomConversation(
            room,
            company,
            bus,
            persona=config.persona.name,
            language=config.language,
            filler=config.input.filler and not measured,
            tuning=program.tuning_of(config),
            company=people,
            dual=config.discord.dual_audio,
        )

    async def write(prompt: Prompt) -> AsyncGenerator[str, None]:
        async with parts.cores.claim(WRITING):
            async for piece in parts.mouth.llm.stream(prompt):
                yield piece

    async def spoken(text: str, spoken_in: str) -> AsyncGenerator[Samples, None]:
        async with parts.cores.claim(FIRST_CLAUSE):
            cutter = wording.cutter(spoken_in)
            for clause in [*cutter.feed(text), *cutter.finish()]:
                resampler: StreamResampler | None = None
                said = wording.spoken(clause, spoken_in)
                async for sound in parts.mouth.tts.stream(said, language=spoken_in):
                    resampler = resampler or StreamResampler(sound.rate, PLAYING_RATE)
                    yield resampler.feed(sound.samples)
                if resampler is not None:
                    yield resampler.feed(sound.samples[:0], last=True)

    return Host(
        persona=config.persona.name,
        language=language,
        names=tuple(config.input.wake_names or (config.persona.name,)),
        bus=bus,
        data=home.data / "discord",
        source=mia.SOURCE_URL,
        make_room=make_room,
        on_stage=on_stage,
        report=lambda error: program.report(bus, error),
        voice=voice,
        prompt=company.system_prompt,
        write=write,
        shown=wording.shown,
        spoken=spoken,
    )


async def acquaint(bus: EventBus, meet: Callable[[str, str], Awaitable[None]]) -> None:
    """Let memory know what the people in calls are called, until cancelled. meet: takes somebody's
    id and name."""
    with bus.subscribe() as happenings:
        async for event in happenings:
            if isinstance(event, Heard | Overheard):
                for speaker, name, _text in event.lines:
                    await meet(speaker, name)


def installed() -> bool:
    """Whether the extra is there."""
    return all(importlib.util.find_spec(module) is not None for module in MODULES)


async def discord(host: Host, config: Config, *, connector: Any = None, ready: Any = None) -> None:
    """Be on Discord until cancelled; whatever goes wrong there is reported, and stays there.

    connector, ready: as `mia.channels.discord.bot.serve` takes them."""
    if not installed():
        host.report(MiaError("discord.no_module"))
        return
    from mia.channels.discord import bot, opus

    if not opus.available():
        host.report(MiaError("discord.no_opus"))
        return
    await bot.serve(host, config.discord, connector=connector, ready=ready)
