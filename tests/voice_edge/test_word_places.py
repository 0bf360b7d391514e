from __future__ import annotations

import pytest

from mia.voice.word_places import WordFinder


def found(text: str, *words: str) -> list[str | None]:
    finder = WordFinder(text)
    places = [finder.find(word) for word in words]
    return [None if place is None else text[slice(*place)] for place in places]


def test_words_are_found_in_order_also_when_they_repeat() -> None:
    finder = WordFinder("Sí, sí, claro.")
    assert [finder.find("sí"), finder.find("sí"), finder.find("claro")] == [(0, 2), (4, 6), (8, 13)]


@pytest.mark.parametrize("word", ["", "  ", "perro"])
def test_a_word_that_is_not_there_has_no_place(word: str) -> None:
    assert found("Hola, gato.", word) == [None]


def test_a_word_that_was_not_found_does_not_lose_the_next() -> None:
    assert found("Son 3 gatos.", "Son", "tres", "gatos") == ["Son", None, "gatos"]


def test_a_far_away_namesake_is_not_taken_for_the_word() -> None:
    assert found("Claro. " + "x" * 200 + " gato", "gato") == [None]


def test_places_stay_true_beside_letters_that_change_length() -> None:
    assert found("İstanbul ẞ GATO", "gato") == ["GATO"]
