"""`mia discord check`: exactly what is missing before she can come into a voice channel."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
from rich.console import Console

from mia import calling
from mia.commands.shared import config_option, read_config
from mia.config.discord import Discord
from mia.strings import translate

_MARKS = {"ok": ("✓", "green"), "missing": ("✗", "red"), "note": ("•", "yellow")}


@click.group(help=translate("cli.discord.help"))
def discord() -> None:
    pass


@discord.command(help=translate("cli.discord.check.help"))
@config_option
def check(config_file: Path | None) -> None:
    console = Console()
    loaded = read_config(config_file, Console(stderr=True), {})
    missing = asyncio.run(tell(loaded.config.discord, console))
    sys.exit(1 if missing else 0)


async def tell(config: Discord, console: Console) -> int:
    """Print every finding as it is made; how many things are missing."""

    def say(state: str, key: str, **parameters: object) -> None:
        mark, style = _MARKS[state]
        text = translate(f"cli.discord.{key}", **parameters)
        console.print(f"[{style}]{mark}[/] ", end="")
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    if not calling.installed():
        say("missing", "no_module")
        return 1
    say("ok", "module")
    from mia.channels.discord import checking

    count = 0
    async for finding in checking.check(config):
        say(finding.state, finding.key, **finding.parameters)
        count += finding.state == "missing"
    if not config.enabled:
        say("note", "not_enabled")
    console.print()
    console.print(
        translate("cli.discord.wanting", count=count) if count else translate("cli.discord.fine")
    )
    return count
