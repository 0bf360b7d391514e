"""Whether somebody means MIA: is her name in what they say, and said as a name?

"Mía" is also "mine" in Spanish, so a name counts only where names are called: alone between
marks ("¿Qué hora es, Mía?"), at the head of what is said ("Mía, pon música"), or after a greeting
("oye, Mía"; "hey Mia").
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

from mia.conversation.lexicon import GREETINGS

_CLAUSE = re.compile(r"[^,;:.!?¡¿…—\n]+")
_WORD = re.compile(r"[\w']+")
#: Spellings of one sound, in the order in which they are read; a "ph" before its "h" goes.
_SPELT = (
    ("ph", "f"), ("h", ""), ("y", "i"), ("ll", "i"), ("qu", "k"), ("z", "s"), ("v", "b"), ("c", "k")
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")


def folded(text: str) -> str:
    """Lower case, without accents."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in flat if not unicodedata.combining(c))


def names_her(text: str, names: Iterable[str], *, loosely: bool = False) -> bool:
    """Whether `text` calls one of `names`; loosely: also as a recogniser may misspell it."""
    return _names_her(text, tuple(names), loosely)


@functools.lru_cache(maxsize=1024)  # a room asks again of every open line at each new guess
def _names_her(text: str, names: tuple[str, ...], loosely: bool) -> bool:
    wanted = [folded(name).split() for name in names if name.strip()]
    if loosely:
        wanted = [[_sound(word) for word in name] for name in wanted]
    first = True
    for clause in _CLAUSE.findall(folded(text)):
        words = _WORD.findall(clause)
        if loosely:
            words = [_heard_as(word, wanted) for word in words]
        if not words:
            continue
        if any(_called(words, name, head=first) for name in wanted):
            return True
        first = False
    return False


def _sound(word: str) -> str:
    """How a folded word sounds, roughly, in Spanish and English alike: "Miya", "Mya", "Miah" and
    "Mía" are one."""
    for spelt, heard in _SPELT:
        word = word.replace(spelt, heard)
    return _DOUBLED.sub(r"\1", word)


def _heard_as(word: str, names: Iterable[list[str]]) -> str:
    """The part of a name that this word stands for, or the word itself."""
    sound = _sound(word)
    for part in {part for name in names for part in name}:
        # One letter in five may be wrong: none of a short name, or every "tía" would be Mía.
        if sound == part or (len(part) >= 5 and _distance(sound, part) <= len(part) // 5):
            return part
    return word


def _distance(one: str, other: str) -> int:
    """Levenshtein's."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


def _called(words: list[str], name: list[str], *, head: bool) -> bool:
    if words == name or (head and words[: len(name)] == name):
        return True
    places = range(1, len(words) - len(name) + 1)
    return any(words[at : at + len(name)] == name and words[at - 1] in GREETINGS for at in places)
