"""How long a question takes, in a process that runs as MIA does, and what it costs to begin.

The memories are made up: sentences of a thousand words with the frequencies of a language (Zipf),
in conversations of thirty lines, by the real journal's schema; vectors are those of real sentences
with noise, which no search can tell from real ones. Questions are embedded for real.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.memory import spanish
from bench.memory.room import PERSONA
from mia.blocking import Worker
from mia.mind.memory import words
from mia.mind.memory.embedding import normalised
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.journal import Journal, connect
from mia.mind.memory.ports import Embedder, Question
from mia.mind.memory.retrieval import Retriever

LINES_A_TALK = 30
CHUNK = 5000


@dataclass(frozen=True)
class Timed:
    """Milliseconds of one question, by its size and whether two loops were busy beside it. work:
    of the processor, by all threads of the process."""

    memories: int
    busy: bool
    median: float
    p95: float
    work: float
    work_p95: float
    samples: int


def made_up(folder: Path, memories: int, embedder: Embedder, seed: int = 5) -> None:
    """A journal and an index of so many memories; takes about a minute for 100,000."""
    lexicon = sorted({w for m in spanish.content()["memories"] for w in words.tokens(m["text"])})
    random.Random(seed).shuffle(lexicon)
    lexicon += [f"{a}{b}" for a in lexicon[:60] for b in lexicon[60:140]]
    share = 1 / np.arange(1, len(lexicon) + 1)
    share /= share.sum()
    dice = np.random.default_rng(seed)
    real = [m["text"] for m in spanish.content()["memories"]]
    seeds = embedder.embed(real, "passage")
    journal = Journal(folder)
    journal.connection.execute("PRAGMA synchronous = OFF")  # only while it is filled
    index = BuiltinIndex(folder / "vectors", embedder.dimensions)
    journal.meet("owner", "Ana", 0.0)
    for begin in range(0, memories, CHUNK):
        many = min(CHUNK, memories - begin)
        picks = dice.choice(len(lexicon), (many, 12), p=share)
        noise = dice.normal(scale=0.035, size=(many, embedder.dimensions))
        vectors = normalised(seeds[dice.integers(0, len(seeds), many)] + noise)
        ids = list(range(begin + 1, begin + many + 1))
        with journal.transaction() as connection:
            for memory, pick in zip(ids, picks, strict=True):
                talk = memory // LINES_A_TALK + 1
                if memory % LINES_A_TALK == 0 or memory == 1:
                    connection.execute(
                        "INSERT OR IGNORE INTO session (id, conversation, persona, begun, language)"
                        " VALUES (?, 'c', ?, ?, 'es')",
                        (talk, PERSONA, memory * 60.0),
                    )
                text = real[memory] if memory < len(real) else " ".join(lexicon[w] for w in pick)
                connection.execute(
                    "INSERT INTO memory (id, kind, session, item, role, speaker, persona, language,"
                    " text, at, status) VALUES (?, 'turn', ?, NULL, 'user', 'owner', ?, 'es', ?, ?,"
                    " 'completed')",
                    (memory, talk, PERSONA, text, memory * 60.0),
                )
                words.add(connection, memory, text, "es")
        journal.keep_vectors(embedder.name, ids, vectors)
        index.add(ids, vectors)
    words.purge(journal.connection)
    journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    index.close()
    journal.close()


def _spin() -> None:
    while True:
        pass


@contextmanager
def two_busy_loops() -> Iterator[None]:
    loops = [multiprocessing.get_context("spawn").Process(target=_spin) for _ in range(2)]
    for loop in loops:
        loop.start()
    time.sleep(1.0)  # until both have really begun
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.join()


def asked(folder: Path, memories: int, embedder: Embedder, *, busy: bool, rounds: int) -> Timed:
    """Questions one after the other on the worker thread of a running loop, as MIA asks them."""
    questions = [q["text"] for q in spanish.content()["questions"]]
    random.Random(2).shuffle(questions)
    with closing(connect(folder / "memory.sqlite3", write=False)) as connection:
        index = BuiltinIndex(folder / "vectors", embedder.dimensions)
        retriever = Retriever(connection, embedder, index)

        async def all_of_them() -> list[tuple[float, float]]:
            worker = Worker("recall")
            took = []
            for text in [*questions[:20], *questions[20 : 20 + rounds]]:
                question = Question(text, speaker="owner", persona=PERSONA, now=1e9, limit=4)
                begun, used = time.perf_counter(), time.process_time()
                await worker.run(retriever.recall, question)
                took.append((time.perf_counter() - begun, time.process_time() - used))
            worker.close()
            return took[20:]

        if busy:
            with two_busy_loops():
                took = asyncio.run(all_of_them())
        else:
            took = asyncio.run(all_of_them())
        index.close()
    (median, work), (p95, work_p95) = np.percentile(took, [50, 95], axis=0) * 1000
    return Timed(memories, busy, float(median), float(p95), float(work), float(work_p95), len(took))


@contextmanager
def filled(memories: int, embedder: Embedder) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mia-bench-"))
    try:
        made_up(folder, memories, embedder)
        yield folder
    finally:
        shutil.rmtree(folder)


def imports() -> dict[str, float]:
    """Seconds a fresh Python needs for what the memory imports, each beside Python itself."""
    parts = {
        "Python itself": "pass",
        "mia.mind.memory (journal, words, retrieval, own index)": (
            "import mia.mind.memory.journal, mia.mind.memory.retrieval,"
            " mia.mind.memory.indexes.builtin"
        ),
        "onnxruntime and its extensions": "import onnxruntime, onnxruntime_extensions",
        "chromadb": "import chromadb",
    }
    found: dict[str, float] = {}
    for name, code in parts.items():
        took = []
        for _ in range(5):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            took.append(time.perf_counter() - begun)
        found[name] = sorted(took)[2]
    return found


def opening(folder: Path, embedder: Embedder) -> dict[str, float]:
    """Seconds until journal and index are open."""
    begun = time.perf_counter()
    journal = Journal(folder)
    first = time.perf_counter()
    index = BuiltinIndex(folder / "vectors", embedder.dimensions)
    second = time.perf_counter()
    journal.close()
    index.close()
    return {"journal": first - begun, "index": second - first}
