"""What of a reply is shown, what is said, and how the one lies on the other."""

from __future__ import annotations

from collections.abc import Mapping

from mia.conversation.ports import Word
from mia.voice.align import align_words
from mia.voice.clauses import ClauseCutter
from mia.voice.cues import Cues
from mia.voice.markup import displayable
from mia.voice.speakable import speakable


class VoiceWording:
    """Implements `Wording`. chunk_size: characters of the longest segment (see ClauseCutter).
    tags: expression tags, folded (`cues.folded`), and the expression each shows."""

    def __init__(self, chunk_size: int = 150, tags: Mapping[str, str] | None = None) -> None:
        self._chunk_size = chunk_size
        self._cues = Cues(tags or {})

    def cutter(self, language: str) -> ClauseCutter:
        """A fresh cutter for one reply."""
        return ClauseCutter(language, chunk_size=self._chunk_size)

    def shown(self, clause: str) -> str:
        return displayable(self._cues.whole(clause))

    def spoken(self, clause: str, language: str) -> str:
        return speakable(self._cues.whole(clause), language)

    def cues(self, clause: str) -> tuple[tuple[str, int], ...]:
        return self._cues.of(self._cues.whole(clause))

    def align(self, shown: str, spoken: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
        return align_words(shown, spoken, words)
