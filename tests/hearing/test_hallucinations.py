"""What Whisper imagines in silence is not taken for speech; what people say is."""

from __future__ import annotations

import numpy as np
import pytest

from mia.hearing.hallucinations import imagined

VOICE = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
HUSH = np.random.default_rng(0).normal(0, 3e-4, 16_000).astype(np.float32)


@pytest.mark.parametrize(
    "text", ["Subtítulos por la comunidad de Amara.org", "Thanks for watching!",
             "¡Gracias por ver el video!", "[Música]", "♪", "...",
             "la la la la la la la la la la la la"],
)  # fmt: skip
def test_credits_and_loops_are_imagined_whatever_the_sound(text: str) -> None:
    assert imagined(text, no_speech=0.0, confidence=-0.2, samples=VOICE)


def test_anything_heard_in_silence_is_imagined() -> None:
    assert imagined("Hola, ¿cómo estás?", no_speech=0.1, confidence=-0.3, samples=HUSH)


def test_more_words_than_fit_into_the_sound_are_imagined() -> None:
    brief = np.concatenate([HUSH[:4000], VOICE[:6400], HUSH[:4000]])
    said = {"no_speech": 0.0, "confidence": -0.3}
    assert imagined("Yahweh. Yahweh. Yahweh. Yahweh.", samples=brief, **said)
    assert imagined("So I think that is all right.", samples=brief, **said)
    assert not imagined("Yeah, all right.", samples=brief, **said)
    assert not imagined("Oye, espera, para.", samples=brief, **said)


@pytest.mark.parametrize("text", ["Gracias.", "Thank you.", "you", "Sí."])
def test_a_muttered_word_needs_a_sure_recogniser(text: str) -> None:
    assert not imagined(text, no_speech=0.1, confidence=-0.4, samples=VOICE)
    assert imagined(text, no_speech=0.8, confidence=-0.4, samples=VOICE)
    assert imagined(text, no_speech=0.1, confidence=-1.4, samples=VOICE)


@pytest.mark.parametrize(
    "text", ["Oye, ¿vendrás a México?", "It was the age of wisdom, it was the age of foolishness.",
             "Gracias por venir a verme.", "No, no, no, para."],
)  # fmt: skip
def test_people_are_believed(text: str) -> None:
    assert not imagined(text, no_speech=0.3, confidence=-0.5, samples=np.tile(VOICE, 3))
