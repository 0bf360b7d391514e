"""What she says, looked at clause by clause before it is shown or said.

A hit takes the rest of the reply with it: a model that has begun such a sentence is not trusted
with the next one, and "… and that is why" after a gap says it as well. One line is said instead.
"""

from __future__ import annotations

from collections.abc import Callable

from mia.conversation.ports import KeptBack, ReplyGuard
from mia.mind.safety.words import Words
from mia.strings import translate

#: How much of what was said before is read along with a clause, in characters: an expression may
#: begin in one and end in the next, a word may be spelt out over several.
REMEMBERED = 120


class Outgoing:
    """Implements `Guard`. line: said instead, by language; empty: MIA's own line."""

    def __init__(self, words: Words, line: str = "") -> None:
        self.words = self._words = words
        self._line = line

    async def begin(self, language: str) -> ReplyGuard:
        await self._words.refresh()
        instead = self._line or translate("spoken.kept_back", language)
        return Watch(lambda text: self._first(text, language), instead)

    def _first(self, text: str, language: str) -> list[tuple[str, int]]:
        return [(hit.category, hit.end) for hit in self._words.hits(text, language)]


class Watch:
    """Implements `ReplyGuard`. find: categories of what is on a list, and where each ends."""

    def __init__(self, find: Callable[[str], list[tuple[str, int]]], instead: str) -> None:
        self._find = find
        self._instead = instead
        self._before = ("", "")

    def check(self, shown: str, spoken: str) -> KeptBack | None:
        forms = (shown, spoken)
        for before, text in dict.fromkeys(zip(self._before, forms, strict=True)):
            if category := self._category(before, text):
                return KeptBack(category, self._instead)
        self._before = (
            _tail(f"{self._before[0]} {shown}"),
            _tail(f"{self._before[1]} {spoken}"),
        )
        return None

    def _category(self, before: str, text: str) -> str:
        """Of the first hit that reaches into the new text; a word may have been cut in two."""
        gaps = (" ", "") if before[-1:].isalnum() and text[:1].isalnum() else (" ",)
        for gap in gaps:
            for category, end in self._find(f"{before}{gap}{text}"):
                if end > len(before) + len(gap):
                    return category
        return ""


def _tail(text: str) -> str:
    """The last words of a text."""
    if len(text) <= REMEMBERED:
        return text
    short = text[-REMEMBERED:]
    return short[short.find(" ") + 1 :]
