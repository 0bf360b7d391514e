"""From a question to a note: what fits, without what needs no telling. Blocking; on one thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace

from mia.conversation.ports import Asking, Recollection
from mia.mind.memory import injection, reading
from mia.mind.memory.ports import Finds, Question
from mia.mind.memory.records import OWNER

#: Characters of the running conversation that are taken to be in the mind's view still; what was
#: said in them is not told again. The embedded brain sees 2,400.
IN_VIEW = 2_400
#: Memories told in the newest turns are not told again: they stand in the history.
TOLD_LATELY = 16


def question_of(text: str, asking: Asking, now: float, most: int) -> Question:
    """What is asked for these words, to tell so many memories."""
    return Question(
        text,
        asking.language,
        speaker=asking.speaker or OWNER,
        persona=asking.persona,
        now=now,
        limit=max(10, most),
    )


class Recaller:
    """connection: a reading one; the one `finds` was made on."""

    def __init__(self, connection: sqlite3.Connection, finds: Finds) -> None:
        self.finds = finds
        self._connection = connection

    def recall(
        self,
        question: Question,
        session: Callable[[], int | None],
        names: Mapping[str, str],
        most: int,
    ) -> Recollection:
        """At most `most` memories as a note. session: the conversation that is going on, None
        before it has a line; names: what speakers are called, by id."""
        # One picture of the journal for all of it: these very words may be written meanwhile, and
        # would be found, though they were not there yet when it was asked what needs no telling.
        self._connection.execute("BEGIN")
        try:
            self._connection.execute("SELECT 1 FROM memory LIMIT 1").fetchone()  # from now on
            going_on = session()  # what is in the picture is of a conversation that has begun
            leave_out = frozenset(self._known(going_on)) if going_on is not None else frozenset()
            found = self.finds.recall(replace(question, leave_out=leave_out))
            scores = {one.id: one.score for one in found}
            rows = reading.by_ids(self._connection, list(scores))
        finally:
            self._connection.rollback()
        return injection.note(
            [(memory, scores[memory.id]) for memory in rows],
            question.language,
            question.now,
            names=names,
            most=most,
            question=question.text,
        )

    def search(self, question: Question) -> list[tuple[int, float]]:
        """(id, score) of what fits best, fitting or not."""
        return [(one.id, one.score) for one in self.finds.search(question)]

    def _known(self, session: int) -> set[int]:
        """Memories that need no telling: still in view, or told lately."""
        known: set[int] = set()
        seen = 0
        rows = self._connection.execute(
            "SELECT id, length(text) FROM memory WHERE session = ? ORDER BY id DESC LIMIT 400",
            (session,),
        )
        for memory, length in rows:
            known.add(memory)
            seen += length
            if seen > IN_VIEW:
                break
        told = self._connection.execute(
            "SELECT memory FROM told WHERE session = ? ORDER BY at DESC LIMIT ?",
            (session, TOLD_LATELY),
        )
        return known | {row[0] for row in told}
