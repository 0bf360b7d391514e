"""Cuts a long text for synthesis: voices learnt from single sentences and slow down on more."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: A sentence shorter than this is spoken together with the next one.
SHORT = 40
#: Longer pieces are cut at a mark, else between words, else anywhere.
LONG = 240

_SENTENCE = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+|[。！？]|\n+")
_CLAUSE = re.compile(r"[,;:—][\"'”’»)\]]*\s+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, and the character it begins at."""

    text: str
    start: int


def pieces(text: str) -> list[Piece]:
    """The text in pieces to be spoken one after the other; those without a letter or digit are
    left out."""
    found: list[Piece] = []
    start = 0
    while start < len(text):
        end = _end(text, start)
        part = text[start:end]
        bare = part.strip()
        if any(c.isalnum() for c in bare):
            found.append(Piece(bare, start + len(part) - len(part.lstrip())))
        start = end
    return found


def _end(text: str, start: int) -> int:
    limit = start + LONG
    for mark in _SENTENCE.finditer(text, start, min(limit, len(text))):
        if mark.end() - start >= SHORT and len(text) - mark.end() > SHORT // 4:
            return mark.end()
    if len(text) <= limit:
        return len(text)
    for pattern in (_CLAUSE, _SPACE):
        ends = [m.end() for m in pattern.finditer(text, start + SHORT, limit)]
        if ends:
            return ends[-1]
    return limit
