"""`mia config`: is the file right, what counts and why, and the example that documents it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mia.commands.shared import config_option
from mia.config import Loaded, grouped, load, values
from mia.config import example as example_text
from mia.config.check import MASK
from mia.errors import MiaError
from mia.strings import translate


@click.group(help=translate("cli.config.help"))
def config() -> None:
    pass


@config.command(help=translate("cli.config.check.help"))
@click.argument(
    "file", required=False, type=click.Path(path_type=Path), metavar=f"[{translate('cli.file')}]"
)
@config_option
def check(file: Path | None, config_file: Path | None) -> None:
    loaded = _load(file or config_file)
    for notice in grouped(loaded.notices):
        click.echo(f"! {notice.text()}")
    if loaded.path.exists():
        click.echo(translate("cli.config.check.good", path=loaded.path))
    else:
        click.echo(translate("cli.config.check.none", path=loaded.path))


@config.command(help=translate("cli.config.example.help"))
@click.option("--language", type=click.Choice(["en", "es"]), default="en", show_default=True)
def example(language: str) -> None:
    # As bytes: a file made by ">" on Windows would be in the console's encoding otherwise.
    click.echo(example_text(language=language).encode(), nl=False)


@config.command(help=translate("cli.config.show.help"))
@config_option
@click.option("--json", "as_json", is_flag=True, help=translate("cli.option.json"))
def show(config_file: Path | None, as_json: bool) -> None:
    loaded = _load(config_file)
    rows = [
        (key.name, _shown(value, key.secret), _origin(loaded, key.name))
        for key, value in values(loaded.config)
    ]
    if as_json:
        click.echo(
            json.dumps(
                {
                    "version": 1,
                    "path": str(loaded.path),
                    "values": {name: {"value": v, "from": o} for name, v, o in rows},
                },
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    table = Table(title=str(loaded.path), title_justify="left", box=None, pad_edge=False)
    for column in ("key", "value", "from"):
        table.add_column(translate(f"cli.config.show.{column}"), overflow="fold")
    for name, value, origin in rows:
        written = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
        style = "" if name in loaded.sources else "dim"
        table.add_row(Text(name, style), Text(written, style), Text(origin, style))
    Console().print(table)


def _load(path: Path | None) -> Loaded:
    try:
        return load(path, env=os.environ)
    except MiaError as error:
        raise click.ClickException(str(error)) from error


def _shown(value: Any, secret: bool) -> Any:
    """A value as JSON has it; a secret only shows that it is set."""
    if secret:
        return MASK if value else None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_shown(item, False) for item in value]
    return str(value)


def _origin(loaded: Loaded, name: str) -> str:
    source = loaded.sources.get(name)
    if source is None:
        return translate("cli.config.show.default")
    if source.kind == "file":
        return translate("cli.config.show.line", line=source.detail)
    return source.detail
