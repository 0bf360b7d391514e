"""When a memory is worth telling. Most of what people say calls for none: a memory that does not
fit costs a reply its aim and a quarter of a second, one that is missing only costs a question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mia.mind.memory import words
from mia.mind.memory.ports import Found

#: A memory is told where its meaning lies so many spreads above what is unrelated: to a question
#: sooner than beside a statement, which seldom wants one. On the Spanish-English set that tells
#: something beside 15 of 80 lines of small talk, 10 times the same remark in the other language
#: (`bench/results/memory.md`) …
LIKENESS, LIKENESS_UNASKED = 2.8, 4.4
#: … or where it has this share of the question's rare words and some of the meaning …
SHARE, SOME_LIKENESS = 0.5, 1.5
#: … or nearly all of its words, whatever the embedder thinks (it may not be there yet).
MOST_WORDS = 0.8
#: Two lines that share this much of their words say the same.
SAME = 0.8
#: MIA's own lines must mean so many spreads more: she says much about what was asked, and of a
#: small mind's answers many are wrong.
HERS = 1.0
#: Where only a question, or a line of hers, fits, the subject has come up. Then what the user said
#: about it needs no more than this: "¿qué no puedo comer?" lies nearer to every line about eating
#: than to "soy alérgica a los cacahuetes". Chosen on that one talk. On the Spanish-English set the
#: nearest statement is the right one in 35 of 100 cases from here to `LIKENESS`, in 67 beyond.
COME_UP = 1.8
#: Only the best so many of the user's statements, and of everything else, are looked at …
BEST = 12
#: … among so many of the best: what was asked and answered every day must not hide what was said
#: once.
DEEP = 100


_ASKS = re.compile(
    r"(?:y |and |oye,? |hey,? )?(?:(?:te |do you )?(?:acuerdas|recuerdas|remember)|sabes|dime"
    r"|cu[eé]ntame|tell me|qu[eé]|qui[eé]n(?:es)?|c[oó]mo|cu[aá]ndo|a?d[oó]nde|cu[aá]l(?:es)?"
    r"|cu[aá]nt[oa]s?|(?:a|de|con|en|por|para|desde) (?:qu[eé]|qui[eé]n|d[oó]nde|cu[aá]ndo)"
    r"|who|what|when|where|which|how|why|whose|did|do|does|is|am|are|was|were|have|has|can)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")


@dataclass(frozen=True, slots=True)
class Signs:
    """How one memory fits by itself, without its neighbours.

    likeness: in spreads above what is unrelated. share: of the question's words, 0 to about 1.
    hers: said by MIA.
    """

    likeness: float
    share: float
    text: str
    hers: bool = False


def worth_asking(text: str) -> bool:
    """Whether there is anything in it to look for: a greeting or "ajá" has no such word."""
    return words.looks_for_any(text)


def asks(text: str) -> bool:
    """Whether something is asked; recognised speech often lacks the mark."""
    return "?" in text or _ASKS.match(text.strip()) is not None


def only_asks(text: str) -> bool:
    """Whether a line that was said states nothing: all of it that has a word to look for is
    asked. Without a mark it counts as a statement ("cuando era niña" begins like a question)."""
    return "?" in text and not any(
        words.looks_for_any(one)
        for one in _SENTENCE.findall(text)
        if not one.rstrip().endswith("?")
    )


def fits(signs: Signs, *, asked: bool = True, least: float | None = None) -> bool:
    """least: a user's own threshold of likeness, in spreads."""
    likeness = signs.likeness - (HERS if signs.hers else 0.0)
    usual = LIKENESS if asked else LIKENESS_UNASKED
    return (
        likeness >= (usual if least is None else least)
        or (signs.share >= SHARE and likeness >= SOME_LIKENESS)
        or signs.share >= MOST_WORDS
    )


def fitting(
    ranked: Sequence[tuple[Found, Signs]],
    most: int,
    *,
    asked: bool = True,
    least: float | None = None,
) -> list[Found]:
    """So many of those that fit: what the user stated, best first, then what MIA stated; questions
    only where no statement fits. Of several that say the same only the first. A line that fits
    brings nothing else with it: its neighbours are found by themselves or not at all."""
    stated: list[tuple[Found, Signs]] = []
    hers: list[tuple[Found, Signs]] = []
    questions: list[tuple[Found, Signs]] = []
    for one in ranked:
        if only_asks(one[1].text):
            questions.append(one)
        else:
            (hers if one[1].hers else stated).append(one)
    fit = [one for one in stated[:BEST] if fits(one[1], asked=asked, least=least)]
    answers = [one for one in hers[:BEST] if fits(one[1], asked=asked, least=least)]
    wondered = [one for one in questions[:BEST] if fits(one[1], asked=asked, least=least)]
    if asked and not fit and (answers or wondered):
        enough = COME_UP if least is None else least
        near = [one for one in stated[:BEST] if one[1].likeness >= enough]
        fit = sorted(near, key=lambda one: -one[1].likeness)[:1]
    return _each_once([*fit, *answers] or wondered, most)


def _each_once(ranked: Sequence[tuple[Found, Signs]], most: int) -> list[Found]:
    told: list[Found] = []
    said: list[frozenset[str]] = []
    for found, signs in ranked:
        if len(told) == most:
            break
        stems = frozenset(words.stems(signs.text, "es"))
        if any(_alike(stems, other) for other in said):
            continue
        told.append(found)
        said.append(stems)
    return told


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    both = len(one | other)
    return both > 0 and len(one & other) / both >= SAME
