"""A memory for tests: the real journal and index, an embedder made of words, a clock one sets."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from mia.errors import MiaError
from mia.mind.memory import words
from mia.mind.memory.changing import Engine
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.memories import Choices, Memories
from mia.mind.memory.ports import Embedder, TextKind, Vectors
from mia.mind.memory.records import Line
from mia.mind.memory.retrieval import Retriever
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus

DAY = 86_400.0
#: 1 November 2026, noon UTC.
NOON = 1_793_534_400.0


class WordsEmbedder:
    """What shares words lies close; what shares none does not."""

    name = "words"
    dimensions = 64

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for stem in (*words.asked(text), "…"):
                row += np.random.default_rng(zlib.crc32(stem.encode())).normal(size=len(row))
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def close(self) -> None: ...


def line(item: str, text: str, at: float = NOON, *, role: str = "user", who: str = "owner") -> Line:
    assert role in ("user", "assistant")
    return Line(item, role, who, "MIA", "es", text, at)  # type: ignore[arg-type]  # asserted


class Clock:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def remembering(
    folder: Path,
    bus: EventBus,
    *,
    clock: Clock | None = None,
    choices: Choices | None = None,
    embedder: Embedder | None = None,
    troubles: list[MiaError] | None = None,
    forgot: Callable[[Sequence[int]], None] = lambda _memories: None,
) -> AsyncIterator[Memories]:
    """A memory in `folder` that attends to the conversation "c", caught up."""

    async def load() -> Engine:
        chosen = embedder or WordsEmbedder()
        return chosen, BuiltinIndex(folder / "index" / "words.bytes", chosen.dimensions)

    told = troubles if troubles is not None else []
    memories = Memories(
        folder,
        bus,
        Retriever,
        load,
        choices=choices or Choices(),
        trouble=told.append,
        forgot=forgot,
        now=clock or Clock(),
    )
    async with memories.living():
        memories.attend("c")
        await memories.caught_up()
        yield memories


class Talking:
    """Tells a bus what a conversation "c" would."""

    def __init__(self, bus: EventBus, *, speaker: str = "", persona: str = "MIA") -> None:
        self.bus = bus
        self.who = {"conversation": "c", "speaker": speaker, "persona": persona}
        self.turn = 0

    def says(self, text: str, language: str = "es") -> str:
        self.turn += 1
        turn = f"u{self.turn}"
        self.bus.publish(
            facts.Heard(
                at=0.0,
                turn=turn,
                revision=self.turn,
                text=text,
                language=language,
                final=True,
                **self.who,  # type: ignore[arg-type]  # three texts
            )
        )
        return turn

    def hears(self, text: str, said: str | None = None, status: str = "completed") -> None:
        """MIA answers; of it `said` was heard."""
        self.bus.publish(
            facts.ReplyEnded(
                at=0.0,
                turn=f"u{self.turn}",
                reply=f"r{self.turn}",
                text=text,
                heard=said if said is not None else text,
                said=said if said is not None else text,
                heard_ms=1000,
                status=status,  # type: ignore[arg-type]  # one of its words
                **self.who,  # type: ignore[arg-type]  # three texts
            )
        )


async def settled(memories: Memories) -> None:
    """Return once all that was said is written and indexed."""
    await memories.recorder.settled()
    await memories.delivered()
    await asyncio.sleep(0)
