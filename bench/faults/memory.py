"""Faults of what she remembers: the real journal on a real disk, a real Chroma, real seconds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

from bench.faults.outcome import Outcome
from bench.faults.scene import ASKED, Scene
from mia import calendar
from mia.backends import Context, backends, load
from mia.conversation import Conversation
from mia.errors import MiaError
from mia.home import Home
from mia.mind.memory import keeping, reading
from mia.mind.memory.changing import Engine
from mia.mind.memory.indexes import chroma
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.journal import FILE, Journal
from mia.mind.memory.memories import Memories
from mia.mind.memory.ports import VectorIndex
from mia.mind.memory.records import Line, Wanted
from mia.mind.memory.retrieval import Retriever
from mia.models.store import ModelStore
from mia.telemetry.events import EventBus
from tests.support.fakes import FakeLlm, FakeTts
from tests.support.memory import WordsEmbedder

HELD = 3.0
"""Seconds that another program keeps the journal locked."""
PATIENCE = 1.0
"""Of Chroma's client here; 10 s by default."""
BEFORE = "Mi perra se llama Luna."
GARBAGE = bytes(range(256)) * 64

Report = Callable[[MiaError], None]
Index = Callable[[], VectorIndex]


def own(folder: Path) -> VectorIndex:
    return BuiltinIndex(folder / "words.bytes", WordsEmbedder.dimensions)


def earlier(folder: Path) -> None:
    """What was said in another run."""
    journal = Journal(folder)
    session = journal.begin("c", "MIA", "es", calendar.now())
    journal.keep(session, Line("u1", "user", "owner", "MIA", "es", BEFORE, calendar.now()))
    journal.close()


def lines(folder: Path) -> list[str]:
    with reading.opened(folder) as connection:
        return [row.text for row in reading.every(connection, Wanted()) if row.role == "user"]


def scene(
    part: str, fault: str, folder: Path, index: Index, held: list[Memories] | None = None
) -> Scene:
    """Somebody talks, and the memory attends. held: gets it."""

    @contextlib.asynccontextmanager
    async def remembers(bus: EventBus, report: Report) -> AsyncIterator[Memories]:
        async def engine() -> Engine:
            return WordsEmbedder(), index()

        memories = Memories(folder, bus, Retriever, engine, trouble=report)
        async with memories.living():
            memories.attend("c")
            if held is not None:
                held.append(memories)
            yield memories
            await memories.opened()  # a slow disk may take longer than the talk

    found = Scene(part, fault, real=True, turns=3, pause=0.3)
    found.remembers = remembers
    found.llms = [("mind", FakeLlm("Sí. Claro."))]
    found.voices = [("voice", FakeTts(lambda _call: 0.01, seconds_per_word=0.1))]
    return found


def outcome(played: Outcome, folder: Path, asked: int, *, before: bool, lost: int = 0) -> Outcome:
    """lost: lines of which it is told that they could not be written."""
    there = lines(folder)
    old = BEFORE in there
    new = len(there) - old
    kept = f"{new} of {asked} lines" + (", and those of before" if old else "")
    well = played.survived and new >= asked - lost and old == before
    return replace(played, survived=well, kept=kept)


def damaged(copied: bool) -> Outcome:
    """Garbage where the journal was, found when she starts."""
    fault = "the journal is garbage, " + ("a copy is there" if copied else "and there is no copy")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        earlier(folder)
        if copied:
            keeping.copy(folder / FILE, calendar.now())
        (folder / FILE).write_bytes(GARBAGE)
        played = scene("memory", fault, folder, lambda: own(folder))
        played.at_once = True
        return outcome(played.play(), folder, played.turns, before=copied)


def locked() -> Outcome:
    """Another program has the journal to itself for a while, from the middle of an answer on."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        earlier(folder)
        has_it = threading.Event()

        def hold() -> None:
            other = sqlite3.connect(folder / FILE, timeout=30, isolation_level=None)
            with contextlib.closing(other):
                other.execute("BEGIN EXCLUSIVE")
                has_it.set()
                threading.Event().wait(HELD)
                other.execute("ROLLBACK")

        program = threading.Thread(target=hold, name="another program")

        def during(_talk: Conversation, _speaker: object, playing: Scene) -> None:
            playing.strike()
            program.start()
            has_it.wait()

        played = scene(
            "memory", f"the journal is locked for {HELD:.0f} s", folder, lambda: own(folder)
        )
        played.during = during
        # So long that the program has it before the next line is to be written.
        played.voices = [("voice", FakeTts(lambda _call: 0.01, seconds_per_word=1.0))]
        heard = played.play()
        program.join()
        return outcome(heard, folder, played.turns, before=True)


def full() -> Outcome:
    """The disk is full from the middle of an answer on: SQLite's own limit of pages."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        earlier(folder)
        held: list[Memories] = []
        played = scene("memory", "the disk is full", folder, lambda: own(folder), held)
        played.asked = tuple(f"¿Y {word}? " + "La de siempre. " * 400 for word in ASKED)

        def during(_talk: Conversation, _speaker: object, playing: Scene) -> None:
            playing.strike()
            # On the journal's own thread: what was said before is written by then.
            memories = held[0]
            memories.recorder.submit(lambda: _fill(memories.journal.connection))

        played.during = during
        return outcome(played.play(), folder, played.turns, before=True, lost=1)


def _fill(connection: sqlite3.Connection) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def chroma_server(fault: str, *, there: bool) -> Outcome:
    """A Chroma server that is not there, or takes every connection and never says a word."""
    with tempfile.TemporaryDirectory() as place, socket.socket() as silent:
        folder = Path(place)
        earlier(folder)
        silent.bind(("127.0.0.1", 0))
        if there:
            silent.listen(8)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        backend = backends("index")["chroma"]
        context = Context(ModelStore(Home.find()), ("es",), folder)
        options = backend.options.model_validate({"url": url})
        opens = asyncio.run(load("index", "chroma", options, context))
        played = scene(
            "memory", fault, folder, lambda: opens(WordsEmbedder.name, WordsEmbedder.dimensions)
        )
        played.at_once = True
        with mock.patch.object(chroma, "PATIENCE", PATIENCE):
            return outcome(played.play(), folder, played.turns, before=True)


FAULTS: dict[str, Callable[[], Outcome]] = {
    "memory_garbage": lambda: damaged(copied=False),
    "memory_garbage_copied": lambda: damaged(copied=True),
    "memory_locked": locked,
    "memory_full": full,
    "chroma_gone": lambda: chroma_server("the Chroma server is gone", there=False),
    "chroma_hangs": lambda: chroma_server("the Chroma server never answers", there=True),
}
