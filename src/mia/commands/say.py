"""`mia say`: speak a text into a WAV file, with the voice and the way of a conversation."""

from __future__ import annotations

import asyncio
import io
import os
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
import numpy as np
import soundfile
from rich.console import Console

from mia import main as program
from mia.audio.resample import StreamResampler
from mia.backends import Context, backends
from mia.commands.models import ensure
from mia.commands.shared import config_option, or_say_why, read_config
from mia.config import Config
from mia.conversation.ports import PLAYING_RATE, Samples
from mia.errors import BackendUnavailable, MiaError
from mia.home import Home
from mia.models import ModelStore
from mia.strings import translate
from mia.voice import Voices, VoiceWording, choosing


@click.command(help=translate("cli.say.help"))
@click.argument("text", metavar=translate("cli.say.text"))
@click.option("--language", metavar="es|en", help=translate("cli.say.language"))
@click.option("--voice", help=translate("cli.say.voice"))
@click.option("--speed", type=click.FloatRange(0.5, 2), help=translate("cli.say.speed"))
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=translate("cli.say.out"),
)
@config_option
def say(
    text: str,
    language: str | None,
    voice: str | None,
    speed: float | None,
    out: Path,
    config_file: Path | None,
) -> None:
    console = Console(stderr=True)
    changes = {"models.tts.voice": voice, "models.tts.speed": speed}
    config = read_config(config_file, console, changes).config

    def work() -> None:
        # What can be wrong with the request is said before a model is fetched or loaded.
        must_be_writable(out)
        spoken_in = language_for(config, language, voice)
        if not spoken(text, spoken_in, config.models.tts.chunk_size):
            raise BackendUnavailable("say.nothing")
        store = ModelStore(Home.find())
        ensure(models_for(config, spoken_in), store, console)
        sound = asyncio.run(speech(config, store, text, spoken_in, console))
        save(out, sound)
        seconds = f"{len(sound) / PLAYING_RATE:.1f}"
        console.print(translate("cli.say.written", path=out, seconds=seconds), highlight=False)

    or_say_why(work)


def language_for(config: Config, language: str | None, voice: str | None) -> str:
    """The language asked for, else the voice's own, else the configured one."""
    if language:
        return language.lower()
    own = choosing.language_of(voice) if voice else ""
    return own or config.speaking_language or program.languages_of(config)[0]


def spoken(text: str, language: str, chunk_size: int) -> list[str]:
    """The clauses of a text as they are said."""
    wording = VoiceWording(chunk_size)
    cutter = wording.cutter(language)
    clauses = [*cutter.feed(text), *cutter.finish()]
    return [said for clause in clauses if (said := wording.spoken(clause, language))]


def models_for(config: Config, language: str) -> list[str]:
    """Catalogue ids of what the voice of this language needs. Raises MiaError."""
    section = config.models.tts
    name = choosing.primary(section, language)
    backend = backends("tts").get(name)
    if backend is None:
        return []
    return list(backend.needs(choosing.options_of(section, name), (language,)))


async def speech(
    config: Config, store: ModelStore, text: str, language: str, console: Console
) -> Samples:
    """The sound of a text at PLAYING_RATE. Raises MiaError."""
    cache = Home.find().cache / "backends"
    context = Context(models=store, languages=(language,), cache=cache, voices=Home.find().voices)
    section: Any = config.models.tts

    def report(error: MiaError) -> None:
        console.print(f"• {error}", style="yellow", highlight=False)

    voices = await Voices.load(section, context, report, strict=True)
    parts: list[Samples] = []
    try:
        for clause in spoken(text, language, section.chunk_size):
            resampler: StreamResampler | None = None
            async with aclosing(voices.stream(clause, language=language)) as sounds:
                async for sound in sounds:
                    resampler = resampler or StreamResampler(sound.rate, PLAYING_RATE)
                    parts.append(resampler.feed(sound.samples))
            if resampler is not None:
                parts.append(resampler.feed(np.zeros(0, np.float32), last=True))
    finally:
        await voices.aclose()
    return np.concatenate(parts)


def must_be_writable(out: Path) -> None:
    """Raises ClickException if the file could not be written in the end."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(out if out.exists() else out.parent, os.W_OK):
            raise PermissionError(None, os.strerror(13))
    except OSError as error:
        raise _cannot_write(out, error) from error


def save(out: Path, sound: Samples) -> None:
    """Write sound at PLAYING_RATE as 16-bit PCM. Raises ClickException."""
    must_be_writable(out)
    content = io.BytesIO()
    soundfile.write(content, sound, PLAYING_RATE, format="WAV", subtype="PCM_16")
    try:
        out.write_bytes(content.getvalue())
    except OSError as error:
        raise _cannot_write(out, error) from error


def _cannot_write(out: Path, error: OSError) -> click.ClickException:
    reason = error.strerror or str(error)
    return click.ClickException(translate("cli.cannot_write", path=out, reason=reason))
