from __future__ import annotations

import pytest

from mia.avatar.letters import laid_out, spelt
from mia.avatar.visemes import visemes_of


@pytest.mark.parametrize(
    ("word", "language", "visemes"),
    [
        ("mamá", "es", ("PP", "aa", "PP", "aa")),
        ("Queso", "es", ("kk", "E", "SS", "oh")),
        ("hola", "es", ("oh", "nn", "aa")),
        ("chico", "es", ("CH", "ih", "kk", "oh")),
        ("vino", "es", ("PP", "ih", "nn", "oh")),
        ("five", "en", ("FF", "ih", "FF")),
        ("think", "en", ("TH", "ih", "nn", "kk")),
        ("moon", "en", ("PP", "ou", "nn")),
        ("42", "en", ()),
        ("日本", "es", ()),
    ],
)
def test_letters_become_shapes(word: str, language: str, visemes: tuple[str, ...]) -> None:
    assert spelt(word, language) == visemes


def test_a_words_shapes_fill_its_time_vowels_longest() -> None:
    laid = laid_out("más", "es", 1.0, 2.0)
    assert laid[0][1] == 1.0
    assert laid[-1][2] == pytest.approx(2.0)
    assert laid[1][2] - laid[1][1] > laid[0][2] - laid[0][1]


@pytest.mark.parametrize(
    ("phoneme", "visemes"),
    [
        ("tʃ", ("CH",)),
        ("aɪ", ("aa", "ih")),
        ("ˈ", ()),
        ("ɾ", ("DD",)),
        ("ɲ", ("nn",)),
        ("m̩", ("PP",)),
    ],
)
def test_phonemes_become_shapes(phoneme: str, visemes: tuple[str, ...]) -> None:
    assert visemes_of(phoneme) == visemes
