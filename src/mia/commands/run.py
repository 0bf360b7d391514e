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


class Telling:
    """Says in the terminal where MIA is, at first and whenever that changes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._loads = True
        self.status = console.status(translate("cli.run.starting"))

    def listening(self, host: str, port: int) -> None:
        name = "localhost" if is_loopback(host) else host
        address = f"http://{name}:{port}"
        self._console.print(translate("cli.run.address", address=address), highlight=False)
        if self._loads:
            self.status.update(translate("cli.run.loading"))

    def reachable(self, way: Lan) -> None:
        address = translate("cli.run.lan_address", address=way.link)
        self._console.print(address, highlight=False)
        if self._console.is_terminal:
            self._console.out(terminal(way.link), highlight=False)
            self._console.print(translate("cli.run.lan_qr"))

    def ready(self) -> None:
        self._loads = False
        self.status.stop()
        self._console.print(translate("cli.run.ready"), style="green")


@click.command(help=translate("cli.run.help"))
@click.option("--port", type=click.IntRange(1, 65_535), help=translate("cli.run.port"))
@click.option("--host", help=translate("cli.run.host"))
@click.option("--lan", is_flag=True, help=translate("cli.run.lan"))
@click.option(
    "--lan-port",
    type=click.IntRange(1, 65_535),
    help=translate("cli.run.lan_port", port=PORT),
)
@config_option
def run(
    port: int | None, host: str | None, lan: bool, lan_port: int | None, config_file: Path | None
) -> None:
    console = Console(stderr=True)
    said = {"port": port, "host": host, "lan": lan or None, "lan_port": lan_port}
    fixed = {name: value for name, value in said.items() if value is not None}
    loaded = read_config(config_file, console, {f"web.{name}": fixed[name] for name in fixed})
    config = loaded.config
    start_logs(loaded)
    told = Telling(console)

    def work() -> None:
        fetch(config, console, ask=True)
        with told.status:
            serving = Serving(loaded, Home.find(), fixed)
            asyncio.run(serving.run(told, ready=told.ready))

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        or_say_why(work)
    console.print(translate("cli.run.bye"))
