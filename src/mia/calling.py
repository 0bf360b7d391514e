"""MIA in calls: what a Discord channel is given of the program, and that it never takes it down."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
from collections.abc import AsyncGenerator, Callable
from typing import Any

import mia
from mia import main as program
from mia.audio.resample import StreamResampler
from mia.channels.discord.conversation import RoomConversation
from mia.channels.discord.host import Between, Characters, Host, Knowledge, Voice
from mia.channels.microphone import Devices, loudspeaker
from mia.config import Config
from mia.conversation import Company, Conversation, Parts
from mia.conversation.cores import FIRST_CLAUSE, WRITING
from mia.conversation.ports import PLAYING_RATE, Prompt, Samples
from mia.errors import MiaError
from mia.home import Home
from mia.mind.safety.incoming import Incoming
from mia.mind.safety.outgoing import Outgoing
from mia.mind.safety.untrusted import Line, clean
from mia.mind.unsigned import Unsigned
from mia.strings import translate
from mia.telemetry.events import EventBus, Heard, Overheard

#: What the extra `discord` brings.
MODULES = ("discord", "davey", "nacl")


def in_company(parts: Parts, config: Config) -> Parts:
    """The parts of a conversation with several people: the mind is told whose lines are whose, and
    does not sign its own."""
    llm = Unsigned(parts.mouth.llm, config.persona.name)
    parts = dataclasses.replace(parts, mouth=dataclasses.replace(parts.mouth, llm=llm))
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
    characters: Characters | None = None,
    knowledge: Knowledge | None = None,
    between: Between | None = None,
    measured: bool = False,
) -> Host:
    """What Discord gets of this program. knowledge: what is said there is remembered in it.
    measured: without fillers, as in `conversation`."""
    company = in_company(parts, config)
    language = program.languages_of(config)[0]
    wording = program.wording_of(config)

    def make_room(room: str, people: Company) -> RoomConversation:
        if knowledge is not None:
            knowledge.attend(room)
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
            async for piece in company.mouth.llm.stream(prompt):
                yield piece

    guard = parts.mouth.guard
    words = guard.words if isinstance(guard, Outgoing) else None

    async def admit(text: str) -> str:
        if words is None:
            return clean(text)
        incoming = Incoming(words, config.safety.incoming)
        await incoming.refresh()
        line = incoming.line(Line("", text))
        return line.text if line else ""

    async def keep_back(text: str) -> str:
        if guard is None:
            return text
        kept = (await guard.begin(language)).check(text, text)
        return kept.instead if kept else text

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
        admit=admit,
        keep_back=keep_back,
        spoken=spoken,
        characters=characters,
        knowledge=knowledge,
        between=between or Between(),
    )


class Limelight:
    """Who has the stage: her own conversation, or a call. Call it with the room that takes it, or
    None to give it back.

    show: has face and pages show a conversation. here: this machine's loudspeaker, on which calls
    are heard as well; None: not at all. group: what runs there runs in it."""

    def __init__(
        self,
        own: Conversation,
        show: Callable[[Conversation], None],
        here: Devices | None,
        bus: EventBus,
        group: asyncio.TaskGroup,
    ) -> None:
        self._own = own
        self._show = show
        self._here = here
        self._bus = bus
        self._group = group
        self._shown = own
        self._playing_along: asyncio.Task[None] | None = None

    def __call__(self, room: RoomConversation | None) -> None:
        shown = room or self._own
        if shown is self._shown:
            return
        self._shown = shown
        # Who talks in the call mostly sits at this microphone: she is not to answer twice.
        self._own.stop()
        self._own.mute(room is not None)
        if self._playing_along is not None:
            self._playing_along.cancel()
            self._playing_along = None
        if room is not None and room.dual and self._here is not None:
            self._playing_along = self._group.create_task(self._play_along(room, self._here))
        self._show(shown)

    async def _play_along(self, room: RoomConversation, here: Devices) -> None:
        """Be heard on this machine as well, until cancelled."""
        try:
            async with loudspeaker(here) as speaker:
                room.attach(speaker)
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    room.detach(speaker)
        except MiaError as error:
            program.report(self._bus, error)


async def acquaint(bus: EventBus, meet: Callable[[str, str], None]) -> None:
    """Let memory know what the people in calls are called, until cancelled. meet: takes somebody's
    id and name."""
    with bus.subscribe() as happenings:
        async for event in happenings:
            if isinstance(event, Heard | Overheard):
                for speaker, name, _text in event.lines:
                    meet(speaker, name)


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
