"""Whose words were whose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.wording import misheard, plain

Spoken = Sequence[tuple[str, str]]
"""Name and words."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """right: recognised words in the line of who said them; wrong: in somebody else's.
    misheard, words: wrong words (replaced, missing, added) and words said."""

    right: int
    wrong: int
    misheard: int
    words: int

    @property
    def share(self) -> float:
        return self.right / max(1, self.right + self.wrong)


def attributed(truth: Spoken, lines: Spoken, language: str) -> Attributed:
    """Compare what was said with the lines that were understood, person by person."""
    names = {name for name, _ in truth}
    said = {name: _words(truth, name, language) for name in names}
    right = wrong = errors = words = 0
    for name in names:
        heard = Counter(_words(lines, name, language))
        mine = Counter(said[name])
        right += (heard & mine).total()
        others: Counter[str] = sum((Counter(said[n]) for n in names - {name}), Counter())
        wrong += ((heard - mine) & (others - mine)).total()
        understood = " ".join(_words(lines, name, language))
        off, count = misheard(" ".join(said[name]), understood, language)
        errors, words = errors + off, words + count
    return Attributed(right, wrong, errors, words)


def _words(spoken: Spoken, name: str, language: str) -> list[str]:
    return [w for who, text in spoken if who == name for w in plain(text, language).split()]


def delays(
    said: Sequence[tuple[float, str]], told: Sequence[tuple[float, str]]
) -> list[tuple[float, float]]:
    """When each line was told, and how long after its speaker had last finished saying
    something, seconds. said, told: times and names."""
    found = []
    for at, name in told:
        before = [ended for ended, who in said if who == name and ended <= at]
        if before:
            found.append((at, at - before[-1]))
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """NaN where there is nothing."""
    return float(np.percentile(values, share)) if len(values) else float("nan")
