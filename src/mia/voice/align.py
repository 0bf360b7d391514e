"""Lays the word times of what is said onto what is shown.

"25 %" is shown, "veinticinco por ciento" is said: words that are the same in both are anchors,
and between two anchors the shown words share the time of the spoken ones by their length.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from mia.conversation.ports import Word

_WORD = re.compile(r"\S+")


def _key(word: str) -> str:
    """A word without accents, case and punctuation."""
    letters = unicodedata.normalize("NFD", word.casefold())
    return "".join(c for c in letters if c.isalnum()) or word


def align_words(display: str, spoken: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Times of every word of `display`, in order and never overlapping.

    words: times of (some of) the words of `spoken`, in order. Empty when there are none.
    """
    if not words:
        return ()
    shown = [match.span() for match in _WORD.finditer(display)]
    shown_keys = [_key(display[start:end]) for start, end in shown]
    said_keys = [_key(spoken[word.start : word.end]) for word in words]
    result: list[Word] = []
    at = words[0].begin
    matcher = SequenceMatcher(None, shown_keys, said_keys, autojunk=False)
    for _, from_shown, to_shown, from_said, to_said in matcher.get_opcodes():
        here = shown[from_shown:to_shown]
        said = words[from_said:to_said]
        if not here:
            continue
        if len(here) == len(said):
            spans = [(word.begin, word.finish) for word in said]
        elif said:
            spans = _shared([end - start for start, end in here], said[0].begin, said[-1].finish)
        else:
            spans = [(at, at)] * len(here)
        for (start, end), (begin, finish) in zip(here, spans, strict=True):
            begin = max(begin, at)
            at = max(begin, finish)
            result.append(Word(start, end, begin, at))
    return tuple(result)


def _shared(weights: list[int], begin: float, finish: float) -> list[tuple[float, float]]:
    """[begin, finish) divided in proportion to `weights`."""
    total = sum(weights)
    spans: list[tuple[float, float]] = []
    done = 0
    for weight in weights:
        start = begin + (finish - begin) * done / total
        done += weight
        spans.append((start, begin + (finish - begin) * done / total))
    return spans
