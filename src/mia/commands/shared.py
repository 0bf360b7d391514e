"""What several commands do first: read the configuration, choose the language, log."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from mia.config import Loaded, default_path, grouped, load
from mia.errors import MiaError
from mia.home import Home
from mia.strings import translate
from mia.telemetry import logs

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=translate("cli.option.config"),
)
language_option = click.option(
    "--language", metavar="es|en|auto", help=translate("cli.option.language")
)


def read_config(path: Path | None, console: Console, changes: dict[str, Any]) -> Loaded:
    """The configuration, with what the command line says instead; notices are printed.

    Raises click.ClickException with everything that is wrong.
    """
    home = Home.find()
    try:
        loaded = load(path or default_path(home), env=os.environ)
    except MiaError as error:
        raise click.ClickException(str(error)) from error
    for notice in grouped(loaded.notices):
        console.print(f"• {notice.text()}", style="yellow", highlight=False)
    config = loaded.config
    for key, value in changes.items():
        if value is None:
            continue
        section: Any = config
        *way, last = key.split(".")
        for name in way:
            section = getattr(section, name)
        try:
            setattr(section, last, value)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint=f"--{last}") from error
    return loaded


def start_logs(loaded: Loaded, secrets: Iterable[str] = ()) -> None:
    """Log as configured."""
    logs.setup(loaded.config.log.level.upper(), loaded.config.log.format, secrets=secrets)


def or_say_why(action: Callable[[], None]) -> None:
    """Run it; what a user can mend is shown as one clear line, not as a traceback."""
    try:
        action()
    except MiaError as error:
        raise click.ClickException(str(error)) from error
