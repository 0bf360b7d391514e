"""What was said so far: the user's turns, and of MIA's replies what was really heard."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from mia.conversation.ports import Message, Recollection
from mia.conversation.remembering import NOTHING, told
from mia.conversation.speakers import Line

Status = Literal["in_progress", "completed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the conversation. `id` is the turn's (user) or the reply's (assistant)."""

    id: str
    role: Literal["system", "user", "assistant"]
    text: str
    status: Status = "completed"
    lines: tuple[Line, ...] = ()
    """Who said what of it, where several people speak; `text` then names them too."""
    recalled: Recollection = NOTHING
    """What came to mind for it; told right before it, word for word the same ever after, so that
    a cached prompt stays good."""


class History:
    """Lines in the order in which they were said; bounded, the oldest go first."""

    def __init__(self, limit: int = 400) -> None:
        self._items: list[Item] = []
        self._limit = limit
        self.glue = " "
        """Between two messages of the same side; in company every line begins with a name."""

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> tuple[Item, ...]:
        return tuple(self._items)

    def replace(self, items: Iterable[Item]) -> None:
        """These lines instead of all there are; the newest of them, if they are too many."""
        self._items = list(items)[-self._limit :]

    def find(self, item_id: str) -> Item | None:
        return next((item for item in self._items if item.id == item_id), None)

    def put(self, item: Item) -> None:
        """Add a line, or replace the one with its id."""
        for at, known in enumerate(self._items):
            if known.id == item.id:
                self._items[at] = item
                return
        self._items.append(item)
        if len(self._items) > self._limit:
            del self._items[0]

    def heard(self, item_id: str, text: str, status: Status) -> None:
        """Of this reply, `text` was heard; a reply of which nothing was is no line at all."""
        item = self.find(item_id)
        if item is None:
            return
        if text:
            self.put(replace(item, text=text, status=status))
        else:
            self.remove(item_id)

    def remove(self, item_id: str) -> bool:
        """Take a line out, as if it had never been said; whether there was one."""
        before = len(self._items)
        self._items = [item for item in self._items if item.id != item_id]
        return len(self._items) < before

    def newest_exchange(self, speaker: str = "") -> tuple[str, ...]:
        """The ids of what this person said last and of the answer to it. Where several people
        speak, what others said before or after is not theirs; nobody's name: the user alone."""
        end = len(self._items)
        for at in range(len(self._items) - 1, -1, -1):
            item = self._items[at]
            if item.role == "user":
                if not item.lines or {line.speaker.id for line in item.lines} == {speaker}:
                    return tuple(item.id for item in self._items[at:end])
                end = at
        return ()

    def without(self, items: Container[str]) -> History:
        """The same without these lines."""
        rest = History(self._limit)
        rest.glue = self.glue
        rest.replace(item for item in self._items if item.id not in items)
        return rest

    def forget(self, memories: frozenset[int]) -> None:
        """Notes with one of these memories in them are gone; the lines they stood before stay."""
        for at, item in enumerate(self._items):
            if any(memory in memories for memory, _, _ in item.recalled.memories):
                self._items[at] = replace(item, recalled=NOTHING)

    def messages(self) -> tuple[Message, ...]:
        """The lines as a language model reads them; running neighbours of one role are joined,
        since many chat templates refuse two user messages in a row."""
        joined: list[Message] = []
        for item in self._items:
            if not item.text:
                continue
            joined += told(item.recalled)
            if joined and joined[-1].role == item.role != "system":
                joined[-1] = Message(item.role, f"{joined[-1].content}{self.glue}{item.text}")
            else:
                joined.append(Message(item.role, item.text))
        return tuple(joined)
