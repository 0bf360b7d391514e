"""What strangers say to her, before she reads, remembers or repeats it.

For chat, Discord and whoever else is not the user: their words stand on her screen and in her
mouth. Whoever brings them in asks here first, then has them fenced (`untrusted`).
"""

from __future__ import annotations

from dataclasses import replace

from mia.mind.safety.untrusted import Line, clean, name
from mia.mind.safety.words import Words


class Incoming:
    """words: the lists, as for what she says. on: `safety.incoming` of the configuration."""

    def __init__(self, words: Words, on: bool = True) -> None:
        self._words = words
        self._on = on

    async def refresh(self) -> None:
        """Read lists that were changed; call it now and then, as when a message comes."""
        await self._words.refresh()

    def line(self, line: Line, language: str = "") -> Line | None:
        """A stranger's line, fit to be read; None for one that is to be left alone.

        A name with a hit is left out, words with a hit take the whole line with them. language:
        ISO 639-1 of the text, "" where it is not known.
        """
        said = clean(line.text)
        if not said:
            return None
        called = name(line.name)
        if self._on:
            # Both as they were sent and as they will stand: cleaning may join what was apart.
            if self._words.hits(said, language) or self._words.hits(line.text[:2000], language):
                return None
            if self._words.hits(called, language):
                called = ""
        return replace(line, name=called, text=said)
