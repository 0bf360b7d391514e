"""`mia run`: start MIA and say where to find her."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click
from rich.console import Console

from mia.commands.setup import fetch
from mia.commands.shared import config_option, or_say_why, read_config, start_logs
from mia.home import Home
from mia.serving import Serving
from mia.strings import translate
from mia.web.access import is_loopback


@click.command(help=translate("cli.run.help"))
@click.option("--port", type=click.IntRange(1, 65_535), help=translate("cli.run.port"))
@click.option("--host", help=translate("cli.run.host"))
@config_option
def run(port: int | None, host: str | None, config_file: Path | None) -> None:
    console = Console(stderr=True)
    loaded = read_config(config_file, console, {"web.port": port, "web.host": host})
    config = loaded.config
    start_logs(loaded)
    name = "localhost" if is_loopback(config.web.host) else config.web.host

    def listening(bound: int) -> None:
        address = f"http://{name}:{bound}"
        console.print(translate("cli.run.address", address=address), highlight=False)
        status.update(translate("cli.run.loading"))

    def ready() -> None:
        status.stop()
        console.print(translate("cli.run.ready"), style="green")

    status = console.status(translate("cli.run.starting"))

    def work() -> None:
        fetch(config, console, ask=True)
        with status:
            asyncio.run(Serving(loaded, Home.find()).run(listening=listening, ready=ready))

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        or_say_why(work)
    console.print(translate("cli.run.bye"))
