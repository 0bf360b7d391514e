"""What comes to mind while somebody speaks: looked up for the newest words, beside all else.

It begins with the first words that are understood, so that the mind can read ahead what comes to
mind. For the last words it is looked up once more, and the answer waits for that: 13 ms (median) at
100,000 memories, and never longer than a listener would not notice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mia.conversation.ports import Asking, Memory, Message, Prompt, Recollection

if TYPE_CHECKING:
    from mia.conversation.history import History

NOTHING = Recollection()
#: The longest an answer waits for what comes to mind, in seconds.
PATIENCE = 0.15
#: What makes a difference to what is looked up; recognisers change their minds about the rest.
_TELLING = re.compile(r"\w+|\?")


class Remembering:
    """The newest words' recollection. `memory` None: nothing ever comes to mind."""

    def __init__(self, memory: Memory | None, asking: Callable[[], Asking]) -> None:
        self._memory = memory
        self._asking = asking
        self._words: list[str] | None = None
        self._task: asyncio.Task[Recollection] | None = None
        self._forgot = ""
        """The newest turn by which something was forgotten."""

    @property
    def able(self) -> bool:
        return self._memory is not None

    def think(self, group: asyncio.TaskGroup, text: str) -> asyncio.Task[Recollection] | None:
        """Look up what fits these words; None: there is no memory."""
        if self._memory is None:
            return None
        words = _TELLING.findall(text.casefold())
        if self._task is None or self._words != words:
            if self._task is not None:
                self._task.cancel()
            self._words = words
            self._task = group.create_task(self._memory.recall(text, self._asking()))
        return self._task

    def lately(self) -> Recollection:
        """What came to mind for the newest words, as far as it is there."""
        task = self._task
        if task is None or not task.done() or task.cancelled() or task.exception():
            return NOTHING
        return task.result()

    def forget(self) -> None:
        """The turn is over; the same words may mean something else the next time."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._words = None, None

    def left_of(self, history: History, text: str | None, turn: str) -> History:
        """What the mind may still read before it answers these words: all, or, where they ask to
        forget what was said before them, the rest."""
        gone = self._unwanted(history, text, turn)
        return history.without(gone) if gone else history

    def forget_before(self, history: History, text: str, turn: str) -> tuple[str, ...]:
        """Take what these words ask to forget out of the history; returns the lines' ids. Once for
        each turn: somebody who goes on ("forget that, please") means the same lines."""
        gone = self._unwanted(history, text, turn)
        if gone:
            self._forgot = turn
            history.replace(history.without(gone))
        return gone

    def _unwanted(self, history: History, text: str | None, turn: str) -> tuple[str, ...]:
        if self._memory is None or not text or turn == self._forgot:
            return ()
        if not self._memory.forgets(text):
            return ()
        return history.newest_exchange(self._asking().speaker)

    async def kept(self, turn: str) -> None:
        """Return once this turn's words are written down, or cannot be soon."""
        if self._memory is not None:
            await self._memory.kept(self._asking().conversation, turn)


async def awaited(thinking: asyncio.Task[Recollection] | None) -> Recollection:
    """Its result, or nothing if it takes too long."""
    if thinking is None:
        return NOTHING
    done, _ = await asyncio.wait((thinking,), timeout=PATIENCE)
    if not done or thinking.cancelled() or thinking.exception():
        return NOTHING
    return thinking.result()


def told(recollection: Recollection) -> tuple[Message, ...]:
    """The message that tells the mind of it; none if there is nothing to tell."""
    if not recollection.note:
        return ()
    return (Message("system", recollection.note, recollection.plain),)


def with_memories(prompt: Prompt, recollection: Recollection) -> Prompt:
    """The prompt with what came to mind, right before the newest message."""
    note = told(recollection)
    if not note or not prompt.messages or prompt.messages[-1].role != "user":
        return prompt
    return replace(prompt, messages=(*prompt.messages[:-1], *note, prompt.messages[-1]))
