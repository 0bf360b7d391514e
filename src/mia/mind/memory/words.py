"""Memories by their words: an FTS5 table in the journal's own file, so that word and line are
written, and forgotten, together.

A line is kept as stems: each word is cut back by the Snowball stemmer of the language the line is
in (judged by its stop words, because people mix languages), then loses its accents, which
recognised speech often lacks. A question is cut back by both stemmers, so that a name or a word
both languages share is found whichever the line was in.

Only rare words are asked for. A common word matches everywhere, in one language only: left in, it
pushes down what was said in the other one, and costs most of the time (`retrieval`).

Blocking; the functions that write run on the journal's connection inside its transaction.
"""

from __future__ import annotations

import functools
import json
import re
import sqlite3
import threading
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal

from mia.mind.memory.stop_words import ENGLISH, SPANISH

VERSION = 1
"""Raised when stems are made in another way: the journal then makes the tables anew."""

Language = Literal["es", "en"]

_WORD = re.compile(r"\w+")
_SNOWBALL = {"es": "spanish", "en": "english"}
_STOP = SPANISH | ENGLISH
#: Stemmers keep state while they work.
_STEMMING = threading.Lock()


def create(connection: sqlite3.Connection) -> None:
    """Make the word tables, empty."""
    for statement in (
        "DROP TABLE IF EXISTS memory_terms",
        "DROP TABLE IF EXISTS memory_words",
        "CREATE VIRTUAL TABLE memory_words USING fts5("
        "stems, tokenize = 'unicode61 remove_diacritics 2')",
        "CREATE VIRTUAL TABLE memory_terms USING fts5vocab(memory_words, row)",
    ):
        connection.execute(statement)


def add(connection: sqlite3.Connection, memory: int, text: str, language: str) -> None:
    """Index one row; `language` decides where the words alone do not tell."""
    connection.execute(
        "INSERT INTO memory_words (rowid, stems) VALUES (?, ?)",
        (memory, " ".join(stems(text, language))),
    )


def remove(connection: sqlite3.Connection, memory: int, _text: str, _language: str) -> None:
    """Take one row out; its bytes are gone after `purge`."""
    connection.execute("DELETE FROM memory_words WHERE rowid = ?", (memory,))


def purge(connection: sqlite3.Connection) -> None:
    """Join the table's segments, which drops the words of removed rows that were still in them.

    Takes about a second for 100,000 rows.
    """
    connection.execute("INSERT INTO memory_words (memory_words) VALUES ('optimize')")


def rebuild(connection: sqlite3.Connection) -> None:
    """All tables anew from `memory`, where a row is awake."""
    create(connection)
    rows = connection.execute("SELECT id, text, language FROM memory WHERE dormant = 0")
    for memory, text, language in rows.fetchall():
        add(connection, memory, text, language)


# ── words to stems ───────────────────────────────────────────────────────────────────────────


def tokens(text: str) -> list[str]:
    """The words of a text in small letters, in order, accents kept."""
    return _WORD.findall(unicodedata.normalize("NFC", text.casefold()))


def folded(word: str) -> str:
    """A word without its accents: "canción" and "cancion" are one."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def language_of(words: Sequence[str], otherwise: str) -> Language:
    """Spanish or English, by whose stop words there are more of."""
    spanish = sum(word in SPANISH for word in words)
    english = sum(word in ENGLISH for word in words)
    if spanish == english:
        return "en" if otherwise == "en" else "es"
    return "es" if spanish > english else "en"


@functools.lru_cache(maxsize=16_384)
def stem(word: str, language: Language) -> str:
    with _STEMMING:
        return folded(_stemmer(language).stemWord(word))


@functools.cache
def _stemmer(language: Language) -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer(_SNOWBALL[language])


def stems(text: str, language: str) -> list[str]:
    """What a line is kept as: the stems of its words, stop words and lone letters left out."""
    words = tokens(text)
    spoken = language_of(words, language)
    return [stem(word, spoken) for word in words if word not in _STOP and len(word) > 1]


def pairs(text: str) -> list[tuple[str, str]]:
    """The stems of each word a question looks for, by the English and the Spanish stemmer."""
    found = [word for word in tokens(text) if word not in _STOP and len(word) > 1]
    return [(stem(word, "en"), stem(word, "es")) for word in dict.fromkeys(found)]


def looks_for_any(text: str) -> bool:
    """Whether there is a word in it to look for."""
    return any(word not in _STOP and len(word) > 1 for word in tokens(text))


def asked(text: str) -> list[str]:
    """The stems a question looks for, by both stemmers, each once."""
    return list(dict.fromkeys(one for pair in pairs(text) for one in pair))


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def count(connection: sqlite3.Connection) -> int:
    """How many rows can be found by words.

    FTS5 keeps the number in its row of averages, as that record's first varint
    (sqlite.org/fts5.html, "The %_data table"); counting rows takes 0.6 ms at 100,000. In an open
    transaction that record lags behind.
    """
    row = None
    if not connection.in_transaction:
        row = connection.execute("SELECT block FROM memory_words_data WHERE id = 1").fetchone()
    if row is None or not row[0]:
        row = connection.execute("SELECT count(*) FROM memory_words_docsize").fetchone()
        return int(row[0])
    number = 0
    for byte in row[0]:
        number = number << 7 | byte & 127
        if byte < 128:
            break
    return number


def frequencies(connection: sqlite3.Connection, terms: Sequence[str]) -> dict[str, int]:
    """In how many rows each stem occurs; those that occur nowhere are left out."""
    found: dict[str, int] = {}
    for term in terms:
        row = connection.execute("SELECT doc FROM memory_terms WHERE term = ?", (term,)).fetchone()
        if row is not None:
            found[term] = int(row[0])
    return found


def search(
    connection: sqlite3.Connection,
    terms: Sequence[str],
    limit: int,
    where: str = "1",
    values: Sequence[object] = (),
) -> list[tuple[int, float]]:
    """(memory, BM25) of the rows with any of these stems, the best first.

    where, values: a condition on the table `memory`, as `m`. BM25 as SQLite has it: k1 1.2, b
    0.75, higher is better.
    """
    if not terms:
        return []
    match = " OR ".join(f'"{term}"' for term in terms)
    best = "SELECT rowid AS id, rank FROM memory_words WHERE memory_words MATCH ?"
    found = _pairs(connection, f"{best} ORDER BY rank LIMIT ?", (match, limit))
    if where == "1" or not found:
        return found
    # Most conditions hold for nearly every row: looking at the best first saves a look at
    # `memory` for each row with such a word.
    kept = holding(connection, [memory for memory, _ in found], where, values)
    if len(kept) == len(found) or len(found) < limit:
        return [one for one in found if one[0] in kept]
    return _pairs(
        connection,
        "SELECT w.rowid AS id, w.rank AS rank FROM memory_words w JOIN memory m ON m.id = w.rowid"
        f" WHERE memory_words MATCH ? AND {where} ORDER BY w.rank LIMIT ?",
        (match, *values, limit),
    )


def holding(
    connection: sqlite3.Connection, memories: Sequence[int], where: str, values: Sequence[object]
) -> set[int]:
    """Those of the memories that the condition (see `search`) holds for."""
    row = connection.execute(
        "SELECT json_group_array(m.id) FROM json_each(?) one"
        f" CROSS JOIN memory m ON m.id = one.value WHERE {where}",
        (json.dumps(memories), *values),
    ).fetchone()
    return set(json.loads(row[0]))


def _pairs(
    connection: sqlite3.Connection, select: str, values: Sequence[object]
) -> list[tuple[int, float]]:
    """The rows (id, rank) of a statement, fetched at once: between two rows Python may give the
    processor to another thread, which keeps it for 5 ms."""
    ids, ranks = connection.execute(
        f"SELECT json_group_array(id), json_group_array(rank) FROM ({select})", values
    ).fetchone()
    found = zip(json.loads(ids), json.loads(ranks), strict=True)
    return [(memory, -rank) for rank, memory in sorted((rank, memory) for memory, rank in found)]
