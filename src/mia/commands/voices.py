"""`mia voices`: which voices there are, and what they sound like."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from mia.backends import Context, backends
from mia.channels.microphone import portaudio
from mia.commands import say
from mia.commands.models import ensure
from mia.commands.shared import config_option, or_say_why, read_config
from mia.config import Config
from mia.conversation.ports import PLAYING_RATE, Samples
from mia.errors import BackendUnavailable, DeviceUnavailable, MiaError, ModelUnavailable
from mia.home import Home
from mia.models import ModelStore
from mia.strings import catalogue, languages, translate
from mia.voice import VoiceInfo, voices_of

COLUMNS = ("id", "name", "language", "gender", "backend", "licence")


@click.command(help=translate("cli.voices.help"))
@click.option("--language", metavar="es|en", help=translate("cli.voices.language"))
@click.option("--sample", metavar="ID", help=translate("cli.voices.sample"))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help=translate("cli.voices.out"),
)
@click.option(
    "--samples",
    type=click.Path(file_okay=False, path_type=Path),
    help=translate("cli.voices.samples"),
)
@config_option
def voices(
    language: str | None,
    sample: str | None,
    out: Path | None,
    samples: Path | None,
    config_file: Path | None,
) -> None:
    console = Console(stderr=True)
    config = read_config(config_file, console, {}).config
    found, problems = available(config, ModelStore(Home.find()))
    if sample:
        or_say_why(lambda: _sample(sample, found, language, out, config, console))
        return
    wanted = language.lower() if language else None
    chosen = [voice for voice in found if not wanted or voice.language in (wanted, "")]
    if wanted and not any(voice.language for voice in chosen):
        chosen = []
    if chosen:
        Console().print(_table(chosen))
    for name, problem in problems.items():
        text = translate("cli.voices.missing", backend=name, reason=str(problem))
        console.print(f"• {text}", style="yellow", highlight=False)
    if not chosen:
        raise click.ClickException(translate("cli.voices.none", language=language or ""))
    if samples:
        or_say_why(lambda: _save_samples(chosen, samples, config, console))


def available(
    config: Config, store: ModelStore
) -> tuple[list[VoiceInfo], dict[str, MiaError | str]]:
    """Every voice of the installed backends, and why a backend could not tell its own."""
    found: list[VoiceInfo] = []
    problems: dict[str, MiaError | str] = {}
    home = Home.find()
    context = Context(store, tuple(languages()), home.cache / "backends", home.voices)
    section = config.models.tts
    for name, backend in backends("tts").items():
        if missing := backend.missing():
            extra = backend.extra or name
            problems[name] = translate(
                "error.backend.not_installed", name=name, missing=", ".join(missing), extra=extra
            )
            continue
        try:
            found += voices_of(backend, section.options(name), context)
        except ModelUnavailable as error:
            problems[name] = error
        except ValueError:
            # An option without a default is not configured: nobody uses this backend.
            continue
    return found, problems


def _sample(
    voice_id: str,
    found: list[VoiceInfo],
    language: str | None,
    out: Path | None,
    config: Config,
    console: Console,
) -> None:
    """Write one voice's sample to `out`, or play it. Raises MiaError."""
    voice = next((one for one in found if one.id == voice_id), None)
    if voice is None:
        raise BackendUnavailable("tts.no_such_voice", voice=voice_id)
    sound = _spoken(voice, (language or "").lower(), config, console)
    if out is None:
        play(sound)
        return
    say.save(out, sound)
    console.print(str(out), highlight=False)


def _spoken(voice: VoiceInfo, language: str, config: Config, console: Console) -> Samples:
    """The example sentence in this voice and its language. Raises MiaError."""
    store = ModelStore(Home.find())
    section = config.models.tts
    section.backend, section.voice = voice.backend, voice.id
    spoken_in = language or voice.language or config.language
    if spoken_in not in languages():
        spoken_in = languages()[0]
    ensure(say.models_for(config, spoken_in), store, console)
    text = catalogue(spoken_in)[f"cli.voices.example.{spoken_in}"]
    return asyncio.run(say.speech(config, store, text, spoken_in, console))


def play(sound: Samples) -> None:
    """Play it on this machine's loudspeaker, to the end. Raises DeviceUnavailable."""
    device: Any = portaudio()
    try:
        device.play(sound, PLAYING_RATE, blocking=True)
    except device.PortAudioError as error:
        raise DeviceUnavailable("device.cannot_open", reason=str(error)) from error


def _save_samples(chosen: list[VoiceInfo], folder: Path, config: Config, console: Console) -> None:
    """One WAV file for each embedded voice whose language the strings are in."""
    for voice in chosen:
        if voice.language not in languages() or voice.backend not in ("piper", "kokoro"):
            continue
        path = folder / f"{voice.id}.wav"
        say.save(path, _spoken(voice, voice.language, config, console))
        console.print(str(path), highlight=False)


def _table(chosen: list[VoiceInfo]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in COLUMNS:
        table.add_column(translate(f"cli.voices.column.{column}"))
    for voice in chosen:
        gender = translate(f"cli.voices.gender.{voice.gender}") if voice.gender else ""
        table.add_row(voice.id, voice.name, voice.language, gender, voice.backend, voice.licence)
    return table
