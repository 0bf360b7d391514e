"""What of a reply is shown, what is said, and how the one lies on the other."""

from __future__ import annotations

from mia.conversation.ports import Word
from mia.voice.align import align_words
from mia.voice.clauses import ClauseCutter
from mia.voice.markup import displayable
from mia.voice.speakable import speakable


class VoiceWording:
    """Implements `Wording`. chunk_size: characters of the longest segment (see ClauseCutter)."""

    def __init__(self, chunk_size: int = 150) -> None:
        self._chunk_size = chunk_size

    def cutter(self, language: str) -> ClauseCutter:
        """A fresh cutter for one reply."""
        return ClauseCutter(language, chunk_size=self._chunk_size)

    def shown(self, clause: str) -> str:
        return displayable(clause)

    def spoken(self, clause: str, language: str) -> str:
        return speakable(clause, language)

    def align(self, shown: str, spoken: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
        return align_words(shown, spoken, words)
