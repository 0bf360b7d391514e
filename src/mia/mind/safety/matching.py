"""Which words are on a list: patterns made of its lines, and where a text has one.

A line of a list is a word, a word with `*` at either end for anything there, or several words in
a row. Each letter may be drawn out ("puuuta"), but never shortened, so that Niger is no slur and
"as" no swear word; a plural's -s or -es counts too. A line that begins with `!` is never a hit.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mia.mind.safety.folding import Token, folded, tokens

_PLURAL, _PLURAL_E = "s?", "(?:e?s)?"
#: After these letters a plural may have -es, in Spanish or English.
_TAKES_E = tuple("hlnrdsxz")
#: Half a pattern may stand for no more than this.
_ANYTHING = "[a-zñ]{0,30}"
#: More words in a row than this are no expression, but a text.
LONGEST_PHRASE = 8
LONGEST_WORD = 40
#: Shorter expressions without their spaces may be a word of their own ("go die", "goodie").
_LEAST_JOINED = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a list. language: where it counts, "" for everywhere."""

    category: str
    words: tuple[str, ...]
    language: str = ""
    allowed: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """What was found: of which category, and where in the text."""

    category: str
    start: int
    end: int


def rule(line: str, category: str, language: str = "") -> Rule | None:
    """The rule in a line of a list; None for one that says nothing."""
    allowed = line.startswith("!")
    words = []
    for word in line.lstrip("!").split():
        before, after = word.startswith("*"), word.endswith("*") and len(word) > 1
        plain = re.sub(r"[^a-zñ]", "", folded(word.strip("*"))[0])
        if not plain or len(plain) > LONGEST_WORD:
            return None
        words.append(f"{'*' * before}{plain}{'*' * after}")
    if not words or len(words) > LONGEST_PHRASE:
        return None
    return Rule(category, tuple(words), language, allowed)


def _pattern(word: str) -> str:
    letters = word.strip("*")
    drawn = "".join(
        f"{letter}{{{len(list(same))},}}" for letter, same in itertools.groupby(letters)
    )
    before = _ANYTHING if word.startswith("*") else ""
    plural = _PLURAL_E if letters.endswith(_TAKES_E) else _PLURAL
    after = _ANYTHING if word.endswith("*") else plural
    return f"{before}{drawn}{after}"


@dataclass(slots=True)
class _Patterns:
    """The rules of one category in one language."""

    words: re.Pattern[str] | None = None
    plain: tuple[str, ...] = ()
    """Words without a pattern, for those in which letters were starred out."""
    begins: re.Pattern[str] | None = None
    """The first word of any expression of several: most words are none."""
    phrases: list[tuple[re.Pattern[str], ...]] = field(default_factory=list)


def _compiled(rules: Sequence[Rule]) -> _Patterns:
    single = sorted({one.words[0] for one in rules if len(one.words) == 1})
    several = [one.words for one in rules if len(one.words) > 1]
    # Nobody is stopped by leaving out the spaces.
    joined = {"".join(words) for words in several}
    together = sorted(word for word in joined if "*" not in word and len(word) >= _LEAST_JOINED)
    found = _Patterns()
    if single or together:
        found.words = re.compile("|".join(_pattern(word) for word in (*single, *together)))
    found.plain = tuple(word.strip("*") for word in single if len(word.strip("*")) > 3)
    if several:
        firsts = sorted({words[0] for words in several})
        found.begins = re.compile("|".join(_pattern(word) for word in firsts))
        found.phrases = [tuple(re.compile(_pattern(w)) for w in words) for words in several]
    return found


class Matcher:
    """All rules, ready to be looked for."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        every = list(rules)
        self.size = len(every)
        blocked = [one for one in every if not one.allowed]
        self._blocked = {
            key: _compiled([one for one in blocked if (one.category, one.language) == key])
            for key in sorted({(one.category, one.language) for one in blocked})
        }
        self._allowed = _compiled([one for one in every if one.allowed])

    def hits(self, text: str, language: str = "") -> list[Hit]:
        """Everything in a text that is on a list, in order of where it stands.

        language: ISO 639-1 of the text; rules that count in one language only count in that one,
        and everywhere where the language is not known.
        """
        found = tokens(text)
        words = [token for token in found if not token.joined]
        spared = [span for token in found if (span := self._spared(token))]
        spared += _phrases(self._allowed, words)
        hits = []
        for (category, only), patterns in self._blocked.items():
            if only and language and only != language[:2]:
                continue
            spans = [(t.start, t.end) for t in found if _matches(patterns, t)]
            for start, end in (*spans, *_phrases(patterns, words)):
                if not any(first <= start and end <= last for first, last in spared):
                    hits.append(Hit(category, start, end))
        return sorted(hits, key=lambda hit: (hit.start, hit.end))

    def _spared(self, token: Token) -> tuple[int, int] | None:
        words = self._allowed.words
        if words is not None and words.fullmatch(token.plain):
            return token.start, token.end
        return None


def _matches(patterns: _Patterns, token: Token) -> bool:
    if patterns.words is None:
        return False
    if _reads(patterns.words, token):
        return True
    if not token.starred:
        return False
    hidden = re.compile(token.starred.replace("*", "[a-zñ]"))
    return any(hidden.fullmatch(word) for word in patterns.plain)


def _phrases(patterns: _Patterns, words: Sequence[Token]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    if patterns.begins is None:
        return found
    for at, token in enumerate(words):
        if not _reads(patterns.begins, token):
            continue
        for phrase in patterns.phrases:
            row = words[at : at + len(phrase)]
            if len(row) == len(phrase) and all(map(_reads, phrase, row)):
                found.append((row[0].start, row[-1].end))
    return found


def _reads(pattern: re.Pattern[str], token: Token) -> bool:
    return any(pattern.fullmatch(reading) for reading in token.readings)
