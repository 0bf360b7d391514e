"""Forgetting for real: after it, no file under the memory's folder holds a byte of the text.

Rows are deleted, and the facts made from them; then what SQLite leaves behind is cleared up: freed
pages are overwritten (`secure_delete`), words leave the word tables' old segments, the file is
written anew without its gaps, the write-ahead log is emptied, and the copies (`keeping`) are
deleted, to be made again from what is left. Sound that was kept of a line goes with it (`sounds`).
The index takes its vectors out by the outbox.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence

from mia.errors import MiaError
from mia.mind.memory import keeping, reading, words
from mia.mind.memory.journal import MANY, Journal
from mia.mind.memory.records import Wanted
from mia.mind.memory.sounds import Sounds

log = logging.getLogger(__name__)

#: Up to this size the file is written anew, which takes about a second for each 100 MB and as
#: much memory; beyond, overwriting what is deleted has to do.
LARGEST_ANEW = 512 * 1024 * 1024
#: Noted in the journal from the moment rows are deleted until nothing is left of their bytes.
_OWED = "forgetting"


def forget(journal: Journal, wanted: Wanted, gone: list[int] | None = None) -> tuple[int, ...]:
    """Delete the wanted memories and whatever was made from them, without a trace; returns their
    ids. gone: gets them once they are deleted, also where their traces then cannot be.

    Raises MiaError `memory.unwritable`, `memory.forget_unfinished`.
    """
    ids = erase(journal, wanted)
    if gone is not None:
        gone.extend(ids)
    scrub(journal)
    return ids


def erase(journal: Journal, wanted: Wanted) -> tuple[int, ...]:
    """Delete the wanted memories and whatever was made from them; returns their ids. What is left
    of their bytes is for `scrub` to clear away, or for `finish` if that is kept from it.

    Raises MiaError `memory.unwritable`.
    """
    where, values = wanted.where()
    with journal.transaction() as connection:
        gone = [
            row[0] for row in connection.execute(f"SELECT id FROM memory WHERE {where}", values)
        ]
        gone = _with_facts(connection, gone)
        touched = _sessions(connection, gone)
        _untitle(connection, gone)
        _revive(connection, gone)
        journal.erase(gone)
        for session in touched:
            journal.end_if_empty(session)
        _unname(connection)
        journal.note(_OWED, "1")
    return tuple(gone)


def edit(
    journal: Journal, memory: int, text: str, gone: list[int] | None = None
) -> tuple[int, ...]:
    """Another text for a memory; the old one is forgotten, with the facts and summaries made from
    it (returned), which may be made anew from what it says now. gone: gets the memory and those,
    as in `forget`.

    Raises MiaError `memory.unknown`, `memory.unwritable`, `memory.forget_unfinished`.
    """
    with journal.transaction() as connection:
        if connection.execute("SELECT 1 FROM memory WHERE id = ?", (memory,)).fetchone() is None:
            raise MiaError("memory.unknown", id=memory)
        _untitle(connection, [memory])
        facts = _with_facts(connection, [memory])[1:]
        _look_again(connection, memory, facts)
        _revive(connection, facts)
        journal.erase(facts)
        journal.change_text(memory, text)
        journal.note(_OWED, "1")
    if gone is not None:
        gone.extend([memory, *facts])
    try:
        Sounds(journal.path.parent).drop([memory])  # it says the old words
    except OSError as error:
        raise MiaError("memory.forget_unfinished", reason=error) from error
    scrub(journal)
    return tuple(facts)


def finish(journal: Journal) -> bool:
    """Clear away what a forgetting left that was kept from it: by a killed process, a program that
    was reading. Whether there was something. Raises MiaError `memory.forget_unfinished`."""
    if reading.noted(journal.connection, _OWED) is None:
        return False
    scrub(journal)
    return True


def scrub(journal: Journal) -> None:
    """Clear away every byte of what is deleted. Raises MiaError `memory.forget_unfinished`."""
    with keeping.no_copying():
        _scrub(journal)
    with journal.transaction():
        journal.note(_OWED, None)


def _scrub(journal: Journal) -> None:
    try:
        with journal.transaction() as connection:
            words.purge(connection)
        if journal.path.stat().st_size <= LARGEST_ANEW:
            journal.connection.execute("VACUUM")
        busy = journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        keeping.drop(journal.path)
        Sounds(journal.path.parent).sweep(journal.connection)
    except (sqlite3.Error, OSError) as error:
        raise MiaError("memory.forget_unfinished", reason=error) from error
    if busy:
        raise MiaError("memory.forget_unfinished", reason="SQLITE_BUSY")


def _with_facts(connection: sqlite3.Connection, memories: Sequence[int]) -> list[int]:
    """These, and the facts and summaries made from them."""
    gone = dict.fromkeys(memories)
    for some in _some(list(memories)):
        marks = ",".join("?" * len(some))
        rows = connection.execute(f"SELECT fact FROM source WHERE turn IN ({marks})", some)
        gone |= dict.fromkeys(row[0] for row in rows)
    return list(gone)


def _revive(connection: sqlite3.Connection, memories: Sequence[int]) -> None:
    """What one of these contradicted holds again: it was withdrawn at that fact's own moment."""
    moments: set[tuple[object, ...]] = set()
    for some in _some(memories):
        marks = ",".join("?" * len(some))
        moments |= set(
            connection.execute(
                f"SELECT at, speaker, persona FROM memory WHERE kind = 'fact' AND id IN ({marks})",
                some,
            )
        )
    if not moments:
        return
    withdrawn = connection.execute(
        "SELECT until, speaker, persona, id FROM memory WHERE until IS NOT NULL"
    ).fetchall()
    connection.executemany(
        "UPDATE memory SET until = NULL WHERE id = ?",
        [(memory,) for *moment, memory in withdrawn if tuple(moment) in moments],
    )


def _look_again(connection: sqlite3.Connection, memory: int, facts: Sequence[int]) -> None:
    """What was made of a line that says something else now is made anew: its conversation is
    looked at again from the first of its lines that went into it."""
    first = (
        "SELECT min(source.turn) FROM source JOIN memory line ON line.id = source.turn"
        f" WHERE source.fact IN ({','.join('?' * len(facts))}) AND line.session = digested.session"
    )
    connection.execute(
        f"UPDATE digested SET upto = min(upto, {memory:d} - 1, coalesce(({first}), {memory:d}) - 1)"
        f" WHERE session = (SELECT session FROM memory WHERE id = {memory:d})",
        facts,
    )


def _sessions(connection: sqlite3.Connection, memories: Sequence[int]) -> set[int]:
    touched: set[int] = set()
    for some in _some(memories):
        marks = ",".join("?" * len(some))
        rows = connection.execute(
            f"SELECT DISTINCT session FROM memory WHERE id IN ({marks}) AND session IS NOT NULL",
            some,
        )
        touched |= {row[0] for row in rows}
    return touched


def _untitle(connection: sqlite3.Connection, memories: Sequence[int]) -> None:
    """A conversation's name that takes up a word of what is forgotten is forgotten too."""
    for some in _some(memories):
        rows = connection.execute(
            "SELECT s.id, s.title, m.text FROM memory m JOIN session s ON s.id = m.session"
            f" WHERE s.title IS NOT NULL AND m.id IN ({','.join('?' * len(some))})",
            some,
        ).fetchall()
        for session, title, text in rows:
            if _telling(title) & _telling(text):
                connection.execute("UPDATE session SET title = NULL WHERE id = ?", (session,))


def _telling(text: str) -> set[str]:
    """Its words, the short ones left out."""
    return {word for word in words.tokens(text) if len(word) > 3}


def _unname(connection: sqlite3.Connection) -> None:
    """Nobody without a memory keeps a name here; who is not to be remembered stays known as an
    id, so that this is not forgotten either."""
    connection.execute(
        "DELETE FROM speaker WHERE remembered = 1"
        " AND NOT EXISTS (SELECT 1 FROM memory WHERE speaker = speaker.id)"
    )
    connection.execute(
        "UPDATE speaker SET name = '' WHERE NOT EXISTS"
        " (SELECT 1 FROM memory WHERE speaker = speaker.id)"
    )


def _some(memories: Sequence[int]) -> list[Sequence[int]]:
    return [memories[at : at + MANY] for at in range(0, len(memories), MANY)]
