"""How long MIA waits: by the words, by the voice, and by how this speaker pauses."""

from __future__ import annotations

import pytest

from mia.conversation.endpointing import SpeakersPauses, hold, open_ended
from mia.conversation.tuning import DEFAULT


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Quiero un café y", "es"),
        ("Es que no sé por qué, pero", "es"),
        ("Fui a la tienda con", "es"),
        ("Pues... eh", "es"),
        ("Me gusta mucho,", "es"),
        ("I was thinking about the", "en"),
        ("I would like tea and", "en"),
        ("Well, um", "en"),
        ("So I went there...", "en"),
    ],
)
def test_words_that_cannot_be_the_end_wait_longest(text: str, language: str) -> None:
    assert open_ended(text, language)
    assert hold(text, 0.99, language) == DEFAULT.hold_open


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿Vendrás a México?", "es"),
        ("Sí.", "es"),
        ("Para.", "es"),
        ("Muchas gracias.", "es"),
        ("What is the weather in Paris?", "en"),
        ("I think so", "en"),
    ],
)
def test_a_finished_sentence_and_voice_are_answered_soonest(text: str, language: str) -> None:
    assert not open_ended(text, language)
    if text[-1] in ".?":
        assert hold(text, 0.95, language) == DEFAULT.hold_sure


def test_a_voice_that_goes_on_is_waited_for_whatever_the_words() -> None:
    assert hold("Muy bien.", 0.1, "es") == DEFAULT.hold_unlikely


def test_without_a_turn_detector_the_middle_way_is_taken() -> None:
    assert hold("Muy bien.", None, "es") == DEFAULT.hold_likely


def test_a_speaker_who_pauses_long_is_given_the_time() -> None:
    pauses = SpeakersPauses()
    for _ in range(20):
        pauses.heard(0.6)
    assert pauses.usual == pytest.approx(0.6)
    assert hold("Muy bien", 0.6, "es", pauses.usual) == pytest.approx(0.75)
    assert hold("Muy bien.", 0.95, "es", pauses.usual) == DEFAULT.hold_sure


def test_nobody_is_waited_for_longer_than_the_longest_hold() -> None:
    assert hold("bien", 0.6, "es", 60.0) <= DEFAULT.pause_most
