"""A memory of its own for a measurement: a real journal, a real index, the retriever of MIA."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mia.backends import Context, backends, load
from mia.home import Home, made
from mia.mind.memory import reading
from mia.mind.memory.embedding import Centred
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.journal import Journal, connect
from mia.mind.memory.ports import Embedder, TextKind, VectorIndex, Vectors
from mia.mind.memory.records import Line
from mia.mind.memory.retrieval import Retriever
from mia.models.store import ModelStore

PERSONA = "mia"


def embedder(name: str) -> Embedder:
    """A real one, by its backend's name. Raises MiaError where its model is not installed."""
    backend = backends("embedding")[name]
    folder = made(Path(tempfile.gettempdir()) / "mia-bench-memory")
    context = Context(ModelStore(Home.find()), ("es", "en"), folder)
    loaded: Embedder = asyncio.run(load("embedding", name, backend.options(), context))
    return loaded


class Remembering(Centred):
    """An embedder that keeps what it once computed on the disk: for quality, never for speed."""

    def __init__(self, inner: Embedder) -> None:
        self.inner = inner
        self.name = inner.name
        self.dimensions = inner.dimensions
        self._folder = made(Path(tempfile.gettempdir()) / "mia-bench-memory" / inner.name)

    @property
    def spread(self) -> float:
        return self.inner.spread if isinstance(self.inner, Centred) else 0.1

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        # What a text is announced by counts as well, where its embedder has that.
        announced = str(getattr(sys.modules[type(self.inner).__module__], "PREFIXES", ""))
        wanted = "\0".join([announced, kind, *texts])
        path = self._folder / f"{hashlib.sha256(wanted.encode()).hexdigest()}.npy"
        if not path.exists():
            np.save(path, self.inner.embed(texts, kind))
        found: Vectors = np.load(path)
        return found


@dataclass
class Said:
    """One line to remember. name: its own, to be found again by."""

    name: str
    session: str
    speaker: str
    text: str
    at: float
    language: str = "en"


@dataclass
class Room:
    """What was said, remembered. `names`: the line of each memory id."""

    connection: sqlite3.Connection
    index: VectorIndex | None
    retriever: Retriever
    names: dict[int, str]


@contextmanager
def room(said: Sequence[Said], embedder: Embedder | None) -> Iterator[Room]:
    """A memory that holds these lines, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        sessions: dict[str, int] = {}
        names: dict[int, str] = {}
        for line in said:
            if line.session not in sessions:
                journal.meet(line.speaker, line.speaker, line.at)
                sessions[line.session] = journal.begin(line.session, PERSONA, "en", line.at)
            journal.meet(line.speaker, line.speaker, line.at)
            kept = Line(line.name, "user", line.speaker, PERSONA, line.language, line.text, line.at)
            names[journal.keep(sessions[line.session], kept)] = line.name
        index: VectorIndex | None = None
        if embedder is not None:
            ids = list(names)
            vectors = embedder.embed([line.text for line in said], "passage")
            journal.keep_vectors(embedder.name, ids, vectors)
            index = BuiltinIndex(Path(folder) / "vectors", embedder.dimensions)
            index.add(ids, vectors)
        connection = connect(journal.path, write=False)
        assert reading.counts(connection)["memories"] == len(said)
        try:
            yield Room(connection, index, Retriever(connection, embedder, index), names)
        finally:
            connection.close()
            if index is not None:
                index.close()
            journal.close()
