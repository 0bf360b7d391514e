"""`mia voices`: which voices there are, and what they sound like."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from mia.backends import Context, backends
from mia.commands import say
from mia.commands.shared import config_option, or_say_why, read_config
from mia.config import Config
from mia.errors import MiaError, ModelUnavailable
from mia.home import Home
from mia.models import ModelStore
from mia.strings import catalogue, languages, translate
from mia.voice import VoiceInfo, voices_of

COLUMNS = ("id", "name", "language", "gender", "backend", "licence")


@click.command(help=translate("cli.voices.help"))
@click.option("--language", metavar="es|en", help=translate("cli.voices.language"))
@click.option(
    "--sample",
    type=click.Path(file_okay=False, path_type=Path),
    help=translate("cli.voices.sample"),
)
@config_option
def voices(language: str | None, sample: Path | None, config_file: Path | None) -> None:
    console = Console(stderr=True)
    config = read_config(config_file, console, {}).config
    found, problems = available(config, ModelStore(Home.find()))
    chosen = [voice for voice in found if not language or voice.language == language.lower()]
    if chosen:
        Console().print(_table(chosen))
    for name, problem in problems.items():
        text = translate("cli.voices.missing", backend=name, reason=str(problem))
        console.print(f"• {text}", style="yellow", highlight=False)
    if not chosen:
        raise click.ClickException(translate("cli.voices.none", language=language or ""))
    if sample:
        or_say_why(lambda: _save_samples(chosen, sample, config, console))


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


def _save_samples(chosen: list[VoiceInfo], folder: Path, config: Config, console: Console) -> None:
    """One WAV file for each embedded voice whose language the strings are in."""
    store = ModelStore(Home.find())
    section = config.models.tts
    for voice in chosen:
        if voice.language not in languages() or voice.backend not in ("piper", "kokoro"):
            continue
        section.backend, section.voice = voice.backend, voice.id
        text = catalogue(voice.language)[f"cli.voices.example.{voice.language}"]
        sound = asyncio.run(say.speech(config, store, text, voice.language, console))
        path = folder / f"{voice.id}.wav"
        say.save(path, sound)
        console.print(str(path), highlight=False)


def _table(chosen: list[VoiceInfo]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in COLUMNS:
        table.add_column(translate(f"cli.voices.column.{column}"))
    for voice in chosen:
        gender = translate(f"cli.voices.gender.{voice.gender}") if voice.gender else ""
        table.add_row(voice.id, voice.name, voice.language, gender, voice.backend, voice.licence)
    return table
