"""Phonemes from espeak-ng, which the Piper package carries.

espeak-ng keeps its voice and its text in global variables: every call goes through one lock,
from whichever model's thread it comes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from piper.phonemize_espeak import EspeakPhonemizer

STRESS = "ˈˌ"
PAUSES = ' ,.;:!?…—"()“”¿¡«»-'

_lock = threading.Lock()


@contextmanager
def espeak_alone() -> Iterator[None]:
    """Nobody else uses espeak-ng meanwhile."""
    with _lock:
        yield


@cache
def _espeak() -> EspeakPhonemizer:
    from piper.phonemize_espeak import EspeakPhonemizer

    return EspeakPhonemizer()


def phonemes(text: str, voice: str) -> str:
    """IPA with stress marks and punctuation, words apart by spaces.

    voice: of espeak-ng ("es-419", "en-us"). Raises ValueError or RuntimeError for an unknown one.
    """
    with espeak_alone():
        sentences = _espeak().phonemize(voice, text)
    return " ".join("".join(sentence).strip() for sentence in sentences).strip()


def counting(voice: str) -> Callable[[str], int]:
    """A function that tells how many phonemes a word has, for `timing.words`."""
    return lambda word: sum(
        symbol not in STRESS and symbol not in PAUSES for symbol in phonemes(word, voice)
    )
