"""The text side of the voice as the conversation sees it."""

from __future__ import annotations

from mia.conversation.ports import Word
from mia.voice.wording import VoiceWording


def test_a_clause_is_cut_shown_said_and_aligned() -> None:
    wording = VoiceWording(chunk_size=100)
    cutter = wording.cutter("es")
    (clause,) = [*cutter.feed("**Son 25 % más**, "), *cutter.finish()]
    shown, said = wording.shown(clause), wording.spoken(clause, "es")
    assert (shown, said) == ("Son 25 % más,", "Son veinticinco por ciento más,")
    times = (Word(0, 3, 0, 1), Word(4, 15, 1, 2), Word(16, 19, 2, 3), Word(20, 27, 3, 4))
    aligned = wording.align(shown, said, (*times, Word(28, 32, 4, 5)))
    assert [shown[w.start : w.end] for w in aligned] == ["Son", "25", "%", "más,"]
