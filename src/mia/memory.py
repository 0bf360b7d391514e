"""The memory of this MIA, as configured: where it lies, what it is found by, who may make facts."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from mia.backends import Context
from mia.config import Config
from mia.conversation import Conversation
from mia.conversation.history import Item, Status
from mia.embedders import Embedders
from mia.errors import MiaError
from mia.home import Home
from mia.mind.memory.changing import Engine
from mia.mind.memory.library import Library
from mia.mind.memory.memories import Choices, Memories
from mia.mind.memory.ports import Finds
from mia.mind.memory.records import TAKEN_UP, Memory
from mia.mind.memory.taping import MEGABYTE, Taping
from mia.telemetry.events import EventBus


def folder_of(config: Config, home: Home) -> Path:
    """Where the memories lie."""
    return config.memory.dir or home.data / "memory"


def memories_of(
    config: Config,
    home: Home,
    bus: EventBus,
    context: Context,
    trouble: Callable[[MiaError], None],
    ready: Callable[[], Awaitable[object]],
    forgot: Callable[[Sequence[int]], None] = lambda _memories: None,
) -> Memories:
    """The memory, not running yet. context: what its backends are loaded with. ready: returns once
    she can talk; what is heavy of the memory is loaded after that. forgot: told which
    memories were forgotten because somebody said so."""
    folder = folder_of(config, home)
    chosen = config.memory

    def find(connection: sqlite3.Connection) -> Finds:
        from mia.mind.memory.retrieval import Retriever

        return Retriever(connection, threshold=chosen.threshold)

    embedders = Embedders(config, folder, context, trouble)

    async def load() -> Engine:
        await ready()
        return await embedders.load()

    return Memories(
        folder,
        bus,
        find,
        load,
        former=embedders,
        choices=Choices(chosen.enabled, chosen.recalled, chosen.max_memories),
        trouble=trouble,
        forgot=forgot,
    )


def taping_of(
    memories: Memories,
    config: Config,
    bus: EventBus,
    conversation: str,
    trouble: Callable[[MiaError], None],
) -> Taping:
    """What keeps the sound of this conversation, as configured; not running yet."""
    chosen = config.conversations
    most = chosen.sound_mb * MEGABYTE
    return Taping(memories, bus, conversation, chosen.record, most, trouble)


class StageMemory(Library):
    """The memories, and the conversation on the stage that goes on from one of them."""

    stage: Conversation | None = None
    _call: str = ""
    """Id of the call that has taken the stage; empty: none has."""

    def shows(self, conversation: str) -> None:
        """This conversation is on the stage now, the stage's own or a call: private as that is."""
        assert self.stage is not None
        self._call = "" if conversation == self.stage.id else conversation
        if self._call:
            self.private(self.stage.id, self.memories.attend(self.stage.id).private)

    def private(self, conversation: str, private: bool) -> None:
        super().private(conversation, private)
        if self._call and self.stage is not None and conversation == self.stage.id:
            super().private(self._call, private)

    def _corrected(self, memory: Memory, text: str) -> None:
        here = {item_of(memory.id)}
        if memory.item and memory.session in self.memories.recorder.running():
            here.add(memory.item)
        for item in self.stage.history if self.stage is not None else ():
            if item.id in here and self.stage is not None:
                self.stage.correct_message(item.id, text)
                return
        super()._corrected(memory, text)

    async def resume(self, session: int | None) -> bool:
        """Let the stage go on from a conversation of before (None: the newest); whether there is
        one. Raises MiaError."""
        assert self.stage is not None
        lines = await self.take_up(session, self.stage.id)
        self.stage.restore([_item(line) for line in lines])
        return bool(lines)

    async def go_on(self, trouble: Callable[[MiaError], None]) -> None:
        """Go on where the last conversation ended."""
        try:
            await self.resume(None)
        except MiaError as error:
            trouble(error)

    async def begin(self) -> None:
        """Let the stage begin anew, with nothing said so far."""
        assert self.stage is not None
        await self.begin_anew(self.stage.id)
        self.stage.restore([])


def item_of(memory: int) -> str:
    """The id in a history of a line that was taken up from the journal."""
    return f"{TAKEN_UP}{memory}"


def _item(line: Memory) -> Item:
    status: Status = "interrupted" if line.status == "interrupted" else "completed"
    return Item(item_of(line.id), line.role, line.text, status)


def forget_in(
    talk: Conversation,
    remove: Callable[[str], object],
    memories: Sequence[int],
    items: Sequence[str],
) -> None:
    """Take what was forgotten out of a running talk: its lines (by `remove`, which tells the
    pages), and the notes that quote it."""
    here = {item.id for item in talk.history}
    for item in {*items, *map(item_of, memories)} & here:
        remove(item)
    talk.forget_memories(frozenset(memories))
