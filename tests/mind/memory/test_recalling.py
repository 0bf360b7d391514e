"""What is being said this moment is no memory of itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mia.mind.memory.ports import Found, Question
from mia.mind.memory.recalling import Recaller
from tests.mind.memory.test_retrieval import NOW, Memory, memory, small_talk

__all__ = ["memory"]

SAID = "Mi perra se llama Canela y duerme en el sofá"


class Meanwhile:
    """Finds as MIA does, but the words are written just before it begins to."""

    def __init__(self, memory: Memory, write: Callable[[], object]) -> None:
        self.embedder, self.index = memory.retriever.embedder, memory.retriever.index
        self._memory, self._write = memory, write

    problem: Exception | None = None

    def search(self, question: Question) -> list[Found]:
        raise AssertionError(f"only recalled: {question.text}")

    def recall(self, question: Question) -> list[Found]:
        self._write()
        return self._memory.retriever.recall(question)


@pytest.mark.parametrize("begun", [True, False], ids=["in a talk", "its first line"])
@pytest.mark.parametrize("late", [True, False], ids=["meanwhile", "before"])
def test_words_that_are_written_meanwhile_are_not_told_for_themselves(
    memory: Memory, begun: bool, late: bool
) -> None:
    small_talk(memory)
    if begun:
        memory.say("Hola.", talk="now", at=NOW)

    def write() -> None:
        memory.say(SAID, talk="now", at=NOW)

    if not late:
        write()
    finds = Meanwhile(memory, write if late else lambda: None)
    recaller = Recaller(memory.reading, finds)
    question = Question(SAID, speaker="owner", persona="mia", now=NOW, limit=4)
    told = recaller.recall(question, lambda: memory.sessions.get("now"), {}, 4)
    assert SAID not in [text for _, _, text in told.memories]
    # Another talk, later, is told of it.
    again = recaller.recall(question, lambda: None, {}, 4)
    assert SAID in [text for _, _, text in again.memories]
