"""Is a forgotten text gone? Every file under the data directory is searched for its bytes.

A memory with telling words is said among many others, recalled, indexed, put into a fact, copied by
the daily copy, quoted in a conversation's name; then it is forgotten while a reader is at work. The
whole folder, MIA's log and the exports are searched for the text and for each of its telling words,
in UTF-8 and UTF-16, in either case.

    python -m bench.memory.forgetting
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.memory.kills import DIMENSIONS, Hashed
from mia.blocking import Worker
from mia.mind.memory import forgetting, keeping, reading
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.outbox import Outbox
from mia.mind.memory.records import Line, Wanted

#: Without their last letters, since the word tables keep stems.
TELLING = ("Xilofoni", "Quetzalcoatlpac")
TEXT = "Mi perra se llama Xilofonia y mi clave es Quetzalcoatlpaca 4711."
FACT = "La perra se llama Xilofonia; la clave, Quetzalcoatlpaca 4711."


@dataclass(frozen=True, slots=True)
class Result:
    lines: int
    files: int
    bytes: int
    """Searched."""
    before: int
    """Places in which the text's words were found before it was forgotten …"""
    after: int
    """… and after."""


def places(folder: Path) -> tuple[int, int, int]:
    """(files, bytes, places with a telling word) under a folder."""
    files = size = found = 0
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        files += 1
        size += len(data)
        low = data.lower()
        for word in (TEXT, *TELLING):
            for coded in (word.lower().encode(), word.lower().encode("utf-16-le")):
                found += low.count(coded)
    return files, size, found


async def measured(folder: Path, lines: int) -> Result:
    journal, _ = keeping.open_journal(folder)
    writer, indexer = Worker("journal"), Worker("index")
    index = BuiltinIndex(folder / "index" / "hashed.bytes", DIMENSIONS)
    outbox = Outbox(journal, writer, indexer, lambda: asyncio.sleep(0))
    outbox.embedder, outbox.index = Hashed(), index
    session = 0
    wanted = 0
    for number in range(lines):
        if number % 40 == 0:
            session = await writer.run(journal.begin, "stage", "MIA", "es", float(number))
        text = TEXT if number == lines // 2 else f"Hablamos del asunto {number}, y de nada más."
        line = Line(f"u{number}", "user", "owner", "MIA", "es", text, float(number))
        memory = await writer.run(journal.keep, session, line)
        if text == TEXT:
            wanted = memory
            await writer.run(journal.rename, session, "Xilofonia y Quetzalcoatlpaca")

    def fact() -> None:
        with journal.transaction():
            line = Line("", "user", "owner", "MIA", "es", FACT, 1.0)
            journal.found_in(journal.insert("fact", None, line), [wanted])

    await writer.run(fact)
    await outbox.deliver()
    await writer.run(keeping.copy, journal.path, 1.0)
    _, _, before = places(folder)
    with reading.opened(folder) as reader:
        reader.execute("SELECT count(*) FROM memory").fetchone()
        await writer.run(forgetting.forget, journal, Wanted(ids=(wanted,)))
    await outbox.deliver()
    files, size, after = places(folder)
    index.close()
    journal.close()
    closed = places(folder)
    writer.close()
    indexer.close()
    return Result(lines, files, size, before, after + closed[2])


def run(lines: int = 5_000) -> Result:
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(measured(Path(name), lines))


def table(result: Result) -> str:
    return (
        f"forgotten among {result.lines:,} lines: its words were in {result.before} places,"
        f" afterwards in {result.after} ({result.files} files, {result.bytes:,} bytes searched)"
    )


if __name__ == "__main__":
    print(table(run()))
