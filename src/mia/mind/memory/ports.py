"""The seams of the memory: who owns which table, who calls what, on which thread.

**Journal** (`journal.py`, blocking, one connection that writes) owns every table but the word
tables. A *memory* is one row of `memory`, its `id` is never used twice:

    memory(id, kind, session, item, role, speaker, persona, language, text, at, status,
           pinned, dormant, until)

    kind     'turn' (a line as it was said) | 'fact' | 'summary' (made from turns)
    session  the conversation it was said in; lines of one session are in the order of their ids,
             so the neighbours of a turn are the rows before and after it in its session.
             NULL for facts and summaries
    role     'user' | 'assistant' (MIA's own words, as far as they were heard)
    speaker  id of the *person* in the exchange, for MIA's lines the one she spoke to ('owner',
             'discord:…')
    persona  whose memory it is
    at       when it was said, Unix seconds UTC
    dormant  1: kept, but never recalled; such a row is in no word table and no index
    until    facts: when they stopped being true, NULL while they hold

`session(id, conversation, persona, title, begun, language)`; `speaker(id, name, remembered, met)`;
`vector(memory, embedder, data)` keeps the vectors (float16, little-endian) of each embedder, so
that an index can be filled again without embedding anything.

**Words** (`words.py`, blocking functions on the journal's own connection, inside its transaction):

    create(connection)                         make the word tables, empty
    add(connection, id, text, language)        index one row
    remove(connection, id, text, language)     take it out again; `text` as it was added
    purge(connection)                          after forgetting: no byte of removed words is left
    rebuild(connection)                        all tables anew from `memory` where dormant = 0
    VERSION                                    changed → the journal calls `rebuild` at start

**Index** and **embedder**: the protocols below. **Retriever** (`retrieval.Retriever(connection,
embedder, index, …)`) is called on one worker thread with a reading connection of its own;
`embedder` and `index` may be None (nothing is loaded yet: words alone must do), and are attributes
that the program sets when they are ready.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""float32 [n, d], every row of length 1."""

TextKind = Literal["query", "passage"]


class Embedder(Protocol):
    """Texts to vectors. Blocking; called from one thread at a time, not always the same one."""

    @property
    def name(self) -> str:
        """Backend, model and revision: vectors of two names are never compared."""
        ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        """float32 [len(texts), dimensions], normalised. Raises BackendUnavailable."""
        ...

    def close(self) -> None: ...


class VectorIndex(Protocol):
    """Nearest vectors by memory id. Blocking; searched and changed on different threads, so it
    looks after its own locking."""

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Put in, or replace. Durable (where the index is on disk) when this returns."""
        ...

    def remove(self, ids: Sequence[int]) -> None:
        """Take out for good, also from the disk; unknown ids are nothing."""
        ...

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """(id, cosine), the nearest first."""
        ...

    def ids(self) -> set[int]: ...

    def clear(self) -> None:
        """Everything out; also makes whatever is broken on the disk anew."""
        ...

    def close(self) -> None: ...


Loaded = tuple[Embedder, VectorIndex]
"""An embedder, and the index of its vectors."""


@dataclass(frozen=True, slots=True)
class Question:
    """What memories are wanted for.

    speaker, persona: only memories of these; None: of everybody. now: Unix seconds.
    leave_out: memories that need no telling (still in view, told lately).
    since, until: only what was said in [since, until), Unix seconds.
    """

    text: str
    language: str = "es"
    speaker: str | None = None
    persona: str | None = None
    now: float = 0.0
    limit: int = 10
    leave_out: frozenset[int] = frozenset()
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One memory and how well it fits; scores of one question can be compared, others not.

    likeness: its cosine, None where it was found by words alone.
    """

    id: int
    score: float
    likeness: float | None = None


class Finds(Protocol):
    """`retrieval.Retriever`. Blocking."""

    embedder: Embedder | None
    index: VectorIndex | None
    problem: Exception | None
    """Why the last question was answered by words alone; None: it was not."""

    def search(self, question: Question) -> list[Found]:
        """The best `limit` memories, best first, fitting or not: for pages and measurements."""
        ...

    def recall(self, question: Question) -> list[Found]:
        """Only those that are worth telling; empty when nothing fits (the gate)."""
        ...
