"""Word times of what is said, laid onto what is shown."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mia.conversation.ports import Word
from mia.voice.align import align_words


def timed(spoken: str) -> tuple[Word, ...]:
    """Every word lasts one second."""
    spans = [m.span() for m in re.finditer(r"\S+", spoken)]
    return tuple(Word(s, e, float(n), n + 1.0) for n, (s, e) in enumerate(spans))


def test_the_same_words_keep_their_times() -> None:
    words = align_words("Hola, ¿qué tal?", "Hola, ¿qué tal?", timed("Hola, ¿qué tal?"))
    assert [(w.begin, w.finish) for w in words] == [(0, 1), (1, 2), (2, 3)]


def test_a_number_takes_the_time_of_its_words() -> None:
    shown, said = "Son 25 % más", "Son veinticinco por ciento más"
    words = align_words(shown, said, timed(said))
    assert [shown[w.start : w.end] for w in words] == ["Son", "25", "%", "más"]
    assert (words[1].begin, words[2].finish) == (1, 4)
    assert (words[3].begin, words[3].finish) == (4, 5)


def test_what_is_not_said_passes_with_the_word_before_it() -> None:
    words = align_words("Hola 😊 amiga", "Hola amiga", timed("Hola amiga"))
    assert [(w.begin, w.finish) for w in words] == [(0, 1), (1, 1), (1, 2)]


def test_accents_and_marks_do_not_matter() -> None:
    words = align_words("**¡MIA!** ven", "Mía ven", timed("Mía ven"))
    assert [(w.begin, w.finish) for w in words] == [(0, 1), (1, 2)]


def test_without_times_there_are_none() -> None:
    assert align_words("Hola", "Hola", ()) == ()


@given(
    st.lists(st.sampled_from(["uno", "dos", "3", "😊", "tres", "%"]), max_size=12),
    st.lists(st.sampled_from(["uno", "dos", "tres", "por", "ciento"]), min_size=1, max_size=12),
)
def test_every_shown_word_has_a_time_in_order(shown: list[str], said: list[str]) -> None:
    display, spoken = " ".join(shown), " ".join(said)
    words = align_words(display, spoken, timed(spoken))
    assert [display[w.start : w.end] for w in words] == shown
    edges = [edge for w in words for edge in (w.begin, w.finish)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(said) for edge in edges)
