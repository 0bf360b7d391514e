"""Embedders one after the other, each as quick as a test lets it be."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mia.errors import BackendUnavailable
from mia.mind.memory.changing import Engine
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.ports import TextKind, Vectors

#: Words that mean the same; a question that shares none with a memory finds it by meaning alone.
MEANT = (("perra", "animal", "mascota"), ("sevilla", "domicilio", "hogar"), ("clave", "secreto"))


class MeaningEmbedder:
    """What is about the same thing lies close. pace: waited for before each text of a memory."""

    def __init__(self, name: str, dimensions: int, pace: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.dimensions = dimensions
        self.closed = False
        self._pace = pace

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            if kind == "passage":
                self._pace()
            alike = (at for at, words in enumerate(MEANT) if any(w in text.lower() for w in words))
            seed = next(alike, 9 + len(text))
            row += np.random.default_rng((seed, self.dimensions)).normal(size=len(row))
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def close(self) -> None:
        self.closed = True


class Shop:
    """Loads embedders by name and remembers which it has lent; the chosen one at `pace`."""

    def __init__(self, folder: Path, chosen: str, pace: Callable[[], None] = lambda: None) -> None:
        self.folder = folder
        self.chosen = chosen
        self.pace = pace
        self.lent: list[MeaningEmbedder] = []
        self.gone: set[str] = set()
        self.stands_in = False

    async def load(self) -> Engine:
        return await self._lend(self.chosen, self.pace)

    def recipe(self) -> str | None:
        return None if self.stands_in else json.dumps(self.chosen)

    async def again(self, recipe: str) -> Engine:
        return await self._lend(json.loads(recipe))

    async def _lend(self, name: str, pace: Callable[[], None] = lambda: None) -> Engine:
        if name in self.gone:
            raise BackendUnavailable("server.offline", name=name, url="http://localhost")
        embedder = MeaningEmbedder(name, 256 if name == "one" else 384, pace)
        self.lent.append(embedder)
        return embedder, await self.index(name, embedder.dimensions)

    async def index(self, embedder: str, dimensions: int) -> BuiltinIndex:
        return BuiltinIndex(self.folder / "index" / f"{embedder}.bytes", dimensions)


class Pace:
    """Lets an embedder make so many vectors, and no more, until it is let go on."""

    def __init__(self, steps: int = 0) -> None:
        self._steps = threading.Semaphore(steps)
        self._free = threading.Event()

    def allow(self, steps: int) -> None:
        for _ in range(steps):
            self._steps.release()

    def __call__(self) -> None:
        while not self._free.is_set() and not self._steps.acquire(timeout=0.02):
            pass

    def go_on(self) -> None:
        self._free.set()
