"""How the two searches of a question go together: by words on one thread, by meaning on another."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from mia.mind.memory import retrieval, retrieval_rows
from mia.mind.memory.index import Compares
from mia.mind.memory.ports import Question, TextKind, Vectors
from tests.mind.memory.test_retrieval import Memory, Topics, memory, small_talk

__all__ = ["memory"]

ASKED = "¿Cómo se llama mi perra Canela?"


class Failing(Topics):
    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        raise RuntimeError("no memory left")


class OnlyAnIndex:
    """An index that does no more than its port asks for."""

    def __init__(self, inner: Any) -> None:
        self.search, self.ids = inner.search, inner.ids
        self.add, self.remove, self.clear, self.close = (
            inner.add,
            inner.remove,
            inner.clear,
            inner.close,
        )


def test_words_are_looked_for_while_the_question_is_embedded(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_talk(memory)
    wanted = memory.say("Mi perra se llama Canela", talk="pets")
    words_found = threading.Event()

    class Waiting(Topics):
        def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
            assert words_found.wait(20), "words waited for the embedding"
            return super().embed(texts, kind)

    by_words = memory.retriever._by_words

    def noticed(*given: Any) -> Any:
        found = by_words(*given)
        words_found.set()
        return found

    monkeypatch.setattr(memory.retriever, "_by_words", noticed)
    memory.retriever.embedder = Waiting()
    assert memory.search(ASKED)[0] == wanted


def test_where_an_embedder_fails_words_answer_and_it_is_said(memory: Memory) -> None:
    small_talk(memory)
    wanted = memory.say("Mi perra se llama Canela", talk="pets")
    before = threading.active_count()
    memory.retriever.embedder = Failing()
    assert memory.search("¿Y Canela?")[0] == wanted
    assert "no memory left" in str(memory.retriever.problem)
    memory.retriever.embedder = Topics()
    assert memory.search(ASKED)[0] == wanted
    assert memory.retriever.problem is None
    assert threading.active_count() == before


def test_a_journal_that_fails_says_so_too(memory: Memory) -> None:
    memory.say("Mi perra se llama Canela", talk="pets")
    memory.journal.connection.execute("DROP TABLE memory_words")
    with pytest.raises(sqlite3.OperationalError):
        memory.search(ASKED)


def test_an_index_that_only_searches_is_enough(memory: Memory) -> None:
    small_talk(memory)
    for number in range(12):
        memory.say(f"La perra {number} corre por la playa", talk=f"p{number}")
    question = Question("¿y la mascota?", limit=12)
    with_bytes = memory.retriever.search(question)
    memory.retriever.index = OnlyAnIndex(memory.index)
    assert not isinstance(memory.retriever.index, Compares)
    without = memory.retriever.search(question)
    assert {one.id for one in with_bytes} == {one.id for one in without}
    scores = {one.id: one.score for one in without}
    # Bytes change a cosine by thousandths, and a score by ten times as much (`spread_of`).
    assert all(scores[one.id] == pytest.approx(one.score, abs=0.05) for one in with_bytes)


@pytest.mark.parametrize("only", [False, True], ids=["index", "journal"])
def test_a_line_without_a_vector_yet_has_no_likeness_and_changes_nobody_elses(
    memory: Memory, only: bool
) -> None:
    small_talk(memory)
    lines = [memory.say(f"Mi perra {word}", talk=word) for word in ("ladra", "duerme", "come")]
    question = Question("¿Qué hace mi perra cuando duerme?", limit=30)
    if only:
        memory.retriever.index = OnlyAnIndex(memory.index)
    before = {one.id: one.likeness for one in memory.retriever.search(question)}
    assert all(before[line] is not None for line in lines)
    memory.index.remove([lines[1]])
    memory.journal.connection.execute("DELETE FROM vector WHERE memory = ?", (lines[1],))
    after = {one.id: one.likeness for one in memory.retriever.search(question)}
    assert after[lines[1]] is None
    assert {k: v for k, v in after.items() if k != lines[1]} == {
        k: v for k, v in before.items() if k != lines[1]
    }


def test_rows_read_in_two_parts_are_the_rows_read_at_once(memory: Memory) -> None:
    ids = np.array([memory.say(f"La perra {n}", talk=f"t{n % 3}") for n in range(20)])
    question = Question("¿la perra?")

    def read(some: Any) -> retrieval_rows.Candidates:
        return retrieval_rows.read(memory.reading, some, question, named=None, language="es")

    whole, both = read(ids), read(ids[1::2]).joined(read(ids[::2]))
    for one in fields(whole):
        assert np.array_equal(getattr(whole, one.name), getattr(both, one.name)), one.name
    assert len(read(ids[:0]).ids) == 0


def test_where_most_of_what_is_found_is_anothers_more_is_looked_at(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "POOL", 10)
    monkeypatch.setattr(retrieval, "WIDE_POOL", 100)
    looked: list[int] = []
    search = memory.index.search

    def noted(vector: Any, limit: int) -> Any:
        looked.append(limit)
        return search(vector, limit)

    monkeypatch.setattr(memory.index, "search", noted)
    hers = memory.say("My dog eats carrots", talk="a", speaker="discord:1", language="en")
    for number in range(40):
        memory.say(f"The dog {number}", talk=f"b{number}", speaker="discord:2", language="en")
    assert memory.search("¿mascota?", speaker="discord:1") == [hers]
    assert looked == [10, 100]
    looked.clear()
    memory.search("¿mascota?", speaker="discord:2")
    assert looked == [10]
