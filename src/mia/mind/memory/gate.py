"""When a memory is worth telling. Most of what people say calls for none: a memory that does not
fit costs a reply its aim and a quarter of a second, one that is missing only costs a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mia.mind.memory import words
from mia.mind.memory.ports import Found

#: A memory is told where its meaning lies so many spreads above what is unrelated …
LIKENESS = 3.6
#: … or where it has this share of the question's rare words and some of the meaning …
SHARE, SOME_LIKENESS = 0.5, 1.5
#: … or nearly all of its words, whatever the embedder thinks (it may not be there yet).
MOST_WORDS = 0.8
#: Two lines that share this much of their words say the same.
SAME = 0.8
#: Only the best so many are looked at.
BEST = 12


@dataclass(frozen=True, slots=True)
class Signs:
    """How one memory fits by itself, without its neighbours.

    likeness: in spreads above what is unrelated. share: of the question's words, 0 to about 1.
    """

    likeness: float
    share: float
    text: str


def worth_asking(text: str) -> bool:
    """Whether there is anything in it to look for: a greeting or "ajá" has no such word."""
    return bool(words.asked(text))


def fits(signs: Signs) -> bool:
    return (
        signs.likeness >= LIKENESS
        or (signs.share >= SHARE and signs.likeness >= SOME_LIKENESS)
        or signs.share >= MOST_WORDS
    )


def fitting(ranked: Sequence[tuple[Found, Signs]]) -> list[Found]:
    """Those that fit, best first; of several that say the same only the first. A line that fits
    brings nothing else with it: its neighbours are found by themselves or not at all."""
    told: list[Found] = []
    said: list[frozenset[str]] = []
    for found, signs in ranked[:BEST]:
        if not fits(signs):
            continue
        stems = frozenset(words.stems(signs.text, "es"))
        if any(_alike(stems, other) for other in said):
            continue
        told.append(found)
        said.append(stems)
    return told


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    both = len(one | other)
    return both > 0 and len(one & other) / both >= SAME
