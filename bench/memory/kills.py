"""A hundred times kill -9 while writing: is every acknowledged line there, and does the index hold
what the journal holds?

A child writes lines, delivering them to a real index as it goes, and prints each id once `Journal`
says that it is written. It is killed at a random moment, and a new one goes on in the same folder.
After each kill the journal is read: every printed line must be there, whole.

    python -m bench.memory.kills [--kills 100]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mia.blocking import Worker
from mia.mind.memory import keeping, reading
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.journal import FILE, connect
from mia.mind.memory.outbox import Outbox
from mia.mind.memory.ports import TextKind, Vectors
from mia.mind.memory.records import Line

DIMENSIONS = 64
SESSION_LINES = 40


class Hashed:
    """Stands in for an embedder: what counts here is that ids arrive, not what they mean."""

    name = "hashed"
    dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        rows = [np.random.default_rng(len(text)).normal(size=DIMENSIONS) for text in texts]
        matrix = np.asarray(rows, np.float32)
        return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), np.float32)

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Result:
    kills: int
    acknowledged: int
    lost: int
    mangled: int
    """Written otherwise than they were said."""
    differing: int
    """Ids in which index and journal differed after the next start had settled."""
    torn: int
    """Kills after which SQLite's own check of the file found fault."""
    opening_ms: float
    """Median time from opening the folder to a settled index."""


def text_of(number: int) -> str:
    return f"Línea número {number}: " + "palabra " * (number % 30)


async def settle(folder: Path) -> tuple[int, int]:
    """Open the folder as MIA does; (ids that differ afterwards, lines in the journal)."""
    journal, _ = keeping.open_journal(folder)
    writer, indexer = Worker("journal"), Worker("index")
    index = BuiltinIndex(folder / "index" / "hashed.bytes", DIMENSIONS)
    outbox = Outbox(journal, writer, indexer, lambda: asyncio.sleep(0))
    outbox.embedder, outbox.index = Hashed(), index
    await outbox.agree()
    await outbox.deliver()
    await outbox.catch_up()
    with reading.opened(folder) as connection:
        awake = {row[0] for row in connection.execute("SELECT id FROM memory WHERE dormant = 0")}
    differing = awake ^ index.ids()
    index.close()
    journal.close()
    writer.close()
    indexer.close()
    return len(differing), len(awake)


async def child(folder: Path, first: int) -> None:
    """Write until killed."""
    journal, _ = keeping.open_journal(folder)
    writer, indexer = Worker("journal"), Worker("index")
    index = BuiltinIndex(folder / "index" / "hashed.bytes", DIMENSIONS)
    outbox = Outbox(journal, writer, indexer, lambda: asyncio.sleep(0))
    outbox.embedder, outbox.index = Hashed(), index
    session, number = 0, first
    while True:
        if number % SESSION_LINES == 0 or not session:
            session = await writer.run(journal.begin, "stage", "MIA", "es", float(number))
        line = Line(f"u{number}", "user", "owner", "MIA", "es", text_of(number), float(number))
        memory = await writer.run(journal.keep, session, line)
        print(json.dumps([memory, number]), flush=True)
        number += 1
        if number % 7 == 0:
            await outbox.deliver()


def run(kills: int = 100, seed: int = 1) -> Result:
    """The whole measurement; `kills` children."""
    chance = random.Random(seed)
    told: dict[int, int] = {}
    opening: list[float] = []
    lost = mangled = differing = torn = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(kills):
            first = max(told.values(), default=-1) + 1
            command = [sys.executable, "-m", "bench.memory.kills", "--child", name, str(first)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.25))
            os.kill(process.pid, signal.SIGKILL)
            out = process.stdout.read()
            process.stdout.close()
            process.wait()
            # The last line may have been cut off in the pipe; it was not acknowledged in full.
            whole = [line for line in out.split("\n")[:-1] if line.endswith("]")]
            told |= dict(map(json.loads, whole))
            with closing(connect(folder / FILE, write=False)) as connection:
                torn += connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok"
                rows = dict(connection.execute("SELECT id, text FROM memory"))
            lost += sum(memory not in rows for memory in told)
            mangled += sum(
                memory in rows and rows[memory] != text_of(number)
                for memory, number in told.items()
            )
            begun = time.perf_counter()
            differing += asyncio.run(settle(folder))[0]
            opening.append((time.perf_counter() - begun) * 1000)
    return Result(kills, len(told), lost, mangled, differing, torn, float(np.median(opening)))


def table(result: Result) -> str:
    return (
        f"{result.kills} × kill -9 while writing: {result.acknowledged:,} lines acknowledged,"
        f" {result.lost} lost, {result.mangled} mangled; {result.torn} torn files;"
        f" {result.differing} ids in which index and journal differed after the next start"
        f" (settled in {result.opening_ms:.0f} ms, median)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "FIRST"))
    arguments = parser.parse_args()
    if arguments.child:
        asyncio.run(child(Path(arguments.child[0]), int(arguments.child[1])))
    else:
        print(table(run(arguments.kills)))


if __name__ == "__main__":
    main()
