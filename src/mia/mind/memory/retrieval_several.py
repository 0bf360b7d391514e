"""Questions that want several answers: "what books has she read?", "¿qué ciudades ha visitado?".

The answers were said on different days. Where the best lines all come from the one talk in which
the matter was spoken of most, the others are not among the first ten.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from mia.mind.memory.retrieval_rows import Floats, Ints

#: Lines that stay where their scores put them: most questions have their answer there, whatever
#: their form.
FIRST = 3
#: Taken from a line's score for each line of its talk that was taken after those.
ALREADY = 1.75
#: Lines that may come to the front so, at least.
AMONG = 60

#: "What books", "which other cities", "qué tipo de libros": something in the plural.
_PLURAL = re.compile(
    r"\b(?:what|which|whose|qu[eé]|cu[aá]les|how many|cu[aá]nt[oa]s)\b"
    r"(?:\s+(?:kinds?|types?|sorts?|tipos?|clases?)\s+(?:of|de)\b|\s+(?!de\b)[^\W\d_]+)?"
    r"\s+(?!(?:is|was|does|has|his|its|this|es|eres|[^\W\d_]+(?:ss|mos))\b)[^\W\d_]{2,}s\b"
    r"|\bwhat (?:are|were)\b|\bcu[aá]les (?:son|eran|fueron)\b"
    r"|\bhow many\b|\ball the\b|\bcu[aá]nt[oa]s\b|\btod[oa]s l[oa]s\b",
    re.IGNORECASE,
)
#: "Where has she camped?", "¿qué ha pintado?": the perfect looks back on more than one day.
_PERFECT = re.compile(
    r"^\W*(?:in )?(?:what|which|where|who|how(?! (?:long|old|far)\b))\b"
    r".*\b(?:has|have)\b(?!\s+to\b)"
    r"|\b(?:he|has|ha|hemos|han)\s+(?:[^\W\d_]+[aií]do|hecho|visto|escrito|dicho|puesto)\b",
    re.IGNORECASE,
)


def asks_for_several(text: str) -> bool:
    """Whether a question wants more than one thing, as far as its form tells."""
    return _PLURAL.search(text) is not None or _PERFECT.search(text) is not None


def from_several_talks(score: Floats, talk: Ints, depth: int) -> npt.NDArray[np.intp]:
    """The places of the best `depth` lines, best first, where after the first few another talk's
    line goes before the next one of the same.

    score: of each line, -inf for none. talk: the conversation of each.
    """
    left = np.argsort(-score, kind="stable")[: max(AMONG, depth)]
    worth = score[left]
    chosen: list[int] = []
    while len(left) and len(chosen) < depth:
        best = int(np.argmax(worth))
        chosen.append(int(left[best]))
        if len(chosen) > FIRST:
            worth = worth - ALREADY * (talk[left] == talk[left[best]])
        left, worth = np.delete(left, best), np.delete(worth, best)
    return np.array(chosen, np.intp)
