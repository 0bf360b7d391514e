"""MIA's own index: needs nothing but numpy, and forgets by overwriting.

One file for each embedder, a row for each memory: its id, then its vector as bytes and what one of
them is worth; a free row is all zeros and is used again. The file is memory-mapped, so only rows
that are looked at take memory. In memory there is one bit for each dimension, whether it lies above
the mean: the rows whose bits differ least from the question's are then compared by their bytes. At
100,000 memories that takes 2 to 4 ms (`bench/results/memory.md`).
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mia.backends import Backend, Context, Options
from mia.home import made
from mia.mind.memory.ports import VectorIndex, Vectors

log = logging.getLogger(__name__)

NAME = "builtin"
#: Rows compared by their bytes for each one that is wanted, and the fewest.
POOL, SMALLEST_POOL = 3, 400
#: Rows whose bits are compared at once: they fit the processor's cache.
CHUNK = 32_768
#: Rows the mean is taken of.
SAMPLE = 4096
_TINY = 1e-12
#: Rows whose bytes are made floats at once: 2 MiB, which the heap has at hand (`mia.heap`).
AT_ONCE = 512
#: The file grows by this share, or by this many rows.
GROWTH, FEWEST = 4, 256

Words = npt.NDArray[np.uint64]


class BuiltinIndex:
    """Implements `VectorIndex`."""

    def __init__(self, path: Path, dimensions: int) -> None:
        """path: the file; made where there is none. Raises OSError."""
        self._path = path
        self._dimensions = dimensions
        self._row = np.dtype([("id", "<i8"), ("scale", "<f4"), ("vector", "i1", (dimensions,))])
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        made(self._path.parent)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        # A row that a full disk or a killed process left half written is no row.
        rows = self._path.stat().st_size // self._row.itemsize
        self._map(rows)
        ids = np.array(self._table["id"]) if rows else np.empty(0, np.int64)
        self._place = {int(ids[row]): int(row) for row in np.flatnonzero(ids)}
        self._free = [int(row) for row in np.flatnonzero(ids == 0)][::-1]
        self._look_again()

    def _map(self, rows: int) -> None:
        """Have room for so many rows. Raises OSError."""
        size = rows * self._row.itemsize
        if self._path.stat().st_size != size:
            with self._path.open("r+b") as file:
                file.truncate(size)
        self._table: npt.NDArray[np.void] = (
            np.memmap(self._path, self._row, "r+") if rows else np.empty(0, self._row)
        )
        # The same memory as plain arrays: a memmap takes longer over every look.
        self._rows: npt.NDArray[np.void] = self._table.view(np.ndarray)

    def _look_again(self) -> None:
        """Take the mean, and every row's bits by it."""
        self._ids = np.array(self._table["id"], np.int64)
        used = np.flatnonzero(self._ids)
        some = used[:: max(1, len(used) // SAMPLE)]
        mean = _floats(self._rows[some]).mean(0) if len(some) else 0.0
        self._mean = np.broadcast_to(np.asarray(mean, np.float32), (self._dimensions,))
        self._seen = len(used)
        words = -(-self._dimensions // 64)
        self._bits: Words = np.zeros((words, len(self._ids)), np.uint64)
        for at in range(0, len(self._ids), CHUNK):
            self._bits[:, at : at + CHUNK] = self._signs(_floats(self._rows[at : at + CHUNK]))

    def _signs(self, vectors: Vectors) -> Words:
        """float32 [n, d] → uint64 [⌈d / 64⌉, n]."""
        packed = np.packbits(vectors > self._mean, axis=1)
        words = np.zeros((len(vectors), len(self._bits) * 8), np.uint8)
        words[:, : packed.shape[1]] = packed
        return np.ascontiguousarray(words.view(np.uint64).T)

    # ── changes ──────────────────────────────────────────────────────────────────────────────

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Raises OSError."""
        with self._lock:
            new = sum(memory not in self._place for memory in ids)
            if new > len(self._free):
                self._grow(new - len(self._free))
            rows = [self._place[m] if m in self._place else self._free.pop() for m in ids]
            # The id last: a new row whose vector is not on the disk yet is a free one.
            written = _bytes_of(np.asarray(vectors, np.float32), self._row)
            written["id"] = self._table["id"][rows]
            self._table[rows] = written
            self._flush()
            self._table["id"][rows] = ids
            self._flush()
            self._place |= dict(zip(ids, rows, strict=True))
            self._ids[rows] = ids
            if len(self._place) > 2 * self._seen:
                self._look_again()
            else:
                self._bits[:, rows] = self._signs(np.asarray(vectors, np.float32))

    def _grow(self, least: int) -> None:
        before = len(self._table)
        rows = before + max(least, before // GROWTH, FEWEST)
        self._flush()
        self._map(rows)
        self._free = [*range(rows - 1, before - 1, -1), *self._free]
        more = rows - before
        self._ids = np.concatenate([self._ids, np.zeros(more, np.int64)])
        self._bits = np.concatenate([self._bits, np.zeros((len(self._bits), more), np.uint64)], 1)

    def remove(self, ids: Sequence[int]) -> None:
        with self._lock:
            rows = [self._place.pop(memory) for memory in set(ids) if memory in self._place]
            if not rows:
                return
            self._table[rows] = np.zeros((), self._row)
            self._flush()
            self._ids[rows] = 0
            self._bits[:, rows] = 0
            self._free += rows

    def _flush(self) -> None:
        if isinstance(self._table, np.memmap):
            self._table.flush()

    def clear(self) -> None:
        with self._lock:
            self._unmap()
            self._path.unlink(missing_ok=True)
            self._open()

    def close(self) -> None:
        with self._lock:
            self._flush()
            self._unmap()

    def _unmap(self) -> None:
        # Windows deletes no file that is mapped.
        self._table = self._rows = np.empty(0, self._row)
        self._bits = np.zeros((len(self._bits), 0), np.uint64)
        self._place, self._free = {}, []
        self._ids = np.empty(0, np.int64)

    # ── questions ────────────────────────────────────────────────────────────────────────────

    def ids(self) -> set[int]:
        with self._lock:
            return set(self._place)

    def vectors(self, ids: Sequence[int]) -> tuple[list[int], Vectors]:
        """Those of these memories that it knows, in their order, and float32 [n, dimensions]."""
        with self._lock:
            places = [self._place.get(memory, -1) for memory in ids]
            rows = self._taken([place for place in places if place >= 0])
        return [one for one, place in zip(ids, places, strict=True) if place >= 0], _floats(rows)

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        with self._lock:
            count, ids = len(self._place), self._ids
            bits, asked = self._bits, self._signs(np.asarray(vector, np.float32)[None])[:, 0]
        if not count:
            return []
        pool = max(POOL * limit, SMALLEST_POOL)
        rows = np.flatnonzero(ids) if count <= pool else _closest(bits, asked, ids, pool)
        wanted = ids[rows]
        with self._lock:
            rows, wanted = rows[rows < len(self._rows)], wanted[rows < len(self._rows)]
            found = self._taken(rows)
        # Meanwhile a memory may have been forgotten, and another have got its row.
        found = found[found["id"] == wanted]
        cosines = _products(found, vector)
        best = np.argsort(-cosines)[:limit]
        return list(zip(found["id"][best].tolist(), cosines[best].tolist(), strict=True))

    def _taken(self, rows: npt.ArrayLike) -> npt.NDArray[np.void]:
        """A copy of these rows. numpy takes twice as long over rows that have fields."""
        plain = self._rows.view(np.uint8).reshape(len(self._rows), self._row.itemsize)
        taken = plain.take(np.asarray(rows, np.intp), axis=0)
        return taken.view(self._row).reshape(len(taken))


def _floats(rows: npt.NDArray[np.void]) -> Vectors:
    """float32 [n, d] of rows of the file."""
    vectors: Vectors = rows["vector"].astype(np.float32)
    vectors *= rows["scale"][:, None]
    return vectors


def _products(rows: npt.NDArray[np.void], vector: Vectors) -> Vectors:
    """float32 [n]: the products of rows of the file and a vector."""
    products = np.empty(len(rows), np.float32)
    for at in range(0, len(rows), AT_ONCE):
        some = slice(at, at + AT_ONCE)
        np.matmul(rows["vector"][some].astype(np.float32), vector, out=products[some])
    products *= rows["scale"]
    return products


def _bytes_of(vectors: Vectors, row: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """Rows of the file for float32 [n, d], without their ids. Each keeps its length."""
    step = np.maximum(np.abs(vectors).max(1, keepdims=True), _TINY) / 127
    rows = np.zeros(len(vectors), row)
    rows["vector"] = whole = np.rint(vectors / step)
    length = np.maximum(np.linalg.norm(whole, axis=1), 1.0)
    rows["scale"] = np.linalg.norm(vectors, axis=1) / length
    return rows


def _closest(
    bits: Words, asked: Words, ids: npt.NDArray[np.int64], pool: int
) -> npt.NDArray[np.intp]:
    """The rows whose bits differ least from the question's; free ones are passed over."""
    differing = np.empty(bits.shape[1], np.uint16)
    size = min(CHUNK, len(differing))
    xor, ones, some = np.empty(size, np.uint64), np.empty(size, np.uint8), np.empty(size, np.uint8)
    for at in range(0, len(differing), CHUNK):
        part = differing[at : at + CHUNK]
        part[:] = 0
        here = len(part)
        for number, (word, one) in enumerate(zip(bits, asked, strict=True)):
            np.bitwise_xor(word[at : at + CHUNK], one, out=xor[:here])
            # Three words have 192 bits at most: a byte holds that, and bytes are added faster.
            if number % 3 == 0:
                np.bitwise_count(xor[:here], out=some[:here])
            else:
                np.bitwise_count(xor[:here], out=ones[:here])
                some[:here] += ones[:here]
            if number % 3 == 2 or number == len(bits) - 1:
                part += some[:here]
    differing[ids[: len(differing)] == 0] = np.iinfo(np.uint16).max
    return least(differing, pool)


def least(values: npt.NDArray[np.uint16], many: int) -> npt.NDArray[np.intp]:
    """Where the least so many of the values are; of equal ones at the edge any.

    A bound taken from a sample leaves only a few of them to be put in order.
    """
    sample = values[:: max(1, len(values) // SAMPLE)]
    share = min(len(sample) - 1, 2 * many * len(sample) // len(values) + 8)
    within = np.flatnonzero(values <= np.partition(sample, share)[share])
    if len(within) < many:  # the sample was no picture of the whole
        return np.argpartition(values, many)[:many]
    if len(within) == many:
        return within
    return within[np.argpartition(values[within], many)[:many]]


class BuiltinOptions(Options):
    """MIA's own index: a file of vectors, nothing to install."""


class Indexes:
    """Opens one index for each embedder. `folder`: where they lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, embedder: str, dimensions: int) -> VectorIndex:
        """The index of one embedder's vectors. Blocking. Raises OSError."""
        return opened(self._folder, embedder, dimensions)


def opened(folder: Path, embedder: str, dimensions: int) -> BuiltinIndex:
    """The index of one embedder's vectors. A file of the kind before, which had 16 bits for each
    number, makes way: all that was in it is filled in from the journal. Raises OSError."""
    before = folder / f"{slug(embedder)}.vectors"
    try:
        before.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is of no use any more, and cannot be deleted: %s", before, error)
    return BuiltinIndex(folder / f"{slug(embedder)}.bytes", dimensions)


def slug(embedder: str) -> str:
    """An embedder's name as a file may be called."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", embedder).strip("-.") or "embedder"


async def load(_options: BuiltinOptions, context: Context) -> Indexes:
    """`context.cache` is where the files lie: beside the journal, as they hold what was said."""
    return Indexes(context.cache)


BACKEND = Backend(port="index", name=NAME, options=BuiltinOptions, load=load)
