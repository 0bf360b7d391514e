"""How a reply's text becomes clauses, subtitles and speech: the voice's side of `Wording`."""

from __future__ import annotations

from mia.conversation.ports import Word
from mia.voice.align import align_words
from mia.voice.clauses import ClauseCutter
from mia.voice.markup import displayable
from mia.voice.speakable import speakable


class VoiceWording:
    """Implements the conversation's `Wording`."""

    def __init__(self, chunk_size: int = 150) -> None:
        """chunk_size: longest piece of text synthesised at once, in characters."""
        self._chunk_size = chunk_size

    def cutter(self, language: str) -> ClauseCutter:
        return ClauseCutter(language, self._chunk_size)

    def shown(self, clause: str) -> str:
        return displayable(clause)

    def spoken(self, clause: str, language: str) -> str:
        return speakable(clause, language)

    def align(self, shown: str, spoken: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
        return align_words(shown, spoken, words)
