"""The journal's schema, version by version; a journal of any older version is brought up to date.

`PRAGMA user_version` says which version a file has. Each step runs in a transaction of its own, so
a process killed in the middle finds the version before, whole. The word tables are not part of it:
they can be made anew from the rest at any time (`words.rebuild`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from mia.errors import MiaError

Step = Callable[[sqlite3.Connection], None]


def _first(connection: sqlite3.Connection) -> None:
    """Version 1: conversations, who speaks in them, and their lines."""
    for statement in (
        """CREATE TABLE speaker (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, met REAL NOT NULL)""",
        """CREATE TABLE session (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation TEXT NOT NULL, persona TEXT NOT NULL, title TEXT,
            begun REAL NOT NULL, language TEXT NOT NULL)""",
        """CREATE TABLE memory (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('turn', 'fact', 'summary')),
            session INTEGER REFERENCES session (id),
            item TEXT,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
            speaker TEXT NOT NULL REFERENCES speaker (id),
            persona TEXT NOT NULL,
            language TEXT NOT NULL,
            text TEXT NOT NULL,
            at REAL NOT NULL,
            status TEXT NOT NULL)""",
        "CREATE UNIQUE INDEX memory_item ON memory (session, item) WHERE item IS NOT NULL",
        "CREATE INDEX memory_session ON memory (session, id)",
        "CREATE INDEX memory_speaker ON memory (speaker, id)",
        "CREATE INDEX memory_at ON memory (at)",
        """CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            op TEXT NOT NULL CHECK (op IN ('add', 'remove')),
            memory INTEGER NOT NULL)""",
        "CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    ):
        connection.execute(statement)


def _second(connection: sqlite3.Connection) -> None:
    """Version 2: vectors kept here, facts and what they stand on, pins, switches, and which
    memories were told when."""
    for statement in (
        "ALTER TABLE memory ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE memory ADD COLUMN dormant INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE memory ADD COLUMN until REAL",
        "ALTER TABLE speaker ADD COLUMN remembered INTEGER NOT NULL DEFAULT 1",
        """CREATE TABLE persona (
            id TEXT PRIMARY KEY, remembered INTEGER NOT NULL DEFAULT 1)""",
        """CREATE TABLE vector (
            memory INTEGER NOT NULL REFERENCES memory (id) ON DELETE CASCADE,
            embedder TEXT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (embedder, memory)) WITHOUT ROWID""",
        "CREATE INDEX vector_memory ON vector (memory)",
        """CREATE TABLE source (
            fact INTEGER NOT NULL REFERENCES memory (id) ON DELETE CASCADE,
            turn INTEGER NOT NULL REFERENCES memory (id) ON DELETE CASCADE,
            PRIMARY KEY (fact, turn)) WITHOUT ROWID""",
        "CREATE INDEX source_turn ON source (turn)",
        """CREATE TABLE told (
            memory INTEGER NOT NULL REFERENCES memory (id) ON DELETE CASCADE,
            session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE,
            item TEXT NOT NULL,
            score REAL NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (memory, session, item)) WITHOUT ROWID""",
        "CREATE INDEX told_item ON told (session, item)",
        """CREATE TABLE digested (
            session INTEGER PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
            upto INTEGER NOT NULL)""",
        # Every line there is has yet to get its vector.
        "INSERT INTO outbox (op, memory) SELECT 'add', id FROM memory"
        " WHERE id NOT IN (SELECT memory FROM outbox)",
    ):
        connection.execute(statement)


STEPS: tuple[Step, ...] = (_first, _second)
VERSION = len(STEPS)


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, upto: int = VERSION) -> int:
    """Bring the schema up to version `upto`; returns the version it had before.

    connection: in autocommit mode. Raises MiaError `memory.newer` for a journal that a newer MIA
    has written.
    """
    before = version(connection)
    if before > VERSION:
        raise MiaError("memory.newer", version=before, known=VERSION)
    for number in range(before + 1, upto + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            STEPS[number - 1](connection)
            connection.execute(f"PRAGMA user_version = {number}")
        except sqlite3.Error:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    return before
