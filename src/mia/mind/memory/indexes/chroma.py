"""Chroma as the index: embedded, or a server that several MIAs share.

MIA's own index stays beside it and keeps the vectors: it answers until Chroma is open (importing it
takes seconds), whenever Chroma fails, and where a few vectors are compared. A Chroma that failed is
filled again from it, in the background. What is asked of Chroma is ids alone, one collection for
each embedder; filters are applied afterwards (`where` costs 300 ms at 100,000 memories).

Its own embedder is never used (it would fetch a model from a hub), and its telemetry is off.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from mia.addresses import check_host_blocking
from mia.backends import Backend, Context, Options
from mia.blocking import IMPORTING
from mia.mind.memory.indexes.builtin import BuiltinIndex, opened
from mia.mind.memory.ports import VectorIndex, Vectors
from mia.servers import address

NAME = "chroma"
#: Vectors sent at once when it is filled.
BATCH = 1000
#: Seconds a server may be silent before it counts as failed. Its own client would wait for ever,
#: and with it whoever wants to remember something.
PATIENCE = 10.0

log = logging.getLogger(__name__)


class ChromaOptions(Options):
    """Chroma: embedded, or a server that several MIAs share."""

    url: str = Field(
        "",
        max_length=400,
        description="Address of a Chroma server (http://localhost:8000); empty: embedded.",
    )
    name: str = Field(
        "mia",
        pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,30}$",
        description="Whose memories these are, on a server that several share.",
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return address(value) if value else ""


class ChromaIndex:
    """Implements `VectorIndex`. `opened` is set once Chroma answers, or has failed."""

    def __init__(self, own: BuiltinIndex, connect: Callable[[], Any]) -> None:
        """own: keeps the vectors and answers meanwhile. connect: the collection, blocking."""
        self._own = own
        self._connect = connect
        self._collection: Any = None
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
            collection = self._connect()
            with self._lock:
                self._make_equal(collection)
                if not self._closed:
                    self._collection = collection
        except Exception:  # Rust, HTTP and SQLite underneath raise whatever they like
            log.exception("Chroma cannot be used; MIA's own index answers instead")
        finally:
            self.opened.set()

    def _make_equal(self, collection: Any) -> None:
        """Put in what it lacks, take out what it should not have."""
        there = {int(one) for one in collection.get(include=[])["ids"]}
        wanted = self._own.ids()  # all of them stay there while the lock is held
        for some in _some(sorted(there - wanted)):
            collection.delete(ids=[str(one) for one in some])
        for some in _some(sorted(wanted - there)):
            self._upsert(collection, *self._own.vectors(some))

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
            log.exception("Chroma failed; MIA's own index answers, Chroma is filled anew")
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
        self._again()

    def remove(self, ids: Sequence[int]) -> None:
        with self._lock:
            self._own.remove(ids)
            for some in _some(list(ids)):
                self._with_chroma(functools.partial(_delete, ids=some))
        self._again()

    def clear(self) -> None:
        # An index nobody will ask again is opened, cleared and closed: Chroma has to be there.
        self.opened.wait(PATIENCE)
        with self._lock:
            everything = sorted(self._own.ids())
            self._own.clear()
            for some in _some(everything):
                self._with_chroma(functools.partial(_delete, ids=some))
        self._again()

    def _again(self) -> None:
        """Open it once more where it has failed; called when something changes, not when
        something is asked, so that a server that is off costs no question anything."""
        if self._collection is None and self.opened.is_set() and not self._closed:
            self._open()

    def close(self) -> None:
        self._closed = True
        self._collection = None
        self._own.close()

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


class Indexes:
    """Opens one index for each embedder."""

    def __init__(self, options: ChromaOptions, folder: Path) -> None:
        self._options = options
        self._folder = folder

    def __call__(self, embedder: str, dimensions: int) -> VectorIndex:
        """The index of one embedder's vectors; Chroma is opened in the background. Raises
        OSError."""
        own = opened(self._folder, embedder, dimensions)
        return ChromaIndex(own, lambda: self._collection(embedder))

    def _collection(self, embedder: str) -> Any:
        with IMPORTING:
            import chromadb
            import httpx
            from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if self._options.url:
            parts = urlsplit(self._options.url)
            check_host_blocking(parts.hostname or "")
            # The client asks for much before it can be told how long to wait.
            httpx.get(f"{self._options.url}/api/v2/heartbeat", timeout=PATIENCE).raise_for_status()
            secure = parts.scheme == "https"
            client = chromadb.HttpClient(
                parts.hostname or "", parts.port or (443 if secure else 8000), secure,
                settings=settings,
            )  # fmt: skip
            _have_patience(client)
        else:
            client = chromadb.PersistentClient(str(self._folder / "chroma"), settings)
        # A name has at most 63 characters and few kinds of them; embedders' have any.
        mark = hashlib.sha256(embedder.encode()).hexdigest()[:16]
        return client.get_or_create_collection(
            f"{self._options.name}-{mark}",
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine"}},
        )


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
