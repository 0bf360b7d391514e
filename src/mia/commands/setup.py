"""`mia setup`: fetch the models that the configuration needs, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from mia import main as program
from mia.commands.models import ensure
from mia.commands.shared import config_option, or_say_why, read_config
from mia.config import Config
from mia.home import Home
from mia.models import ModelStore
from mia.strings import translate


@click.command(help=translate("cli.setup.help"))
@config_option
@click.option("--yes", is_flag=True, help=translate("cli.models.pull.yes"))
def setup(config_file: Path | None, yes: bool) -> None:
    console = Console(stderr=True)
    loaded = read_config(config_file, console, {})
    or_say_why(lambda: fetch(loaded.config, console, ask=not yes))
    console.print(translate("cli.setup.ready"), style="green")


def fetch(config: Config, console: Console, *, ask: bool) -> None:
    """Make sure that every model of this configuration is there. Raises MiaError."""
    ids = program.models_of(config, program.languages_of(config))
    ensure(ids, ModelStore(Home.find()), console, ask=ask)
