"""`mia avatar demo`: a few sentences with expressions, to every configured output."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from mia import main as program
from mia.audio.resample import StreamResampler
from mia.avatar.output import AvatarOutput
from mia.backends import Context, Options, backends, load
from mia.channels.microphone import Devices, loudspeaker
from mia.commands.avatar_screen import Screen
from mia.commands.models import ensure
from mia.commands.say import language_for, models_for
from mia.commands.shared import config_option, or_say_why, read_config, start_logs
from mia.config import Config
from mia.conversation import Conversation, Mouth, Parts
from mia.conversation.playback import Silence
from mia.conversation.ports import HEARING_RATE, Loudspeaker, Prompt, Samples, Transcript
from mia.errors import MiaError
from mia.home import Home
from mia.models import ModelStore
from mia.strings import translate
from mia.telemetry.events import EventBus, Notice, ReplyEnded
from mia.voice import Voices

#: She is shown so long after her last word, in seconds: a look goes as it came, not with a bang.
AFTERWARDS = 2.0


@click.group(help=translate("cli.avatar.help"))
def avatar() -> None:
    pass


@avatar.command(help=translate("cli.avatar.demo.help"))
@click.option("--language", metavar="es|en", help=translate("cli.avatar.demo.language"))
@click.option("--seconds", type=click.FloatRange(1, 600), help=translate("cli.avatar.demo.seconds"))
@click.option("--sound", is_flag=True, help=translate("cli.avatar.demo.sound"))
@config_option
def demo(
    language: str | None, seconds: float | None, sound: bool, config_file: Path | None
) -> None:
    console = Console()
    loaded = read_config(config_file, Console(stderr=True), {})
    start_logs(loaded)
    config = loaded.config
    spoken_in = language_for(config, language, None)

    def work() -> None:
        store = ModelStore(Home.find())
        ensure(models_for(config, spoken_in), store, console)
        asyncio.run(perform(config, store, spoken_in, console, seconds=seconds, sound=sound))

    or_say_why(work)


async def perform(
    config: Config,
    store: ModelStore,
    language: str,
    console: Console,
    *,
    seconds: float | None = None,
    sound: bool = False,
) -> None:
    """Say the demonstration's text, and show it on the screen and at every output that is on.
    Raises MiaError when there is no voice, or no loudspeaker though sound is wanted."""
    context = Context(store, (language,), Home.find().cache / "backends")
    bus = EventBus()

    def trouble(error: MiaError) -> None:
        console.print(f"• {error}", style="yellow", highlight=False)

    with console.status(translate("cli.avatar.demo.loading")):
        voices = await Voices.load(config.models.tts, context, trouble, strict=True)
    try:
        outputs = await outputs_of(config, context, trouble)
        screen = Screen(console, outputs)
        bus.listen(screen.tell)
        bus.listen(lambda event: trouble(_told(event)) if isinstance(event, Notice) else None)
        text = translate("spoken.demo", language)
        conversation = _conversation(config, voices, text, bus, language)
        async with _speaker(config, sound) as speaker:
            conversation.attach(speaker)
            await _show(conversation, config, bus, [*outputs.values(), screen], seconds)
        screen.summary()
    finally:
        await voices.aclose()


async def outputs_of(
    config: Config, context: Context, trouble: Callable[[MiaError], None]
) -> dict[str, AvatarOutput]:
    """Every output that is switched on, by name; one that cannot be loaded is told and left out."""
    found: dict[str, AvatarOutput] = {}
    for name, options in outputs_options(config).items():
        try:
            found[name] = await load("avatar", name, options, context)
        except MiaError as error:
            trouble(error)
    return found


def outputs_options(config: Config) -> dict[str, Options]:
    """Name and options of every output that is not switched off."""
    section: Any = getattr(config.avatar, "outputs", None)
    every: dict[str, Options] = {
        name: backend.options() if section is None else section.options(name)
        for name, backend in backends("avatar").items()
    }
    return {name: o for name, o in every.items() if getattr(o, "enabled", True) is not False}


async def _show(
    conversation: Conversation,
    config: Config,
    bus: EventBus,
    outputs: Sequence[AvatarOutput],
    seconds: float | None,
) -> None:
    """One reply from beginning to end, seen everywhere; or as much of it as fits `seconds`."""
    over = asyncio.Event()
    bus.listen(lambda event: over.set() if isinstance(event, ReplyEnded) else None)
    face = program.face_of(conversation, config, bus)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(output.run(face)) for output in outputs]
            tasks.append(group.create_task(conversation.run()))
            await asyncio.sleep(0)  # the conversation is up before it is spoken to
            conversation.type("demo")
            if seconds is None:
                await over.wait()
            await asyncio.sleep(AFTERWARDS if seconds is None else seconds)
            for task in tasks:
                task.cancel()
    finally:
        face.close()


def _conversation(
    config: Config, voices: Voices, text: str, bus: EventBus, language: str
) -> Conversation:
    mouth = Mouth(_Reciter(text), voices, program.wording_of(config), StreamResampler)
    ears = _Deaf()
    parts = Parts(mouth, ears, None, lambda: ears, lambda _language: "")
    return Conversation("demo", parts, bus, persona=config.persona.name, language=language)


@contextlib.asynccontextmanager
async def _speaker(config: Config, sound: bool) -> AsyncGenerator[Loudspeaker, None]:
    if not sound:
        yield Silence()
        return
    audio = config.audio
    devices = Devices(output_device=audio.output_device, output_rate=audio.playback_sample_rate)
    async with loudspeaker(devices) as card:
        yield card


def _told(notice: Notice) -> MiaError:
    return MiaError(notice.code, **notice.parameters)


class _Reciter:
    """Implements `LanguageModel`: it knows one text by heart."""

    usage = None

    def __init__(self, text: str) -> None:
        self._text = text

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        yield self._text

    async def warm(self, prompt: Prompt) -> None: ...

    async def aclose(self) -> None: ...


class _Deaf:
    """Implements `SpeechToText` and `VoiceDetector`: nobody speaks."""

    frame_samples = HEARING_RATE // 50

    def probability(self, frame: Samples) -> float:
        return 0.0

    def reset(self) -> None: ...

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        return Transcript("", language or "es")

    async def aclose(self) -> None: ...
