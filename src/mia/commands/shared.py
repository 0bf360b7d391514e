"""What several commands do first: read the configuration, choose the language, log."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from mia.config import Loaded, default_path, grouped, load
from mia.errors import MiaError
from mia.home import Home
from mia.strings import translate
from mia.telemetry import logs

#: A log file is begun anew at this size, and this many old ones are kept.
LOG_BYTES = 5_000_000
LOG_FILES = 3

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


def start_logs(loaded: Loaded) -> None:
    """Log as configured. Raises click.ClickException when the file cannot be written."""
    wanted = loaded.config.log
    redact = logs.setup(wanted.level.upper(), wanted.format)
    if wanted.file is None:
        return
    try:
        wanted.file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            wanted.file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
    except OSError as error:
        reason = str(error.strerror)
        raise click.ClickException(
            translate("cli.cannot_write", path=str(wanted.file), reason=reason)
        ) from error
    if wanted.format == "json":
        handler.setFormatter(logs.JsonFormatter(redact))
    else:
        handler.setFormatter(logs.TextFormatter(redact, colours=False))
    logging.getLogger().addHandler(handler)


def or_say_why(action: Callable[[], None]) -> None:
    """Run it; what a user can mend is shown as one clear line, not as a traceback."""
    try:
        action()
    except MiaError as error:
        raise click.ClickException(str(error)) from error
