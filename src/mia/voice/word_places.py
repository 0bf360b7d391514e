"""Where the words an engine reports stand in the text it was given."""

from __future__ import annotations


class WordFinder:
    """Finds reported words in their text, in order. Engines leave out punctuation, and some
    change case or spell numbers out; what is not found has no place and is passed over."""

    #: How far ahead a word is looked for, in characters; farther off it is another one like it.
    REACH = 60

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = _lowered(text)
        self._cursor = 0

    def find(self, word: str) -> tuple[int, int] | None:
        """The characters [start, end) of the next such word, or None."""
        wanted = _lowered(word.strip())
        if not wanted:
            return None
        limit = self._cursor + self.REACH + len(wanted)
        start = self._plain.find(wanted, self._cursor, limit)
        if start < 0:
            return None
        self._cursor = start + len(wanted)
        return start, self._cursor


def _lowered(text: str) -> str:
    """Lower case of the same length, so that places stay true ("İ" would become two)."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
