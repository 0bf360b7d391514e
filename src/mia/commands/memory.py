"""`mia memory`: what she remembers, from the command line; for scripts, and when she is asleep.

Whatever changes something takes the memory for itself, so MIA must not be running then (her page
does all of it too). Reading is possible at any time; a journal of an older MIA is brought up to
date first, as starting her would.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from mia import calendar
from mia import main as program
from mia import memory as remembering
from mia.commands.shared import config_option, or_say_why, read_config
from mia.config import Config
from mia.errors import MiaError
from mia.home import Home
from mia.mind.memory import forgetting, keeping, migrations, reading, transfer
from mia.mind.memory.journal import FILE, Journal
from mia.mind.memory.library import Library
from mia.mind.memory.ports import Question
from mia.mind.memory.records import Memory, Wanted
from mia.mind.memory.retrieval import Retriever
from mia.strings import translate
from mia.telemetry.events import EventBus

MEGABYTE = 1_000_000


@click.group(help=translate("cli.memory.help"))
def memory() -> None:
    pass


def _config(path: Path | None) -> Config:
    return read_config(path, Console(stderr=True), {}).config


def _folder(config: Config, names: str = FILE) -> Path | None:
    """Where the journal is, or a file with one of these names; None (and said so): there is
    none."""
    folder = remembering.folder_of(config, Home.find())
    if any(folder.glob(names)):
        return folder
    click.echo(translate("cli.memory.none", path=folder))
    return None


@contextlib.contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """What SQLite cannot read is told in words. Raises MiaError `memory.unreadable`."""
    try:
        yield
    except sqlite3.Error as error:
        raise MiaError("memory.unreadable", path=folder / FILE, reason=error) from error


@contextlib.contextmanager
def _read(folder: Path) -> Iterator[sqlite3.Connection]:
    """A reading connection to a journal that is up to date. Raises MiaError."""
    with _readable(folder):
        with reading.opened(folder) as connection:
            version = migrations.version(connection)
        if version > migrations.VERSION:
            raise MiaError("memory.newer", version=version, known=migrations.VERSION)
        if version < migrations.VERSION:  # so no MIA of now has it open
            held = keeping.Held(folder)
            try:
                Journal(folder).close()
            finally:
                held.release()
        with reading.opened(folder) as connection:
            yield connection


@contextlib.asynccontextmanager
async def _held(config: Config) -> AsyncIterator[Library]:
    """The memory for ourselves, its index in step at the end. Raises MiaError."""
    console = Console(stderr=True)

    def trouble(problem: MiaError) -> None:
        if problem.code != "memory.in_use":  # raised below
            console.print(f"• {problem}", style="yellow", highlight=False)

    async def ready() -> None:
        return

    memories = remembering.memories_of(
        config,
        Home.find(),
        EventBus(),
        program.context_of(config, Home.find()),
        trouble,
        ready,
    )
    async with memories.living():
        await memories.opened()
        if memories.status == "failed" and memories.problem is not None:
            raise memories.problem
        with _readable(memories.folder):
            yield Library(memories)
            await memories.caught_up()
            await memories.delivered()


def _changing(config: Config, work: Callable[[Library], Awaitable[None]]) -> None:
    async def run() -> None:
        async with _held(config) as library:
            await work(library)

    or_say_why(lambda: asyncio.run(run()))


# ── looking ──────────────────────────────────────────────────────────────────────────────────


@memory.command(help=translate("cli.memory.stats.help"))
@click.option("--json", "as_json", is_flag=True, help=translate("cli.memory.json"))
@config_option
def stats(as_json: bool, config_file: Path | None) -> None:
    folder = _folder(_config(config_file))
    if folder is None:
        return

    def show() -> None:
        with _read(folder) as connection:
            counts = reading.counts(connection)
            speakers = reading.speakers(connection)
            personas = reading.personas(connection)
            change = reading.change(connection)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if as_json:
            rows = {"speakers": [*map(asdict, speakers)], "personas": [*map(asdict, personas)]}
            told = {**counts, "bytes": size, "change": change and asdict(change), **rows}
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))
            return
        for name, count in counts.items():
            click.echo(f"{translate(f'cli.memory.stats.{name}')}: {count:,}")
        click.echo(f"{translate('cli.memory.stats.size')}: {size / MEGABYTE:,.1f} MB ({folder})")
        if change is not None:
            click.echo(translate("cli.memory.stats.change", **asdict(change)))
        for one in speakers:
            off = "" if one.remembered else f" · {translate('cli.memory.stats.not_remembered')}"
            click.echo(f"  {one.name or one.id}: {one.memories:,}{off}")

    or_say_why(show)


@memory.command(help=translate("cli.memory.search.help"))
@click.argument("text")
@click.option("--speaker", metavar="ID", help=translate("cli.memory.speaker"))
@click.option("--limit", type=click.IntRange(1, 200), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help=translate("cli.memory.json"))
@config_option
def search(
    text: str, speaker: str | None, limit: int, as_json: bool, config_file: Path | None
) -> None:
    config = _config(config_file)
    folder = _folder(config)
    if folder is not None:
        or_say_why(lambda: _search(config, folder, text, speaker, limit, as_json))


def _search(
    config: Config, folder: Path, text: str, speaker: str | None, limit: int, as_json: bool
) -> None:
    question = Question(text, speaker=speaker, now=calendar.now(), limit=limit)

    async def with_meaning() -> list[dict[str, Any]]:
        async with _held(config) as library:
            await library.memories.caught_up()
            wanted = {"speaker": speaker} if speaker else {}
            return await library.search(text, wanted, limit)

    try:
        rows = asyncio.run(with_meaning())
    except MiaError as error:
        if error.code != "memory.in_use":
            raise
        # MIA has the index; the words in the journal can be read beside her.
        with _read(folder) as connection:
            found = {one.id: one.score for one in Retriever(connection).search(question)}
            memories = reading.by_ids(connection, list(found))
        rows = [{**asdict(one), "score": round(found[one.id], 4)} for one in memories]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        click.echo(translate("cli.memory.search.nothing"))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("id", "when", "who", "text"):
        table.add_column(translate(f"cli.memory.column.{name}"), overflow="fold")
    for row in rows:
        row.pop("score")
        one = Memory(**row)
        who = one.persona if one.role == "assistant" else one.speaker
        table.add_row(str(one.id), _when(one.at), who, one.text)
    Console(markup=False).print(table)


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


# ── changing ─────────────────────────────────────────────────────────────────────────────────


def _seconds(date: str | None) -> float | None:
    """Unix seconds of a date as people write it, in this machine's own time zone."""
    if date is None:
        return None
    try:
        return datetime.fromisoformat(date).astimezone().timestamp()
    except ValueError as error:
        raise MiaError("memory.bad_date", date=date) from error


@memory.command(help=translate("cli.memory.forget.help"))
@click.option("--id", "ids", type=int, multiple=True, help=translate("cli.memory.forget.id"))
@click.option("--speaker", metavar="ID", help=translate("cli.memory.speaker"))
@click.option("--since", metavar="DATE", help=translate("cli.memory.forget.since"))
@click.option("--until", metavar="DATE", help=translate("cli.memory.forget.until"))
@click.option("--everything", is_flag=True, help=translate("cli.memory.forget.everything"))
@click.option("--yes", is_flag=True, help=translate("cli.memory.forget.yes"))
@config_option
def forget(
    ids: tuple[int, ...],
    speaker: str | None,
    since: str | None,
    until: str | None,
    everything: bool,
    yes: bool,
    config_file: Path | None,
) -> None:
    config = _config(config_file)
    folder = _folder(config, f"{FILE}*")  # a copy or a damaged one alone can be forgotten too
    if folder is None:
        return

    async def work(library: Library) -> None:
        wanted = {
            "ids": ids or None,
            "speaker": speaker,
            "since": _seconds(since),
            "until": _seconds(until),
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        if not given and not everything:
            raise MiaError("memory.nothing_wanted")
        count = await library.count(given)
        # Copies, and what was set aside damaged, hold memories the journal does not count.
        beside = not given and any(folder.glob(f"{FILE}.*"))
        if not count and not beside:
            finished = await _finish(library)
            click.echo(
                translate("cli.memory.forget.finished" if finished else "cli.memory.search.nothing")
            )
            return
        ask = translate(
            "cli.memory.forget.ask" if count else "cli.memory.forget.ask_copies", count=count
        )
        if not yes and not click.confirm(ask):
            await _finish(library)
            return
        gone = await library.forget(given)  # clears up for an earlier one too
        click.echo(translate("cli.memory.forget.done", count=gone))

    _changing(config, work)


async def _finish(library: Library) -> bool:
    """Clear up what an interrupted forgetting left; whether there was something."""
    return await library.memories.on_journal(forgetting.finish)


@memory.command(help=translate("cli.memory.rebuild.help"))
@config_option
def rebuild(config_file: Path | None) -> None:
    config = _config(config_file)
    if _folder(config) is None:
        return

    async def work(library: Library) -> None:
        await library.memories.caught_up()
        await library.rebuild()
        await library.memories.agreed()
        click.echo(translate("cli.memory.rebuild.done"))

    _changing(config, work)


# ── taking along ─────────────────────────────────────────────────────────────────────────────


@memory.command(help=translate("cli.memory.export.help"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--speaker", metavar="ID", help=translate("cli.memory.speaker"))
@config_option
def export(file: Path | None, speaker: str | None, config_file: Path | None) -> None:
    folder = _folder(_config(config_file))
    if folder is None:
        return

    def write() -> None:
        with _read(folder) as connection:
            # All of it before the file is opened: a journal that cannot be read must not cost an
            # export of before.
            lines = list(transfer.export(connection, Wanted(speaker=speaker)))
        _put_down(file, lines)
        click.echo(translate("cli.memory.export.done", count=len(lines)), err=True)

    or_say_why(write)


def _put_down(file: Path | None, lines: Sequence[str]) -> None:
    """Write to a file for this user's eyes only, or to the output.

    Raises MiaError `memory.export_failed`.
    """
    if file is None or str(file) == "-":
        with click.open_file("-", "w", encoding="utf-8") as out:
            out.writelines(lines)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            if os.name == "posix" and stat.S_ISREG(os.fstat(descriptor).st_mode):
                # One that was there already; a memory stick may know of no such rights.
                with contextlib.suppress(OSError):
                    os.fchmod(descriptor, 0o600)
            out.writelines(lines)
    except OSError as error:
        reason = error.strerror or error
        raise MiaError("memory.export_failed", path=file, reason=reason) from error


@memory.command("import", help=translate("cli.memory.import.help"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def import_(file: Path, config_file: Path | None) -> None:
    async def work(library: Library) -> None:
        added = await library.read_in(lines)
        click.echo(translate("cli.memory.import.done", count=added))

    try:
        lines = file.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: {error}") from error

    _changing(_config(config_file), work)
