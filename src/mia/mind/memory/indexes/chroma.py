"""Chroma as the index: embedded, or a server that several MIAs share.

MIA's own index stays beside it and keeps the vectors: it answers until Chroma is open (importing
and filling it takes seconds), whenever Chroma fails, and where a few vectors are compared. A Chroma
that failed is filled again from it, in the background. What is asked of Chroma is ids alone, one
collection for each embedder; filters are applied afterwards (`where` costs 300 ms at 100,000
memories).

Embedded, it lives in memory alone and is filled at every start. On a disk it forgets
nothing for certain: after `delete` the vector is still in its SQLite file or in those of its graph,
and `delete_collection` leaves it in the former. No file at all is the one way to be sure, and the
own index lacks nothing.

On a server the collections carry the id of this memory (`chroma-id` beside the own index), so that
several MIAs with the same settings do not take each other's vectors for leftovers of their own.

Its own embedder is never used (it would fetch a model from a hub), and its telemetry is off.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import logging
import os
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from mia.addresses import check_host_blocking
from mia.backends import Backend, Context, Options
from mia.blocking import IMPORTING
from mia.home import made
from mia.mind.memory.indexes.builtin import BuiltinIndex, opened
from mia.mind.memory.ports import VectorIndex, Vectors
from mia.servers import address

NAME = "chroma"
#: Vectors sent at once when it is filled.
BATCH = 1000
#: Seconds a server may be silent before it counts as failed. Its own client would wait for ever,
#: and with it whoever wants to remember something.
PATIENCE = 10.0
#: Seconds `clear` waits for Chroma to be there and empty.
CLEARING = 60.0
#: The file with the id of this memory.
IDENTITY = "chroma-id"
#: Nothing but the nearness MIA's own index uses too.
NEARNESS = {"hnsw": {"space": "cosine"}}
#: Held while an embedded client starts or ends: those of one process share what is underneath,
#: which Chroma counts, but not for two threads at once.
_STARTING = threading.Lock()
#: Held while the id of a memory is read or made.
_IDENTIFYING = threading.Lock()

log = logging.getLogger(__name__)


class ChromaOptions(Options):
    """Chroma: embedded (in memory, filled at every start), or a server several MIAs may share."""

    url: str = Field(
        "",
        max_length=400,
        description="Address of a Chroma server (http://localhost:8000); empty: embedded.",
    )
    name: str = Field(
        "mia",
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,30}$",
        description="What the names of its collections on a server begin with.",
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return address(value) if value else ""


@dataclass(frozen=True, slots=True)
class Store:
    """A Chroma that was opened. close: lets go of it, and of all it has in memory."""

    collection: Any
    close: Callable[[], object]


class ChromaIndex:
    """Implements `VectorIndex`. `opened` is set once Chroma answers, or has failed."""

    def __init__(self, own: BuiltinIndex, connect: Callable[[], Store]) -> None:
        """own: keeps the vectors and answers meanwhile. connect: opens Chroma, blocking."""
        self._own = own
        self._connect = connect
        self._store: Store | None = None
        self._collection: Any = None
        self._late: set[int] = set()
        """Put in, or replaced, while Chroma did not take it."""
        self._lock = threading.Lock()
        self._closed = False
        self.opened = threading.Event()
        self._open()

    @property
    def answers(self) -> bool:
        """Whether Chroma does; its own index otherwise."""
        return self._collection is not None

    def _open(self) -> None:
        self.opened.clear()
        threading.Thread(target=self._opening, name="chroma", daemon=True).start()

    def _opening(self) -> None:
        try:
            self._let_go()
            store = self._connect()
            with self._lock:
                self._store = store
            self._fill(store.collection)
        except Exception:  # Rust, HTTP and SQLite underneath raise whatever they like
            if not self._closed:
                log.exception("Chroma cannot be used; MIA's own index answers instead")
        finally:
            if self._closed:
                self._let_go()
            self.opened.set()

    def _let_go(self) -> None:
        with self._lock:
            store, self._store = self._store, None
        if store is None:
            return
        try:
            store.close()
        except Exception:  # Rust and HTTP again, and it may be broken, which is why it is let go of
            log.exception("Chroma did not end well")

    def _fill(self, collection: Any) -> None:
        """Put in what it lacks, take out what it should not have, and let it answer.

        The lock is not held while Chroma works: filling it takes minutes where much is remembered,
        and what is said or forgotten meanwhile waits for none of it.
        """
        there = {int(one) for one in collection.get(include=[])["ids"]}
        while True:
            with self._lock:
                if self._closed:
                    return
                wanted = self._own.ids()
                extra = list(itertools.islice(there - wanted, BATCH))
                missing = list(itertools.islice(wanted - (there - self._late), BATCH))
                if not extra and not missing:
                    self._late.clear()
                    self._collection = collection
                    return
                self._late.difference_update(missing)
                vectors = self._own.vectors(missing)[1]
            if extra:
                _delete(collection, extra)
                there.difference_update(extra)
            if missing:
                try:
                    self._upsert(collection, missing, vectors)
                except BaseException:  # whatever it is goes on up; they were not taken
                    with self._lock:
                        self._late.update(missing)
                    raise
                there.update(missing)

    @staticmethod
    def _upsert(collection: Any, ids: Sequence[int], vectors: Vectors) -> None:
        collection.upsert(ids=[str(one) for one in ids], embeddings=np.asarray(vectors, np.float32))

    def _with_chroma(self, what: Callable[[Any], Any]) -> Any:
        """What it answers; None where it is not open, or fails, after which it is opened anew."""
        collection = self._collection
        if collection is None:
            return None
        try:
            return what(collection)
        except Exception:  # Rust, HTTP and SQLite underneath raise whatever they like
            if not self._closed:
                log.exception("Chroma failed; MIA's own index answers, Chroma is filled anew")
            if self._collection is collection:
                self._collection = None
            return None

    # ── changes ──────────────────────────────────────────────────────────────────────────────

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Raises OSError."""
        with self._lock:
            self._own.add(ids, vectors)
            for at in range(0, len(ids), BATCH):
                part, some = vectors[at : at + BATCH], ids[at : at + BATCH]
                self._with_chroma(functools.partial(self._upsert, ids=some, vectors=part))
            if self._collection is None:
                self._late.update(ids)
        self._again()

    def remove(self, ids: Sequence[int]) -> None:
        with self._lock:
            self._own.remove(ids)
            for some in _some(list(ids)):
                self._with_chroma(functools.partial(_delete, ids=some))
        self._again()

    def clear(self) -> None:
        with self._lock:
            everything = sorted(self._own.ids())
            self._own.clear()
            for some in _some(everything):
                self._with_chroma(functools.partial(_delete, ids=some))
        self._again()
        # An index nobody will ask again is opened, cleared and closed: a server that is still
        # being connected to has to be emptied before.
        self.opened.wait(CLEARING)

    def _again(self) -> None:
        """Open it once more where it has failed; called when something changes, not when
        something is asked, so that a server that is off costs no question anything."""
        with self._lock:
            if self._collection is None and self.opened.is_set() and not self._closed:
                self._open()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._collection = None
            self._own.close()
        self._let_go()

    # ── questions ────────────────────────────────────────────────────────────────────────────

    def ids(self) -> set[int]:
        return self._own.ids()

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        many = min(limit, len(self._own.ids()))
        if many == 0:
            return []
        asked = np.asarray(vector, np.float32)[None]
        answer = self._with_chroma(
            lambda c: c.query(query_embeddings=asked, n_results=many, include=[])
        )
        if answer is None:
            return self._own.search(vector, limit)
        found = [int(one) for one in answer["ids"][0]]
        known, vectors = self._own.vectors(found)
        cosines = np.vecdot(vectors, vector).tolist()
        return sorted(zip(known, cosines, strict=True), key=lambda one: -one[1])

    def vectors(self, ids: Sequence[int]) -> tuple[list[int], Vectors]:
        return self._own.vectors(ids)


def _delete(collection: Any, ids: Sequence[int]) -> None:
    collection.delete(ids=[str(one) for one in ids])


def _some(ids: list[int]) -> list[list[int]]:
    return [ids[at : at + BATCH] for at in range(0, len(ids), BATCH)]


def _have_patience(client: Any) -> None:
    """Limit how long a client waits for its server. It has no setting for that (1.5), so what it
    talks through is told; raises AttributeError where that is another one."""
    client._server._session.timeout = PATIENCE


def identity(folder: Path) -> str:
    """The id of the memory whose index lies here; made where there is none. Raises OSError."""
    path = folder / IDENTITY
    with _IDENTIFYING:
        try:
            known = path.read_text("ascii", "replace").strip()
        except FileNotFoundError:
            known = ""
        if re.fullmatch(r"[0-9a-f]{12}", known):
            return known
        new, part = secrets.token_hex(6), path.with_suffix(".part")
        made(folder)
        # All of it or nothing: with another id the vectors on the server would be nobody's.
        with part.open("w", encoding="ascii") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        return new


def _embedded() -> Store:
    """A collection in memory, of which nobody else knows."""
    with IMPORTING:
        import chromadb
        from chromadb.config import Settings

    with _STARTING:
        client: Any = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
    with contextlib.ExitStack() as undo:
        undo.callback(_end, client)
        name = f"mia-{secrets.token_hex(8)}"
        collection = client.create_collection(name, embedding_function=None, configuration=NEARNESS)
        # Another client may keep alive what is underneath.
        undo.callback(client.delete_collection, name)
        return Store(collection, undo.pop_all().close)


def _end(client: Any) -> None:
    with _STARTING:
        if hasattr(client, "close"):  # not so in its first 1.5
            client.close()


class Indexes:
    """Opens one index for each embedder."""

    def __init__(self, options: ChromaOptions, folder: Path) -> None:
        self._options = options
        self._folder = folder

    def __call__(self, embedder: str, dimensions: int) -> VectorIndex:
        """The index of one embedder's vectors; Chroma is opened in the background. Raises
        OSError."""
        own = opened(self._folder, embedder, dimensions)
        if not self._options.url:
            return ChromaIndex(own, _embedded)
        return ChromaIndex(own, lambda: self._served(embedder))

    def _served(self, embedder: str) -> Store:
        with IMPORTING:
            import chromadb
            import httpx
            from chromadb.config import Settings

        parts = urlsplit(self._options.url)
        check_host_blocking(parts.hostname or "")
        # The client asks for much before it can be told how long to wait.
        httpx.get(f"{self._options.url}/api/v2/heartbeat", timeout=PATIENCE).raise_for_status()
        secure = parts.scheme == "https"
        client: Any = chromadb.HttpClient(
            parts.hostname or "", parts.port or (443 if secure else 8000), secure,
            settings=Settings(anonymized_telemetry=False),
        )  # fmt: skip
        with contextlib.ExitStack() as undo:
            undo.callback(_end, client)
            _have_patience(client)
            # A name has at most 63 characters and few kinds of them; embedders' have any.
            mark = hashlib.sha256(embedder.encode()).hexdigest()[:16]
            collection = client.get_or_create_collection(
                f"{self._options.name}-{identity(self._folder)}-{mark}",
                embedding_function=None,
                configuration=NEARNESS,
            )
            return Store(collection, undo.pop_all().close)


async def load(options: ChromaOptions, context: Context) -> Indexes:
    """`context.cache` is where the files lie."""
    return Indexes(options, context.cache)


BACKEND = Backend(
    port="index",
    name=NAME,
    options=ChromaOptions,
    load=load,
    modules=("chromadb",),
    extra="chroma",
)
