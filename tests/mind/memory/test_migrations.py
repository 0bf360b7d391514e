"""A journal of any older version is brought up to date, with everything in it."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from mia.errors import MiaError
from mia.mind.memory import reading
from mia.mind.memory.journal import FILE, Journal, connect
from mia.mind.memory.migrations import VERSION, migrate

LINES = ("Mi perra se llama Luna.", "¡Qué nombre tan bonito!")


def written_by(version: int, folder: Path) -> None:
    """A journal as the MIA of that version left it."""
    connection = connect(folder / FILE, write=True)
    migrate(connection, version)
    connection.execute("INSERT INTO speaker (id, name, met) VALUES ('owner', 'Ana', 1)")
    connection.execute(
        "INSERT INTO session (conversation, persona, begun, language)"
        " VALUES ('stage', 'MIA', 1, 'es')"
    )
    for number, text in enumerate(LINES):
        connection.execute(
            "INSERT INTO memory (kind, session, item, role, speaker, persona, language, text, at,"
            " status) VALUES ('turn', 1, ?, ?, 'owner', 'MIA', 'es', ?, ?, 'completed')",
            (f"i{number}", ("user", "assistant")[number], text, number + 1.0),
        )
    connection.close()


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_every_older_journal_opens_with_all_its_lines(version: int, tmp_path: Path) -> None:
    written_by(version, tmp_path)
    journal = Journal(tmp_path)
    assert journal.upgraded_from == version
    with reading.opened(tmp_path) as connection:
        rows = reading.lines(connection, 1)
        assert tuple(row.text for row in rows) == LINES
        assert [row.pinned for row in rows] == [False, False]
        assert reading.speakers(connection)[0].remembered
    found = journal.connection.execute("SELECT rowid FROM memory_words").fetchall()
    assert len(found) == len(LINES), "its words can be found"
    journal.close()


def test_lines_of_before_there_were_vectors_wait_for_theirs(tmp_path: Path) -> None:
    written_by(1, tmp_path)
    journal = Journal(tmp_path)
    assert [(op, memory) for _, op, memory in journal.owed(9)] == [("add", 1), ("add", 2)]
    journal.close()


def test_a_journal_of_a_newer_mia_is_left_alone(tmp_path: Path) -> None:
    written_by(VERSION, tmp_path)
    raw = sqlite3.connect(tmp_path / FILE)
    raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw.close()
    with pytest.raises(MiaError) as caught:
        Journal(tmp_path)
    assert caught.value.code == "memory.newer"


def test_a_step_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    written_by(1, tmp_path)
    raw = sqlite3.connect(tmp_path / FILE)
    raw.execute("CREATE TABLE vector (in_the_way)")
    raw.close()
    with pytest.raises(MiaError):
        Journal(tmp_path)
    raw = sqlite3.connect(tmp_path / FILE)
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    names = [row[1] for row in raw.execute("PRAGMA table_info(memory)")]
    assert "pinned" not in names
    raw.close()


#: SHA-256 of each version's schema, as journals out there have it.
SCHEMAS = {
    1: "a1ed421de7bb1e279e357a2a6c2362620b9ae12b4e1f9fd62e275d4821975ce6",
    2: "06342dfb0955bcef973a5476ba79ebb3e0b493e45f33e02fef449ea9ac02cf77",
}


def schema(version: int, folder: Path) -> str:
    connection = connect(folder / FILE, write=True)
    migrate(connection, version)
    rows = connection.execute(
        "SELECT coalesce(sql, name) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    connection.close()
    said = "\n".join(" ".join(row[0].split()) for row in rows)
    return hashlib.sha256(said.encode()).hexdigest()


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_step_that_journals_have_taken_never_changes(version: int, tmp_path: Path) -> None:
    assert schema(version, tmp_path) == SCHEMAS[version], "a change is a step of its own"
