"""Expression tags in what a language model writes: `[joy]`, `[alegría]`, `*smiles*`.

Whole ones are taken out by `markup`, wherever they stand. Here is what that leaves open: half a
tag, where a stream was cut off or a model forgot the rest, and which expression a tag names.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Mapping

from mia.voice.markup import begins_direction, directions

log = logging.getLogger(__name__)

#: What a tag that names nothing known shows.
NEUTRAL = "neutral"
#: The longest name that is looked for in half a tag.
LONGEST = 60

_OPEN_TAG = re.compile(r"\[[^\[\]\n]{0,60}$")
_OPEN_STAR = re.compile(r"(?:(?<=^)|(?<=[\s.!?…,;:¡¿\"”»)\]]))\*+([^*\n]{0,60})$")
_OPEN_LINE = re.compile(r"(?<![\w_])_([^_\n]{0,60})$")
_HALF_TAG = re.compile(r"\[\s*([^\W\d_]{2,30})(?=[^\w\]])(?![^\[\]\n]{0,60}\])[\s,.:;!\d%]*")
_STRAY = re.compile(r"(?:^|(?<=\s))([^\W\d_]{2,30})\s?\](?=\s|$|[.,;:!?…])")


def folded(name: str) -> str:
    """A tag's name as it is looked up: small, without accents, marks and numbers about it."""
    bare = unicodedata.normalize("NFD", name.casefold())
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^a-z ]+", " ", letters).split())


class Cues:
    """names: every tag there is, folded, and the expression it shows."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._begun = tuple(self._names)

    def of(self, clause: str) -> tuple[tuple[str, int], ...]:
        """The expressions asked for in a clause, and the character of the shown text each stands
        before. A `[tag]` that names nothing asks for the neutral face; a stage direction that
        does asks for nothing."""
        found: list[tuple[str, int]] = []
        for tag, at in directions(clause):
            name = self._named(tag)
            if name is None:
                log.debug("no expression for %r", tag)
                name = NEUTRAL if f"[{tag}]" in clause else None
            if name is not None:
                found.append((name, at))
        return tuple(found)

    def whole(self, clause: str) -> str:
        """The clause without halves of tags: a bracket that is not closed, an action that breaks
        off at the end."""
        text = _HALF_TAG.sub(self._unless_known, clause)
        text = _OPEN_TAG.sub("", text)
        text = _STRAY.sub(self._unless_known, text)
        for pattern, mark in ((_OPEN_STAR, "*"), (_OPEN_LINE, "_")):
            if text.count(mark) % 2:  # the last one opens something
                text = pattern.sub(self._unless_begun, text)
        return text

    def _named(self, tag: str) -> str | None:
        """By the whole of it, or by its first words ("smiles warmly", "se ríe bajito")."""
        name = folded(tag)
        words = name.split(" ")
        firsts = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        return next((self._names[first] for first in firsts if first in self._names), None)

    def _unless_known(self, found: re.Match[str]) -> str:
        return " " if folded(found[1]) in self._names else found.group()

    def _unless_begun(self, found: re.Match[str]) -> str:
        """What is open at the end goes if it may become a tag or a stage direction."""
        name = folded(found[1])
        begun = any(known.startswith(name) for known in self._begun)
        aside = begins_direction(found.string[: found.start()], found[1])
        return " " if not name or begun or aside or self._named(name) else found.group()
