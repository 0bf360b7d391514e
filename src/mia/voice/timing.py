"""From timed phoneme symbols to words and mouth shapes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mia.conversation.ports import Phoneme, Word
from mia.voice.phonemes import PAUSES, STRESS

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol the voice was given, and its seconds [begin, finish) in the sound."""

    symbol: str
    begin: float
    finish: float

    def moved(self, seconds: float, latest: float) -> Symbol:
        """The same, earlier by `seconds` and kept within [0, latest]."""
        begin = min(max(self.begin - seconds, 0.0), latest)
        return Symbol(self.symbol, begin, min(max(self.finish - seconds, begin), latest))


def symbols(
    written: Sequence[str], frames: Sequence[float], frame_seconds: float
) -> tuple[Symbol, ...]:
    """Symbols laid one after the other by the frames each lasts."""
    laid: list[Symbol] = []
    done = 0.0
    for symbol, count in zip(written, frames, strict=True):
        laid.append(Symbol(symbol, done * frame_seconds, (done + count) * frame_seconds))
        done += count
    return tuple(laid)


def spread(written: Sequence[str], begin: float, finish: float) -> tuple[Symbol, ...]:
    """Symbols sharing [begin, finish) evenly (stress marks take no time), where the voice does
    not tell more."""
    weights = [0.0 if symbol in STRESS else 1.0 for symbol in written]
    step = (finish - begin) / max(sum(weights), 1.0)
    return tuple(
        Symbol(s.symbol, s.begin + begin, s.finish + begin) for s in symbols(written, weights, step)
    )


def sounds(timed: Sequence[Symbol]) -> tuple[Phoneme, ...]:
    """What the mouth does: pauses left out, marks of length and the like joined to their sound,
    a stress mark's time given to the sound after it."""
    found: list[Phoneme] = []
    waiting: float | None = None
    for symbol in timed:
        if symbol.symbol in STRESS:
            waiting = symbol.begin if waiting is None else waiting
            continue
        if not symbol.symbol.strip() or symbol.symbol in PAUSES or symbol.finish <= symbol.begin:
            waiting = None
            continue
        category = unicodedata.category(symbol.symbol[0])
        if found and waiting is None and category in ("Mn", "Lm"):
            last = found[-1]
            found[-1] = Phoneme(last.symbol + symbol.symbol, last.begin, symbol.finish)
        else:
            begin = symbol.begin if waiting is None else waiting
            found.append(Phoneme(symbol.symbol, begin, symbol.finish))
        waiting = None
    return tuple(found)


def words(
    text: str, timed: Sequence[Symbol], count: Callable[[str], int], first: int = 0
) -> tuple[Word, ...]:
    """When each word of `text` is heard.

    count: how many phonemes a word has by itself; asked only where espeak-ng has joined or split
    words, so that words and groups of symbols do not pair up. first: where `text` begins in the
    text the characters are to count from.
    """
    spans = [m.span() for m in _WORD.finditer(text) if any(c.isalnum() for c in m.group())]
    groups = _groups(timed)
    if not spans or not groups:
        return ()
    if len(spans) == len(groups):
        times = [(group[0].begin, group[-1].finish) for group in groups]
    else:
        flat = [symbol for group in groups for symbol in group]
        weights = [max(count(text[start:end]), 1) for start, end in spans]
        times = _proportional(flat, weights)
    return tuple(
        Word(first + start, first + end, begin, finish)
        for (start, end), (begin, finish) in zip(spans, times, strict=True)
    )


def _groups(timed: Sequence[Symbol]) -> list[list[Symbol]]:
    """The symbols of each phonetic word, without spaces and punctuation."""
    groups: list[list[Symbol]] = [[]]
    for symbol in timed:
        if symbol.symbol in PAUSES:
            groups.append([])
        else:
            groups[-1].append(symbol)
    return [group for group in groups if any(s.symbol not in STRESS for s in group)]


def _proportional(flat: Sequence[Symbol], weights: Sequence[int]) -> list[tuple[float, float]]:
    total = sum(weights)
    times: list[tuple[float, float]] = []
    done = 0
    for weight in weights:
        first = min(round(done / total * len(flat)), len(flat) - 1)
        done += weight
        last = min(max(round(done / total * len(flat)), first + 1), len(flat))
        times.append((flat[first].begin, flat[last - 1].finish))
    return times
