"""From the playhead to words: exactly what was heard of a reply."""

from __future__ import annotations

import itertools

import pytest

from mia.conversation.heard import Clause, heard_text, heard_words, laid_out, word_at


def clause(number: int, text: str, begin: float, finish: float) -> Clause:
    return Clause(number, text, begin, finish, laid_out(text, begin, finish))


REPLY = [clause(0, "Claro que sí,", 0.0, 1.0), clause(1, "te lo cuento.", 1.0, 2.0)]


@pytest.mark.parametrize(
    ("playhead", "text"),
    [
        (0.0, ""),
        (0.1, ""),
        (0.5, "Claro—"),
        (1.0, "Claro que sí—"),
        (1.35, "Claro que sí, te lo—"),
        (2.0, "Claro que sí, te lo cuento."),
    ],
)
def test_text_ends_with_the_last_word_that_was_more_than_half_heard(
    playhead: float, text: str
) -> None:
    assert heard_text(REPLY, playhead) == text


def test_a_clause_without_text_is_passed_over() -> None:
    silent = clause(1, "", 1.0, 1.2)
    assert heard_text([REPLY[0], silent, clause(2, "Fin.", 1.2, 2.0)], 1.21) == "Claro que sí—"


def test_words_are_laid_out_in_order_over_all_of_the_sound() -> None:
    words = laid_out("uno, dos y tres", 2.0, 4.0)
    assert words[0].begin == 2.0
    assert words[-1].finish == pytest.approx(4.0)
    assert all(a.finish == b.begin for a, b in itertools.pairwise(words))


def test_going_on_begins_at_the_word_that_was_cut() -> None:
    third = REPLY[0].words[2]
    assert word_at(REPLY, (third.begin + third.finish) / 2) == third.begin
    assert word_at(REPLY, 5.0) == 5.0


def test_words_are_counted_across_clauses() -> None:
    assert heard_words(REPLY, 0.0) == 0
    assert heard_words(REPLY, 1.0) == 3
    assert heard_words(REPLY, 9.0) == 6
