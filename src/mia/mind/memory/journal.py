"""The journal: every line as it was said, in one SQLite file. It is the truth of the memory.

WAL and `synchronous=FULL`: when a call that writes returns, a power cut does not take it back.
`secure_delete`: what is deleted is overwritten. Blocking, and used from one thread at a time: the
journal's own (`mia.blocking.Worker`), so no two writers ever wait for each other. Whoever reads
opens a connection of their own (`reading.opened`).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from mia.errors import MiaError
from mia.mind.memory import words
from mia.mind.memory.migrations import migrate
from mia.mind.memory.ports import Vectors
from mia.mind.memory.records import Kind, Line

FILE = "memory.sqlite3"
BUSY_SECONDS = 5.0
#: SQLite's default limit of variables in a statement is far above this.
MANY = 500


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection in autocommit mode; `write` False: one that cannot change anything."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = ON")
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
    else:
        connection.execute("PRAGMA query_only = ON")
    return connection


class Journal:
    """The writing side of the journal.

    Raises MiaError `memory.unwritable` (disk full, no right to write) from every call that
    writes, and `memory.newer`, `memory.damaged` when it is opened.
    """

    def __init__(self, folder: Path) -> None:
        """folder: where the file is, or will be; it must exist."""
        self.path = folder / FILE
        try:
            if not self.path.exists():
                # What people said is for this user's eyes only.
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self.connection = connect(self.path, write=True)
            self.upgraded_from = migrate(self.connection)
            self._have_words()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise MiaError("memory.unwritable", path=self.path, reason=error) from error
            raise MiaError("memory.damaged", path=self.path, reason=error) from error
        except OSError as error:
            raise MiaError("memory.unwritable", path=self.path, reason=error) from error

    def close(self) -> None:
        self.connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; on the disk when this is left."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
            except BaseException:  # whatever ends the block ends the transaction, and goes on up
                # A full disk has rolled it back already, and is the error to tell.
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise MiaError("memory.unwritable", path=self.path, reason=error) from error

    def _have_words(self) -> None:
        if self.value("words") != str(words.VERSION):
            with self.transaction() as connection:
                words.create(connection)
                words.rebuild(connection)
                self.note("words", str(words.VERSION))

    # ── small things ─────────────────────────────────────────────────────────────────────────

    def value(self, key: str) -> str | None:
        row = self.connection.execute("SELECT value FROM kv WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def put_values(self, values: Mapping[str, str | None]) -> None:
        """Note these together; None: a note that is no more."""
        with self.transaction():
            for key, value in values.items():
                self.note(key, value)

    def note(self, key: str, value: str | None) -> None:
        """Note this; None: a note that is no more. Inside a transaction of the caller's."""
        if value is None:
            self.connection.execute("DELETE FROM kv WHERE key = ?", (key,))
            return
        self.connection.execute(
            "INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def meet(self, speaker: str, name: str, at: float) -> None:
        """This person is called so now; an empty name changes nothing that is known."""
        with self.transaction():
            self.met(speaker, name, at)

    def met(self, speaker: str, name: str, at: float) -> None:
        """`meet`, inside a transaction of the caller's."""
        self.connection.execute(
            "INSERT INTO speaker (id, name, met) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name WHERE excluded.name != '' AND name != excluded.name",
            (speaker, name, at),
        )

    def remember_speaker(self, speaker: str, remembered: bool, at: float) -> None:
        with self.transaction() as connection:
            self.met(speaker, "", at)
            connection.execute(
                "UPDATE speaker SET remembered = ? WHERE id = ?", (remembered, speaker)
            )

    def remember_persona(self, persona: str, remembered: bool) -> None:
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO persona VALUES (?, ?) ON CONFLICT (id)"
                " DO UPDATE SET remembered = excluded.remembered",
                (persona, remembered),
            )

    # ── conversations and their lines ────────────────────────────────────────────────────────

    def begin(self, conversation: str, persona: str, language: str, at: float) -> int:
        """A conversation begins; its id in the journal."""
        with self.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO session (conversation, persona, begun, language) VALUES (?, ?, ?, ?)",
                (conversation, persona, at, language),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def keep(self, session: int, line: Line) -> int:
        """Write a line down; the one with its item is replaced. Returns the memory's id."""
        with self.transaction() as connection:
            self.met(line.speaker, "", line.at)
            known = connection.execute(
                "SELECT id FROM memory WHERE session = ? AND item = ?", (session, line.item)
            ).fetchone()
            if known is not None:
                self.change_text(known[0], line.text, line.status)
                return int(known[0])
            return self.insert("turn", session, line)

    def insert(
        self,
        kind: Kind,
        session: int | None,
        line: Line,
        *,
        pinned: bool = False,
        until: float | None = None,
    ) -> int:
        """A new memory; inside a transaction of the caller's."""
        cursor = self.connection.execute(
            "INSERT INTO memory (kind, session, item, role, speaker, persona, language, text, at,"
            " status, pinned, until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                kind,
                session,
                line.item or None,
                line.role,
                line.speaker,
                line.persona,
                line.language,
                line.text,
                line.at,
                line.status,
                pinned,
                until,
            ),
        )
        assert cursor.lastrowid is not None
        words.add(self.connection, cursor.lastrowid, line.text, line.language)
        self._owe("add", cursor.lastrowid)
        return cursor.lastrowid

    def found_in(self, fact: int, turns: Sequence[int], known: Iterable[int] = ()) -> None:
        """A fact or summary was made from these turns, and from those that these facts were made
        from; inside a transaction of the caller's."""
        self.connection.executemany(
            "INSERT OR IGNORE INTO source VALUES (?, ?)", [(fact, turn) for turn in turns]
        )
        self.connection.executemany(
            "INSERT OR IGNORE INTO source SELECT ?, turn FROM source WHERE fact = ?",
            [(fact, one) for one in known],
        )

    def withdraw(self, fact: int, at: float) -> None:
        """A fact or summary holds no longer from that moment on, and no summary of the same talk,
        which tells the same. Inside a transaction of the caller's."""
        # It has the moment of the line it was told by; other lines it may owe to other talks.
        self.connection.execute(
            "UPDATE memory SET until = ?1 WHERE until IS NULL AND (id = ?2 OR kind = 'summary' AND"
            " id IN (SELECT others.fact FROM source JOIN memory line ON line.id = source.turn"
            " JOIN memory fact ON fact.id = source.fact AND fact.at = line.at"
            " JOIN source others ON others.turn = line.id WHERE source.fact = ?2))",
            (at, fact),
        )

    def change_text(self, memory: int, text: str, status: str | None = None) -> None:
        """Another text for a memory; inside a transaction of the caller's."""
        before, language, dormant = self.connection.execute(
            "SELECT text, language, dormant FROM memory WHERE id = ?", (memory,)
        ).fetchone()
        if before != text:
            if not dormant:
                words.remove(self.connection, memory, before, language)
                words.add(self.connection, memory, text, language)
                self._owe("add", memory)
            self.connection.execute("DELETE FROM vector WHERE memory = ?", (memory,))
        self.connection.execute(
            "UPDATE memory SET text = ?, status = coalesce(?, status) WHERE id = ?",
            (text, status, memory),
        )

    def erase(self, memories: Sequence[int]) -> None:
        """Delete rows and what points at them; inside a transaction of the caller's. The bytes of
        the words are gone only after `forgetting.scrub`."""
        for at in range(0, len(memories), MANY):
            some = memories[at : at + MANY]
            marks = ",".join("?" * len(some))
            rows = self.connection.execute(
                f"SELECT id, text, language, dormant FROM memory WHERE id IN ({marks})", some
            ).fetchall()
            for memory, text, language, dormant in rows:
                if not dormant:
                    words.remove(self.connection, memory, text, language)
                self._owe("remove", memory)
            self.connection.execute(f"DELETE FROM memory WHERE id IN ({marks})", some)

    def take_back(self, session: int, item: str) -> bool:
        """The line was not said after all: the speaker went on, and will be answered anew.
        Whether the conversation has no line left, and so is none any more."""
        with self.transaction():
            ids = self.ids_of(session, (item,))
            if not ids:
                return False
            self.erase(ids)
            self.end_if_empty(session)
        return self.session_left(session) is None

    def close_items(self, session: int) -> None:
        """Its lines are final: ids of turns and replies begin anew with each run of MIA, and a
        new line must not take an old one's place."""
        with self.transaction() as connection:
            connection.execute("UPDATE memory SET item = NULL WHERE session = ?", (session,))

    def ids_of(self, session: int, items: Sequence[str]) -> tuple[int, ...]:
        """The memories of these turns and replies."""
        rows = self.connection.execute(
            f"SELECT id FROM memory WHERE session = ? AND item IN ({','.join('?' * len(items))})",
            (session, *items),
        )
        return tuple(row[0] for row in rows)

    def session_left(self, session: int) -> int | None:
        """The conversation, if there still is one."""
        row = self.connection.execute("SELECT id FROM session WHERE id = ?", (session,)).fetchone()
        return row[0] if row else None

    def end_if_empty(self, session: int) -> None:
        """A conversation without a line is none; inside a transaction of the caller's."""
        self.connection.execute(
            "DELETE FROM session WHERE id = ? AND NOT EXISTS"
            " (SELECT 1 FROM memory WHERE session = ?)",
            (session, session),
        )

    def rename(self, session: int, title: str) -> None:
        with self.transaction() as connection:
            connection.execute(
                "UPDATE session SET title = ? WHERE id = ?", (title.strip() or None, session)
            )

    def pin(self, memory: int, pinned: bool) -> None:
        with self.transaction() as connection:
            connection.execute("UPDATE memory SET pinned = ? WHERE id = ?", (pinned, memory))

    def tell(self, session: int, item: str, scores: Sequence[tuple[int, float]], at: float) -> None:
        """These memories were told to the mind for the reply to this turn."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO told SELECT id, ?, ?, ?, ? FROM memory WHERE id = ?",
                [(session, item, score, at, memory) for memory, score in scores],
            )

    def rest_beyond(self, most: int) -> int:
        """Let the oldest memories rest: kept and readable, but recalled no more, so that no more
        than `most` are. Pinned ones never rest. Returns how many were laid to rest."""
        with self.transaction() as connection:
            awake = connection.execute("SELECT count(*) FROM memory WHERE dormant = 0").fetchone()
            rows = connection.execute(
                "SELECT id, text, language FROM memory WHERE dormant = 0 AND pinned = 0"
                " ORDER BY id LIMIT ?",
                (max(0, awake[0] - most),),
            ).fetchall()
            for memory, text, language in rows:
                words.remove(connection, memory, text, language)
                self._owe("remove", memory)
                connection.execute("DELETE FROM vector WHERE memory = ?", (memory,))
                connection.execute("UPDATE memory SET dormant = 1 WHERE id = ?", (memory,))
        return len(rows)

    def wake(self, most: int | None) -> int:
        """Let resting memories be recalled again, the newest first, some at once, until as many are
        as may be (None: all). Returns how many were woken."""
        with self.transaction() as connection:
            awake = connection.execute("SELECT count(*) FROM memory WHERE dormant = 0").fetchone()
            room = MANY if most is None else min(MANY, most - awake[0])
            rows = connection.execute(
                "SELECT id, text, language FROM memory WHERE dormant = 1 ORDER BY id DESC LIMIT ?",
                (max(0, room),),
            ).fetchall()
            for memory, text, language in rows:
                words.add(connection, memory, text, language)
                self._owe("add", memory)
                connection.execute("UPDATE memory SET dormant = 0 WHERE id = ?", (memory,))
        return len(rows)

    # ── the outbox ───────────────────────────────────────────────────────────────────────────

    def _owe(self, op: str, memory: int) -> None:
        self.connection.execute("INSERT INTO outbox (op, memory) VALUES (?, ?)", (op, memory))

    def owed(self, limit: int, op: str | None = None) -> list[tuple[int, str, int]]:
        """(number, 'add' or 'remove', memory) of what the index lacks, oldest first."""
        return self.connection.execute(
            "SELECT id, op, memory FROM outbox WHERE ?1 IS NULL OR op = ?1 ORDER BY id LIMIT ?2",
            (op, limit),
        ).fetchall()

    def settle(self, numbers: Sequence[int]) -> None:
        """The index has these."""
        with self.transaction() as connection:
            connection.executemany("DELETE FROM outbox WHERE id = ?", [(n,) for n in numbers])

    def keep_vectors(self, embedder: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Keep the vectors of those memories that are still there."""
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vector SELECT id, ?, ? FROM memory"
                " WHERE id = ? AND dormant = 0",
                [
                    (embedder, np.asarray(vector, "<f2").tobytes(), memory)
                    for memory, vector in zip(ids, vectors, strict=True)
                ],
            )

    def drop_vectors(self, embedder: str, limit: int) -> int:
        """Delete some of the vectors of an embedder nobody asks any more; returns how many."""
        with self.transaction() as connection:
            return connection.execute(
                "DELETE FROM vector WHERE embedder = ? AND memory IN"
                " (SELECT memory FROM vector WHERE embedder = ? LIMIT ?)",
                (embedder, embedder, limit),
            ).rowcount
