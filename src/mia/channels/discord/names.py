"""What people are called, made safe to stand before their words.

A display name is whatever its owner likes. Before it reaches a prompt or a page it becomes one
short line that cannot be taken for anything else: no line breaks, no colons, no mentions, nothing
invisible. Who somebody is, is their user id; their name only says how to call them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from mia.conversation import Speaker

LONGEST = 32
_MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w+:)\d+>|@(?:everyone|here)", re.IGNORECASE)
#: Marks that chats, prompts and Markdown give a meaning.
_MARKS = re.compile(r"[:<>@#`*_~|\\\[\]{}]+")


def clean(name: str, user: int) -> str:
    """`name` on one line of at most LONGEST characters; nothing left of it: a name by the id."""
    text = unicodedata.normalize("NFKC", name)
    text = _MENTION.sub(" ", text)
    text = _MARKS.sub(" ", text)
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or _visible(c))
    tidy = " ".join(kept.split())[:LONGEST].strip()
    return tidy or f"Persona {user % 10_000:04d}"


def labels(names: Mapping[int, str]) -> dict[int, str]:
    """What everybody is called, by user id; who has somebody else's name is numbered, in the order
    of the ids, so that it stays theirs while they are there."""
    given: dict[int, str] = {}
    taken: set[str] = set()
    for user in sorted(names):
        name = label = clean(names[user], user)
        count = 1
        while label.casefold() in taken:
            count += 1
            end = f" ({count})"
            label = name[: LONGEST - len(end)] + end
        taken.add(label.casefold())
        given[user] = label
    return given


def speaker(user: int, name: str) -> Speaker:
    """A Discord user as the conversation knows them; `name` as it is, cleaned before or not."""
    return Speaker(f"discord:{user}", clean(name, user))


def message(text: str, limit: int) -> str:
    """A message as words for the mind: mentions gone, one space between words, not too long."""
    text = _MENTION.sub(" ", unicodedata.normalize("NFKC", text))
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or _visible(c))
    return " ".join(kept.split())[:limit]


def _visible(character: str) -> bool:
    # Control, format (zero width, direction), private, unassigned: nothing a reader would see.
    return not unicodedata.category(character).startswith("C")
