"""Whether somebody means MIA: is her name in what they say, and said as a name?

"Mía" is also "mine" in Spanish, so a name counts only where names are called: alone between
marks ("¿Qué hora es, Mía?"), at the head of what is said ("Mía, pon música"), or after a greeting
("oye, Mía"; "hey Mia").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from mia.conversation.lexicon import GREETINGS

_CLAUSE = re.compile(r"[^,;:.!?¡¿…—\n]+")


def folded(text: str) -> str:
    """Lower case, without accents."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in flat if not unicodedata.combining(c))


def names_her(text: str, names: Iterable[str]) -> bool:
    """Whether `text` calls one of `names`."""
    wanted = [folded(name).split() for name in names if name.strip()]
    first = True
    for clause in _CLAUSE.findall(folded(text)):
        words = re.findall(r"[\w']+", clause)
        if not words:
            continue
        if any(_called(words, name, head=first) for name in wanted):
            return True
        first = False
    return False


def _called(words: list[str], name: list[str], *, head: bool) -> bool:
    if words == name or (head and words[: len(name)] == name):
        return True
    places = range(1, len(words) - len(name) + 1)
    return any(words[at : at + len(name)] == name and words[at - 1] in GREETINGS for at in places)
