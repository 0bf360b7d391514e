"""`mia talk`: a spoken conversation with recordings instead of a microphone.

It is the live pipeline with another source and sink, in real time, so that what is measured here
is what a person gets.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mia import main as program
from mia.audio.recording import read_recording
from mia.channels.recording import RecordedTalk
from mia.commands.setup import fetch
from mia.commands.shared import (
    config_option,
    language_option,
    or_say_why,
    read_config,
    start_logs,
)
from mia.config import Loaded
from mia.conversation.ports import Samples
from mia.home import Home
from mia.strings import translate
from mia.telemetry.events import EventBus, Notice
from mia.telemetry.turns import TurnReport, TurnReports

file_option = click.Path(dir_okay=False, path_type=Path)


@click.command(help=translate("cli.talk.help"))
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@language_option
@click.option("--out", type=file_option, help=translate("cli.talk.out"))
@click.option("--tap", "tap_file", type=file_option, help=translate("cli.talk.tap"))
@click.option("--json", "report_file", type=file_option, help=translate("cli.talk.json"))
@config_option
def talk(
    recordings: tuple[Path, ...],
    language: str | None,
    out: Path | None,
    tap_file: Path | None,
    report_file: Path | None,
    config_file: Path | None,
) -> None:
    console = Console(stderr=True)
    loaded = read_config(config_file, console, {"language": language})
    start_logs(loaded)

    def work() -> None:
        # Everything that can be wrong with what was given is said before anything is loaded.
        sounds = [(path, read_recording(path)) for path in recordings]
        fetch(loaded.config, console, ask=True)
        report, held = asyncio.run(converse(loaded, sounds, console))
        try:
            if tap_file:
                held.tap.write(tap_file)
            if out:
                held.tap.write_reply(out)
            if report_file:
                report_file.parent.mkdir(parents=True, exist_ok=True)
                text = json.dumps(report, ensure_ascii=False, indent=1)
                report_file.write_text(text + "\n", "utf-8")
        except OSError as error:
            raise click.ClickException(
                translate("cli.cannot_write", path=error.filename or "", reason=str(error))
            ) from error
        show(report, console)

    or_say_why(work)


async def converse(
    loaded: Loaded, sounds: list[tuple[Path, Samples]], console: Console
) -> tuple[dict[str, Any], RecordedTalk]:
    """Hold the conversation; its report, and its tap."""
    bus = EventBus()
    reports = TurnReports(bus)
    notices: list[Notice] = []
    bus.listen(lambda event: notices.append(event) if isinstance(event, Notice) else None)
    folder = loaded.path.parent
    held = RecordedTalk()
    with console.status(translate("cli.talk.loading")) as status:
        async with program.assembled(loaded.config, folder, Home.find(), bus) as parts:
            conversation = program.conversation("talk", parts, loaded.config, bus, measured=True)
            status.update(translate("cli.talk.talking"))
            async with asyncio.TaskGroup() as group:
                life = group.create_task(conversation.run())
                await asyncio.sleep(0)
                await held.hold(conversation, sounds)
                life.cancel()
    return report_of(held, reports.newest(), notices), held


def report_of(held: RecordedTalk, turns: list[TurnReport], notices: list[Notice]) -> dict[str, Any]:
    """What was said, what was answered, how long it took: one entry for each recording.

    `v2v_ms` is read off the tap; `stages` are what the pipeline says of itself. A recording that
    was taken as several turns has them all in `parts`.
    """
    entries: list[dict[str, Any]] = []
    latencies = held.latencies()
    ends = [*(said.start for said in held.said[1:]), float("inf")]
    for said, latency, until in zip(held.said, latencies, ends, strict=True):
        mine = [t for t in turns if said.start <= t.committed_at - held.begun < until]
        entries.append(
            {
                "file": said.path.name,
                "user_text": " ".join(turn.user_text for turn in mine),
                "reply_text": " ".join(t.reply_text for t in mine if t.reply_text),
                "heard_text": " ".join(t.heard_text for t in mine if t.heard_text),
                "v2v_ms": None if latency is None else round(latency * 1000),
                "stages": {k: round(v) for k, v in (mine[-1].stages if mine else {}).items()},
                "speech": [round(said.start, 3), round(said.end, 3)],
                "parts": len(mine),
            }
        )
    return {
        "version": 1,
        "turns": entries,
        "notices": [{"level": n.level, "code": n.code, **n.parameters} for n in notices],
    }


def show(report: dict[str, Any], console: Console) -> None:
    """The report as a table for people."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(translate("cli.talk.you"), overflow="fold", ratio=3)
    table.add_column("MIA", overflow="fold", ratio=3)
    table.add_column("V2V", justify="right")
    for turn in report["turns"]:
        v2v = turn["v2v_ms"]
        table.add_row(
            escape(turn["user_text"]) or f"[dim]{translate('cli.talk.nothing')}[/]",
            escape(turn["reply_text"]) or f"[dim]{translate('cli.talk.silent')}[/]",
            "—" if v2v is None else f"{v2v} ms",
        )
    console.print(table)
