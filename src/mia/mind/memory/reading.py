"""Questions to the journal, on connections that cannot change it. Blocking."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mia.mind.memory.journal import FILE, MANY, connect
from mia.mind.memory.ports import Vectors
from mia.mind.memory.records import Memory, Session, Speaker, Wanted

COLUMNS = (
    "id, kind, session, item, role, speaker, persona, language, text, at, status, pinned,"
    " dormant, until"
)
#: Noted in the journal (`Journal.put_values`): the embedder that has a vector of every memory, how
#: it is loaded, and the one that is about to take its place.
EMBEDDER, RECIPE, COMING = "embedder", "embedder.recipe", "embedder.coming"
#: Above every id there can be.
NEWEST = 2**63 - 1


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """A reading connection for one question."""
    connection = connect(folder / FILE, write=False)
    try:
        yield connection
    finally:
        connection.close()


def _memory(row: Sequence[object]) -> Memory:
    values = list(row)
    values[11], values[12] = bool(values[11]), bool(values[12])
    return Memory(*values)  # type: ignore[arg-type]  # the columns are in the fields' order


def by_ids(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Memory]:
    """The memories with these ids, in this order; those that are gone are left out."""
    found: dict[int, Memory] = {}
    for at in range(0, len(ids), MANY):
        some = ids[at : at + MANY]
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM memory WHERE id IN ({','.join('?' * len(some))})", some
        )
        found |= {row[0]: _memory(row) for row in rows}
    return [found[memory] for memory in ids if memory in found]


def newest(
    connection: sqlite3.Connection, wanted: Wanted, limit: int, before: int | None = None
) -> list[Memory]:
    """The newest wanted memories, pinned ones first; `before`: older than this id, pins aside."""
    where, values = wanted.where()
    if before is not None:
        where, values = f"{where} AND id < ? AND pinned = 0", [*values, before]
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM memory WHERE {where} ORDER BY pinned DESC, id DESC LIMIT ?",
        [*values, limit],
    )
    return [_memory(row) for row in rows]


def every(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Memory]:
    """All wanted memories, oldest first."""
    where, values = wanted.where()
    for row in connection.execute(
        f"SELECT {COLUMNS} FROM memory WHERE {where} ORDER BY id", values
    ):
        yield _memory(row)


def around(connection: sqlite3.Connection, memory: Memory, reach: int) -> list[Memory]:
    """A line with up to `reach` lines of its conversation before and after it."""
    if memory.session is None:
        return [memory]
    before = connection.execute(
        f"SELECT {COLUMNS} FROM memory WHERE session = ? AND id <= ? ORDER BY id DESC LIMIT ?",
        (memory.session, memory.id, reach + 1),
    ).fetchall()
    after = connection.execute(
        f"SELECT {COLUMNS} FROM memory WHERE session = ? AND id > ? ORDER BY id LIMIT ?",
        (memory.session, memory.id, reach),
    ).fetchall()
    return [_memory(row) for row in (*reversed(before), *after)]


def sources(connection: sqlite3.Connection, fact: int) -> list[Memory]:
    """The turns a fact or summary was made from."""
    ids = connection.execute("SELECT turn FROM source WHERE fact = ? ORDER BY turn", (fact,))
    return by_ids(connection, [row[0] for row in ids])


def sessions(
    connection: sqlite3.Connection, *, limit: int = 1000, session: int | None = None
) -> list[Session]:
    """Conversations, the one spoken in last first."""
    rows = connection.execute(
        "SELECT s.id, s.conversation, s.persona, s.title, s.begun, s.language,"
        " coalesce((SELECT text FROM memory WHERE session = s.id AND role = 'user'"
        "  ORDER BY id LIMIT 1), ''),"
        " (SELECT count(*) FROM memory WHERE session = s.id),"
        " coalesce((SELECT at FROM memory WHERE session = s.id ORDER BY id DESC LIMIT 1), s.begun)"
        " FROM session s WHERE ? IS NULL OR s.id = ? ORDER BY 9 DESC, s.id DESC LIMIT ?",
        (session, session, limit),
    )
    return [Session(*row) for row in rows]


def lines(connection: sqlite3.Connection, session: int) -> list[Memory]:
    """A conversation from its first line to its last."""
    return list(every(connection, Wanted(session=session)))


def speakers(connection: sqlite3.Connection) -> list[Speaker]:
    rows = connection.execute(
        "SELECT s.id, s.name, s.remembered, (SELECT count(*) FROM memory WHERE speaker = s.id)"
        " FROM speaker s ORDER BY 4 DESC, s.id"
    )
    return [Speaker(row[0], row[1], bool(row[2]), row[3]) for row in rows]


def personas(connection: sqlite3.Connection) -> list[Speaker]:
    """Personas with memories, or with a switch, as `Speaker`s named like their id."""
    rows = connection.execute(
        "SELECT p.id, coalesce((SELECT remembered FROM persona WHERE id = p.id), 1), p.n FROM"
        " (SELECT id, max(n) AS n FROM (SELECT persona AS id, count(*) AS n FROM memory"
        "  GROUP BY persona UNION ALL SELECT id, 0 FROM persona) GROUP BY id) p ORDER BY 3 DESC, 1"
    )
    return [Speaker(row[0], row[0], bool(row[1]), row[2]) for row in rows]


def switched_off(some: Sequence[Speaker]) -> frozenset[str]:
    """Those that are not to be remembered."""
    return frozenset(one.id for one in some if not one.remembered)


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How much there is."""
    one = connection.execute(
        "SELECT count(*), coalesce(sum(kind = 'turn'), 0), coalesce(sum(kind != 'turn'), 0),"
        " coalesce(sum(pinned), 0), coalesce(sum(dormant), 0) FROM memory"
    ).fetchone()
    waiting = connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
    conversations = connection.execute("SELECT count(*) FROM session").fetchone()[0]
    names = ("memories", "turns", "facts", "pinned", "resting")
    return {
        **dict(zip(names, one, strict=True)),
        "conversations": conversations,
        "waiting": waiting,
    }


def vector_ids(connection: sqlite3.Connection, embedder: str) -> set[int]:
    rows = connection.execute("SELECT memory FROM vector WHERE embedder = ?", (embedder,))
    return {row[0] for row in rows}


def lacking(
    connection: sqlite3.Connection, embedder: str, limit: int, below: int | None = None
) -> list[tuple[int, str]]:
    """(id, text) of memories without a vector of this embedder, the newest first; below: only
    older ones than this."""
    return connection.execute(
        "SELECT id, text FROM memory WHERE dormant = 0 AND id < ?"
        " AND NOT EXISTS (SELECT 1 FROM vector WHERE embedder = ? AND memory = id)"
        " ORDER BY id DESC LIMIT ?",
        (NEWEST if below is None else below, embedder, limit),
    ).fetchall()


@dataclass(frozen=True, slots=True)
class Change:
    """An embedder is taking another's place. done of all: memories it has seen."""

    before: str
    chosen: str
    done: int
    all: int


def noted(connection: sqlite3.Connection, key: str) -> str | None:
    """What is noted under `key`."""
    row = connection.execute("SELECT value FROM kv WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def change(connection: sqlite3.Connection) -> Change | None:
    """How far the change of the embedder is; None: there is none."""
    before, chosen = noted(connection, EMBEDDER), noted(connection, COMING)
    if before is None or chosen is None:
        return None
    every = connection.execute("SELECT count(*) FROM memory WHERE dormant = 0").fetchone()[0]
    # By the index of ids: the table itself would be read with all its vectors.
    done = connection.execute(
        "SELECT count(*) FROM vector INDEXED BY vector_memory WHERE embedder = ?", (chosen,)
    ).fetchone()[0]
    return Change(before, chosen, min(done, every), every)


def embedders(connection: sqlite3.Connection) -> dict[str, int]:
    """Whose vectors are kept, and how many dimensions they have."""
    found: dict[str, int] = {}
    name = ""
    # From one name to the next: a plain DISTINCT would read every vector.
    while row := connection.execute(
        "SELECT embedder, length(data) FROM vector WHERE embedder > ? ORDER BY embedder LIMIT 1",
        (name,),
    ).fetchone():
        name = row[0]
        found[name] = row[1] // 2
    return found


def vectors(
    connection: sqlite3.Connection, embedder: str, ids: Sequence[int] | None = None
) -> Iterator[tuple[list[int], Vectors]]:
    """Vectors kept of an embedder, some thousands at a time; ids: only of these."""
    if ids is None:
        cursor = connection.execute(
            "SELECT memory, data FROM vector WHERE embedder = ? ORDER BY memory", (embedder,)
        )
    else:
        cursor = connection.execute(
            "SELECT memory, data FROM vector WHERE embedder = ?"
            " AND memory IN (SELECT value FROM json_each(?)) ORDER BY memory",
            (embedder, "[" + ",".join(map(str, ids)) + "]"),
        )
    while rows := cursor.fetchmany(4096):
        data = np.stack([np.frombuffer(row[1], "<f2") for row in rows]).astype(np.float32)
        yield [row[0] for row in rows], data
