"""How a streamed text is cut into clauses."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mia.voice.clauses import ClauseCutter

WORDS = [
    *("hola", "sí", "no", "qué", "tal", "Sr.", "Dra.", "etc.", "EE.", "UU.", "p.", "ej.", "e.g."),
    *("U.S.", "Mr.", "3.5", "3,5", "1.000,50", "12:30", "https://a.com/x?y=1.", "...", "…", "¿"),
    *("¡", "?", "!", ".", ",", ";", ":", "—", "«", "»", "(", ")", "[joy]", "*sonríe*", "**", "`"),
    *(
        "```",
        "😊",
        "👩\u200d👧",
        "y",
        "pero",
        "and",
        "de",
        "la",
        "the",
        "MIA",
        "1.",
        "2)",
        "-",
        "#",
    ),
    *("\n", " \n\n", "。", "“", "”", "a", "b", "supercalifragilístico"),
]
texts = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=40).map("".join),
    st.text(max_size=200),
)


def cut(text: str, chunk_size: int = 150) -> list[str]:
    cutter = ClauseCutter("es", chunk_size=chunk_size)
    return [*cutter.feed(text), *cutter.finish()]


def first(text: str) -> str:
    """The first clause that is known when exactly this much has been written."""
    return next(iter(ClauseCutter().feed(text)), "")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@settings(max_examples=400, deadline=None)
@given(texts, st.data())
def test_however_the_stream_is_split_the_clauses_are_the_same(
    text: str, data: st.DataObject
) -> None:
    whole = cut(text)
    cutter = ClauseCutter("es")
    clauses: list[str] = []
    at = 0
    while at < len(text):
        size = data.draw(st.integers(1, 12))
        clauses += cutter.feed(text[at : at + size])
        at += size
    assert [*clauses, *cutter.finish()] == whole


@settings(max_examples=400, deadline=None)
@given(texts, st.integers(20, 200))
def test_nothing_is_lost_added_or_left_empty(text: str, chunk_size: int) -> None:
    clauses = cut(text, chunk_size)
    assert squeezed("".join(clauses)) == squeezed(text)
    assert all(clause and clause == clause.strip() for clause in clauses)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("abcdeé", min_size=1, max_size=12), min_size=1, max_size=200))
def test_no_clause_is_longer_than_the_chunk_size(words: list[str]) -> None:
    assert all(len(clause) <= 60 for clause in cut(" ".join(words), 60))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["casa", "perro", "grande", "come"]), min_size=1, max_size=60))
def test_words_are_never_cut(words: list[str]) -> None:
    assert [w for clause in cut(" ".join(words), 30) for w in clause.split()] == words


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Hola amigo mío, ", "Hola amigo mío,"),
        ("Muy buenas tardes. ", "Muy buenas tardes."),
        ("¿Qué tal estás? ", "¿Qué tal estás?"),
        ("¡Qué alegría verte!¿", "¡Qué alegría verte!"),
        ("Pues claro que sí… ", "Pues claro que sí…"),
        ("Me gusta esto: ", "Me gusta esto:"),
        ("Extraordinariamente, ", "Extraordinariamente,"),
        ("Dijo «vamos ya mismo». ", "Dijo «vamos ya mismo»."),
        ("¡Hola a todos!😊 ", "¡Hola a todos!😊"),
        ("Era muy tarde —", "Era muy tarde"),
        ("*sonríe* Hola amigo mío, ", "*sonríe* Hola amigo mío,"),
        ("Uno, dos, tres.\n", "Uno, dos, tres."),
    ],
)
def test_the_first_clause_ends_at_the_first_mark_after_three_words(text: str, clause: str) -> None:
    assert first(text) == clause
    assert first(text[:-1]) == "", "it must not be cut before the mark is sure"


@pytest.mark.parametrize(
    "text",
    [
        "Hola, ", "Sí. ", "Ya vi al Sr. ", "Vive en los EE. ", "Le pagué unos 3.",
        "Son casi las 12:", "Mira en https://a.com/x?", "p. ej. ", "*sonríe, y te mira, ",
        "[feliz y muy contenta, ", "Usa `a, b, c, ", "Los Sres. J. R. ", "1. ", "y... ",
    ],
)  # fmt: skip
def test_what_is_no_end_of_a_clause_is_not_cut(text: str) -> None:
    assert first(text) == ""


def test_without_a_mark_the_sixth_word_is_the_last_one_waited_for() -> None:
    assert first("Yo creo que mañana mismo vamos ") == "Yo creo que mañana mismo"
    assert first("Yo creo que mañana mismo vamos") == ""


def test_a_conjunction_is_preferred_where_there_is_no_mark() -> None:
    assert first("I want to see and touch ") == "I want to see"


def test_no_article_is_left_hanging() -> None:
    assert first("Mañana vamos todos juntos mismo hasta la casa ") == (
        "Mañana vamos todos juntos mismo"
    )


def test_the_second_segment_does_not_wait_for_a_mark_either() -> None:
    """It is made while the first is heard, which is short."""
    text = "Claro que sí, puedes venir a mi casa y jugar con todos mis hermanos pequeños hoy."
    assert cut(text) == [
        "Claro que sí,",
        "puedes venir a mi casa",
        "y jugar con todos mis hermanos pequeños hoy.",
    ]


def test_the_second_segment_ends_at_a_mark_where_there_was_one() -> None:
    text = "Claro que sí, eso está muy bien, Ana quiere venir con nosotros a la playa."
    assert cut(text)[1] == "eso está muy bien,"


def test_segments_grow_from_clause_to_sentence_to_two_sentences() -> None:
    text = (
        "Pues mira, te lo cuento, ya verás. Ayer fui al parque, con mi perro, a pasear. "
        "Hacía sol, y calor. Comimos algo, bebimos agua. Volvimos tarde. Fin."
    )
    assert cut(text) == [
        "Pues mira, te lo cuento,",
        "ya verás.",
        "Ayer fui al parque, con mi perro, a pasear.",
        "Hacía sol, y calor. Comimos algo, bebimos agua.",
        "Volvimos tarde. Fin.",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "El Sr. Pérez y la Dra. Gómez pagaron 1.000,50 pesos a las 12:30 en total.",
        "Mide 3.5 metros y pesa 3,5 kilos según www.ejemplo.com/a.b?c=d ahora.",
        "Trajo pan, leche, etc. y todo estaba muy rico de verdad.",
        "Vive en EE. UU. desde hace años con J. R. López.",
        "Mr. Smith works in the U.S. and likes it, e.g. the food there.",
    ],
)
def test_a_full_stop_that_ends_no_sentence_does_not_cut(sentence: str) -> None:
    lead = "Esto es algo. Y esto también. Y ahora viene lo bueno. "
    clauses = cut(lead + sentence + " Fin del asunto.")
    assert any(sentence in clause for clause in clauses)


def test_an_abbreviation_that_may_end_a_sentence_waits_for_the_next_word() -> None:
    assert first("Leche, etc. L") == ""
    assert cut("Vivo en los EE. UU. Mañana vuelvo a casa.") == [
        "Vivo en los EE. UU.",
        "Mañana vuelvo a casa.",
    ]


def test_a_block_of_code_stays_in_one_piece() -> None:
    code = "```python\nprint('a, b. c')\nx = 1. + 2\n```"
    assert cut(f"Mira este código:\n{code}\nEso es todo, amigo.") == [
        "Mira este código:",
        code,
        "Eso es todo, amigo.",
    ]


def test_a_numbered_list_keeps_its_numbers() -> None:
    assert cut("1. Leche fresca de vaca\n2. Pan recién hecho\n") == [
        "1. Leche fresca de vaca",
        "2. Pan recién hecho",
    ]


def test_text_without_spaces_is_cut_all_the_same() -> None:
    clauses = cut("x" * 1000, 50)
    assert "".join(clauses) == "x" * 1000
    assert max(map(len, clauses)) <= 201


def test_a_cutter_can_be_used_again_after_the_end() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("Hola") == []
    assert cutter.finish() == ["Hola"]
    assert cutter.finish() == []
