"""From the playhead to words: which part of a reply was really heard.

A word is heard when more than half of it was. A clause without word times has its words laid
out over its sound by their length, which is what voices do, near enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mia.conversation.ports import Word

_WORD = re.compile(r"\S+")
#: How the end of a text that was cut off is written into the history.
CUT = "—"


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a reply, placed in the reply's sound: seconds from its first sample."""

    sequence: int
    text: str
    begin: float
    finish: float
    words: tuple[Word, ...]
    """Characters of `text`, and seconds from the start of the reply."""
    timed: bool = True
    """Whether the voice told when its words are heard."""
    cues: tuple[tuple[str, float], ...] = ()
    """(expression, second of the reply at which it is due)."""


def laid_out(text: str, begin: float, finish: float) -> tuple[Word, ...]:
    """The words of `text` spread over [begin, finish) seconds by their number of letters."""
    spans = [match.span() for match in _WORD.finditer(text)]
    weights = [end - start + 1 for start, end in spans]
    total = sum(weights) or 1
    words, at = [], begin
    for (start, end), weight in zip(spans, weights, strict=True):
        until = at + (finish - begin) * weight / total
        words.append(Word(start, end, at, until))
        at = until
    return tuple(words)


def cued(
    cues: tuple[tuple[str, int], ...], words: tuple[Word, ...], finish: float
) -> tuple[tuple[str, float], ...]:
    """The second each cue is due: at the word it stands before, after the last one at `finish`."""
    return tuple(
        (name, next((word.begin for word in words if word.end > character), finish))
        for name, character in cues
    )


def heard_words(clauses: list[Clause], playhead: float) -> int:
    """How many words of a reply were heard when `playhead` seconds of its sound were."""
    return sum(
        (word.begin + word.finish) / 2 <= playhead for clause in clauses for word in clause.words
    )


def heard_text(clauses: list[Clause], playhead: float) -> str:
    """The text up to the playhead, to the word; the part of a clause that was cut ends in a
    dash. Empty when no whole word was heard."""
    parts: list[str] = []
    for clause in clauses:
        if not clause.text.strip():
            continue
        heard = [w for w in clause.words if (w.begin + w.finish) / 2 <= playhead]
        if len(heard) == len(clause.words):
            if clause.finish <= playhead or heard:
                parts.append(clause.text.strip())
            continue
        if heard:
            cut = clause.text[: heard[-1].end].strip().rstrip(",;:.…")
            parts.append(cut + CUT)
        elif parts:
            parts[-1] = parts[-1].rstrip(",;:") + ("" if parts[-1][-1] in ".!?…" else CUT)
        break
    return " ".join(parts)


def word_at(clauses: list[Clause], playhead: float) -> float:
    """Where the word that is cut at `playhead` begins: the second to go on from."""
    start = playhead
    for clause in clauses:
        for word in clause.words:
            if word.begin <= playhead < word.finish:
                return word.begin
            if word.begin > playhead:
                return start
    return start
