"""Memories are found by the stems of their rare words, in either language."""

from __future__ import annotations

import sqlite3

import pytest

from mia.mind.memory import words


@pytest.fixture
def journal() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE memory (id INTEGER PRIMARY KEY, text TEXT, language TEXT,"
        " dormant INTEGER DEFAULT 0, speaker TEXT DEFAULT 'owner')"
    )
    words.create(connection)
    return connection


def keep(journal: sqlite3.Connection, *texts: str) -> None:
    for text in texts:
        cursor = journal.execute("INSERT INTO memory (text, language) VALUES (?, 'es')", (text,))
        assert cursor.lastrowid is not None
        words.add(journal, cursor.lastrowid, text, "es")


def found(journal: sqlite3.Connection, question: str) -> list[int]:
    return [one for one, _ in words.search(journal, words.asked(question), 10)]


def test_another_form_of_the_word_is_found_with_and_without_accents(
    journal: sqlite3.Connection,
) -> None:
    keep(journal, "Canté dos canciones en el coro", "Mi perra duerme", "Llueve mucho")
    assert found(journal, "¿qué cancion cantabas?") == [1]
    assert found(journal, "¿Y las perras?") == [2]


def test_a_name_is_found_whichever_language_it_was_said_in(journal: sqlite3.Connection) -> None:
    keep(journal, "My dog is called Luna and she is old", "Luna es la perra de mi madre", "x")
    assert sorted(found(journal, "¿Quién es Luna?")) == [1, 2]
    assert sorted(found(journal, "Who is Luna?")) == [1, 2]


def test_stop_words_alone_look_for_nothing(journal: sqlite3.Connection) -> None:
    keep(journal, "Yo también estoy muy bien")
    assert words.asked("¿y tú qué?") == []
    assert found(journal, "what is it that you do?") == []


def test_what_people_type_is_never_a_query_language(journal: sqlite3.Connection) -> None:
    keep(journal, "El gato y el NEAR")
    assert found(journal, 'gato" OR stems:* NEAR( ^"') == [1]


def test_a_removed_row_is_not_found_and_its_words_are_gone(journal: sqlite3.Connection) -> None:
    keep(journal, "El ornitorrinco toma café", "Otro café")
    words.remove(journal, 1, "El ornitorrinco toma café", "es")
    words.purge(journal)
    assert found(journal, "ornitorrinco") == []
    assert found(journal, "café") == [2]
    stored = journal.execute("SELECT block FROM memory_words_data").fetchall()
    assert not any(b"ornitorrinc" in bytes(row[0]) for row in stored)


def test_rebuilt_tables_hold_what_is_awake(journal: sqlite3.Connection) -> None:
    keep(journal, "El ornitorrinco toma café", "Otro café")
    journal.execute("UPDATE memory SET dormant = 1 WHERE id = 1")
    words.rebuild(journal)
    assert words.count(journal) == 1
    assert found(journal, "café ornitorrinco") == [2]


def test_a_condition_holds_for_what_is_found(journal: sqlite3.Connection) -> None:
    keep(journal, "Otro café", "Un café")
    journal.execute("UPDATE memory SET speaker = 'discord:7' WHERE id = 2")
    hits = words.search(journal, words.asked("café"), 5, "m.speaker = ?", ["discord:7"])
    assert [one for one, _ in hits] == [2]


def test_a_condition_that_the_best_rows_miss_is_looked_for_further_down(
    journal: sqlite3.Connection,
) -> None:
    keep(journal, *["Café"] * 9, "Un café largo con leche y dos cucharadas de azúcar")
    journal.execute("UPDATE memory SET speaker = 'discord:7' WHERE id = 10")
    hits = words.search(journal, words.asked("café"), 3, "m.speaker = ?", ["discord:7"])
    assert [one for one, _ in hits] == [10]


def test_rows_are_counted_as_they_come_and_go(journal: sqlite3.Connection) -> None:
    assert words.count(journal) == 0
    keep(journal, *["Otro café"] * 200)
    assert words.count(journal) == 200, "inside a transaction"
    journal.commit()
    assert words.count(journal) == 200
    words.remove(journal, 7, "Otro café", "es")
    journal.commit()
    assert words.count(journal) == 199


@pytest.mark.parametrize(
    ("text", "language"),
    [("¿Dónde está mi casa?", "es"), ("Where is the house?", "en"), ("Pizza", "es")],
)
def test_the_language_of_a_line_is_told_by_its_small_words(text: str, language: str) -> None:
    assert words.language_of(words.tokens(text), "es") == language
