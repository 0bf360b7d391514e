"""What is said over MIA: a nod, a stop, her own echo, or somebody who means it."""

from __future__ import annotations

import pytest

from mia.conversation.overlap import meaning


@pytest.mark.parametrize(
    "text", ["Ajá.", "Mm-hm.", "Sí, sí.", "Claro.", "Vale, vale.", "Yeah.", "Uh-huh.", "I see.",
             "Qué bien.", "Okay.", "¡Guau!"],
)  # fmt: skip
def test_a_nod_does_not_take_the_floor(text: str) -> None:
    assert meaning(text) == "backchannel"


@pytest.mark.parametrize(
    "text", ["Para.", "¡Espera!", "Stop!", "Wait, wait.", "Para, MIA.", "Espera un momento.",
             "Cállate.", "Hold on.", "Be quiet."],
)  # fmt: skip
def test_a_stop_word_stops_her(text: str) -> None:
    assert meaning(text) == "stop"


@pytest.mark.parametrize(
    "text", ["Para mí un café con leche.", "No, yo digo otra cosa.", "¿Y eso por qué?",
             "Sí, pero yo prefiero el otro.", "What about tomorrow?", "Para mañana lo tengo."],
)  # fmt: skip
def test_other_words_are_a_turn(text: str) -> None:
    assert meaning(text) == "words"


@pytest.mark.parametrize("text", ["Sí.", "No.", "Claro.", "Yes.", "Vale."])
def test_after_a_question_yes_and_no_are_answers(text: str) -> None:
    assert meaning(text, asked=True) == "words"


def test_no_is_never_a_nod() -> None:
    assert meaning("No.") == "words"


def test_her_own_words_from_the_loudspeaker_are_nobody() -> None:
    own = "Claro que sí, te lo cuento. Es una historia larga—"
    assert meaning("te lo cuento es una historia", own_words=own) == "nothing"
    assert meaning("no me cuentes esa otra vez", own_words=own) == "words"


@pytest.mark.parametrize("text", ["", "  ", "..."])
def test_no_words_are_nothing(text: str) -> None:
    assert meaning(text) == "nothing"


@pytest.mark.parametrize("text", ["Over.", "¡Over!", "Uh-oh.", "Mm-mm."])
def test_what_recognisers_write_for_a_hum_is_a_nod(text: str) -> None:
    assert meaning(text) == "backchannel"


def test_brief_words_that_the_recogniser_doubts_do_not_stop_her() -> None:
    assert meaning("Un poquito.", doubted=True) == "nothing"
    assert meaning("Un poquito.") == "words"


@pytest.mark.parametrize("text", ["Para.", "Stop!", "No."])
def test_stop_words_and_answers_are_believed_even_so(text: str) -> None:
    assert meaning(text, doubted=True) == meaning(text)
