"""From the letters of a word to mouth shapes, where a voice tells when words are heard and no more.

Spanish is written as it is spoken, nearly; English is not, so its rules are of the rough kind that
a lip reader would not object to: which vowel, roughly, and where the lips meet.
"""

from __future__ import annotations

import unicodedata

from mia.avatar.frame import Viseme

#: Longest first. A spelling without a viseme is silent.
_SPANISH: tuple[tuple[str, tuple[Viseme, ...]], ...] = (
    ("que", ("kk", "E")), ("qui", ("kk", "ih")), ("gue", ("kk", "E")), ("gui", ("kk", "ih")),
    ("ch", ("CH",)), ("ll", ("nn",)), ("rr", ("RR",)), ("qu", ("kk",)), ("ce", ("SS", "E")),
    ("ci", ("SS", "ih")), ("h", ()),
)  # fmt: skip
_ENGLISH: tuple[tuple[str, tuple[Viseme, ...]], ...] = (
    ("tion", ("CH", "E", "nn")), ("ough", ("oh",)), ("igh", ("aa", "ih")), ("tch", ("CH",)),
    ("th", ("TH",)), ("sh", ("CH",)), ("ch", ("CH",)), ("ph", ("FF",)), ("wh", ("ou",)),
    ("ck", ("kk",)), ("ng", ("kk",)), ("qu", ("kk", "ou")), ("kn", ("nn",)), ("wr", ("RR",)),
    ("oo", ("ou",)), ("ee", ("ih",)), ("ea", ("ih",)), ("ou", ("aa", "ou")), ("ow", ("oh", "ou")),
    ("oa", ("oh",)), ("ai", ("E", "ih")), ("ay", ("E", "ih")), ("oy", ("oh", "ih")),
    ("oi", ("oh", "ih")), ("ie", ("ih",)), ("au", ("oh",)), ("aw", ("oh",)), ("ew", ("ou",)),
    ("er", ("E", "RR")), ("ir", ("E", "RR")), ("ur", ("E", "RR")), ("gh", ()), ("mb", ("PP",)),
)  # fmt: skip
_LETTERS: dict[str, Viseme] = {
    "a": "aa", "e": "E", "i": "ih", "o": "oh", "u": "ou", "y": "ih", "w": "ou",
    "p": "PP", "b": "PP", "m": "PP", "f": "FF", "v": "FF", "t": "DD", "d": "DD",
    "k": "kk", "c": "kk", "g": "kk", "q": "kk", "x": "kk", "j": "kk", "h": "kk",
    "s": "SS", "z": "SS", "n": "nn", "l": "nn", "ñ": "nn", "r": "RR",
}  # fmt: skip
_DIFFERS: dict[str, dict[str, Viseme]] = {
    "es": {"v": "PP"},
    "en": {"j": "CH", "i": "ih", "u": "aa"},
}
#: How long a shape lasts, against the others of its word.
_VOWELS = frozenset({"aa", "E", "ih", "oh", "ou"})
VOWEL_WEIGHT, CONSONANT_WEIGHT = 1.6, 1.0


def spelt(word: str, language: str) -> tuple[Viseme, ...]:
    """The shapes of a written word in order; empty for what is not written in Latin letters.

    language: ISO 639-1; every one but English is read as Spanish is, letter by letter.
    """
    english = language == "en"
    rules = _ENGLISH if english else _SPANISH
    differs = _DIFFERS["en" if english else "es"]
    text = _plain(word)
    found: list[Viseme] = []
    at = 0
    while at < len(text):
        spelling, visemes = _rule(text, at, rules)
        if not spelling:
            letter = text[at]
            spelling = letter
            silent = english and letter == "e" and at == len(text) - 1 and at > 1
            viseme = None if silent else differs.get(letter) or _LETTERS.get(letter)
            visemes = () if viseme is None else (viseme,)
        found += (v for v in visemes if not found or found[-1] != v)
        at += len(spelling)
    return tuple(found)


def laid_out(
    word: str, language: str, begin: float, finish: float
) -> list[tuple[Viseme, float, float]]:
    """The shapes of a word over [begin, finish) seconds, vowels longer than consonants."""
    visemes = spelt(word, language)
    weights = [VOWEL_WEIGHT if v in _VOWELS else CONSONANT_WEIGHT for v in visemes]
    step = (finish - begin) / (sum(weights) or 1.0)
    laid: list[tuple[Viseme, float, float]] = []
    at = begin
    for viseme, weight in zip(visemes, weights, strict=True):
        laid.append((viseme, at, at + weight * step))
        at += weight * step
    return laid


def _rule(
    text: str, at: int, rules: tuple[tuple[str, tuple[Viseme, ...]], ...]
) -> tuple[str, tuple[Viseme, ...]]:
    for spelling, visemes in rules:
        if text.startswith(spelling, at):
            return spelling, visemes
    return "", ()


def _plain(word: str) -> str:
    """Small letters without accents; ñ stays."""
    kept = unicodedata.normalize("NFC", word.casefold()).replace("ñ", "\0")
    bare = unicodedata.normalize("NFD", kept)
    return "".join(c for c in bare if not unicodedata.combining(c)).replace("\0", "ñ")
