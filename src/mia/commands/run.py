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
from mia.web.lan import PORT, Lan
from mia.web.phone import terminal


@click.command(help=translate("cli.run.help"))
@click.option("--port", type=click.IntRange(1, 65_535), help=translate("cli.run.port"))
@click.option("--host", help=translate("cli.run.host"))
@click.option("--lan", is_flag=True, help=translate("cli.run.lan"))
@click.option(
    "--lan-port",
    type=click.IntRange(1, 65_535),
    default=PORT,
    help=translate("cli.run.lan_port", port=PORT),
)
@config_option
def run(
    port: int | None, host: str | None, lan: bool, lan_port: int, config_file: Path | None
) -> None:
    console = Console(stderr=True)
    loaded = read_config(config_file, console, {"web.port": port, "web.host": host})
    config = loaded.config
    start_logs(loaded)
    name = "localhost" if is_loopback(config.web.host) else config.web.host

    def listening(bound: int) -> None:
        address = f"http://{name}:{bound}"
        console.print(translate("cli.run.address", address=address), highlight=False)
        status.update(translate("cli.run.loading"))

    def reachable(way: Lan) -> None:
        console.print(translate("cli.run.lan_address", address=way.link), highlight=False)
        if console.is_terminal:
            console.out(terminal(way.link), highlight=False)
            console.print(translate("cli.run.lan_qr"))

    def ready() -> None:
        status.stop()
        console.print(translate("cli.run.ready"), style="green")

    status = console.status(translate("cli.run.starting"))

    def work() -> None:
        fetch(config, console, ask=True)
        with status:
            serving = Serving(loaded, Home.find()).run(
                lan=lan_port if lan else None,
                listening=listening,
                reachable=reachable,
                ready=ready,
            )
            asyncio.run(serving)

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        or_say_why(work)
    console.print(translate("cli.run.bye"))
