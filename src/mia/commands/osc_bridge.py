"""`mia osc-bridge`: OSC on port 9000 in, VTube Studio out."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click
from rich.console import Console

from mia import backends
from mia import main as program
from mia.avatar.bridge import HeardFace, addresses, listening
from mia.avatar.output import AvatarOutput, OutputState
from mia.commands.shared import config_option, or_say_why, read_config, start_logs
from mia.config import Config
from mia.errors import MiaError
from mia.home import Home
from mia.strings import translate

OUTPUT = "vts"
PORT = 9000


@click.command("osc-bridge", help=translate("cli.osc_bridge.help"))
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=PORT, help=translate("cli.osc_bridge.port")
)
@click.option("--host", default="127.0.0.1", help=translate("cli.osc_bridge.host"))
@config_option
def osc_bridge(port: int, host: str, config_file: Path | None) -> None:
    console = Console(stderr=True)
    loaded = read_config(config_file, console, {})
    start_logs(loaded)
    with contextlib.suppress(KeyboardInterrupt):
        or_say_why(lambda: asyncio.run(bridge(loaded.config, Home.find(), host, port, console)))


async def bridge(config: Config, home: Home, host: str, port: int, console: Console) -> None:
    """Pass on until cancelled. Raises MiaError: the port is taken, MIA is at VTube Studio
    directly."""
    outputs = config.avatar.outputs
    options = outputs.options(OUTPUT)
    if getattr(options, "enabled", None) is True:
        raise MiaError("bridge.direct")
    names = outputs.options("osc")
    meanings = addresses(
        str(getattr(names, "mouth_open", "MouthOpen")), str(getattr(names, "blink", "EyeBlink"))
    )
    output: AvatarOutput = await backends.load(
        "avatar", OUTPUT, options, program.context_of(config, home)
    )
    refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def changed() -> None:
        state = output.state
        if state.status == "failed" and state.problem and not refused.done():
            refused.set_exception(state.problem)
        else:
            _say(console, state)

    output.changed = changed
    transport, face = await listening(host, port, lambda: HeardFace(meanings))
    said = translate("cli.osc_bridge.listening", host=host, port=port)
    console.print(said, highlight=False, style="green")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(output.run(face))
            await refused
    except* MiaError as errors:
        raise errors.exceptions[0] from None
    finally:
        transport.close()


def _say(console: Console, state: OutputState) -> None:
    if state.problem is not None:
        console.print(state.problem.text(), style="yellow", highlight=False)
    elif state.status == "connected":
        model = state.details.get("model") or translate("cli.osc_bridge.no_model")
        console.print(translate("cli.osc_bridge.connected", model=model), highlight=False)
    elif state.status == "searching":
        console.print(translate("cli.osc_bridge.searching"), highlight=False)
