"""Keeps the sound of one conversation, if somebody wants that: hers, or both sides.

It listens to the facts of the conversation and is not on the way of the sound: what was heard is
cut out once it is over (`takes`), encoded on a thread of its own, and put beside the journal on
the journal's thread. Sound belongs to a line (`sounds`): where no line is kept (a private talk,
somebody who is not to be remembered, "don't save this") no sound is.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast, get_args

from mia.blocking import Worker
from mia.conversation.ports import Samples
from mia.errors import MiaError
from mia.mind.memory.journal import Journal
from mia.mind.memory.memories import Memories
from mia.mind.memory.sounds import Record, Sounds
from mia.mind.memory.takes import HerTakes, Take, TheirTakes
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus

log = logging.getLogger(__name__)

#: Stretches that may wait for a slow disk; further ones are lost, and said to be.
MOST_WAITING = 50
MEGABYTE = 1_000_000
_KEY = "record:"


class Taping:
    """record: what is kept unless a conversation has a choice of its own. most: bytes of sound
    that may be kept in all; beyond, nothing is added, and nothing old is taken away."""

    def __init__(
        self,
        memories: Memories,
        bus: EventBus,
        conversation: str,
        record: Record,
        most: int,
        trouble: Callable[[MiaError], None] = lambda _error: None,
    ) -> None:
        self.sounds = Sounds(memories.folder)
        self.default: Record = record
        self.most = most
        self.used = 0
        """Bytes of sound that are kept now."""
        self._memories = memories
        self._bus = bus
        self._conversation = conversation
        self._trouble = trouble
        self._told: set[str] = set()
        self._own: Record | None = None
        """This conversation's own choice …"""
        self._owed = False
        """… and whether the journal has yet to know it."""
        self._shown: Record = "none"
        self._hers, self._theirs = HerTakes(), TheirTakes()
        self._worker = Worker("sound")
        self._waiting: set[asyncio.Future[Path]] = set()
        self.begun = asyncio.Event()
        """What an earlier run left behind is cleared away."""

    @property
    def record(self) -> Record:
        """Whose sound is kept now."""
        return (self._own or self.default) if self.possible else "none"

    @property
    def possible(self) -> bool:
        """Whether lines are kept: without one there is nothing that sound could belong to."""
        return self._memories.choices.enabled and self._memories.status != "failed"

    def record_of(self, conversation: str) -> Record:
        """Whose sound is kept of this conversation: of every other one nobody's."""
        return self.record if conversation == self._conversation else "none"

    @contextlib.asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Record while this is open; at its end what was heard is on the disk."""
        clearing = self._worker.submit(self.sounds.clear)
        beginning = asyncio.create_task(self._begin(clearing), name="kept sound")
        unlisten = self._bus.listen(self._tell)
        self.show()
        try:
            yield
        finally:
            unlisten()
            beginning.cancel()
            await asyncio.wait({beginning})
            ending = asyncio.ensure_future(self.settled())
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:
                await ending
                raise
            finally:
                self._worker.close()

    async def _begin(self, clearing: asyncio.Future[None]) -> None:
        try:
            await clearing
            await self._memories.opened()
            await self._memories.on_journal(lambda journal: self.sounds.sweep(journal.connection))
            await self.count()
        except OSError as error:
            self._fail("conversations.sound_unwritable", reason=error)
        except MiaError:
            return  # there is no journal, which has been told
        finally:
            self.begun.set()

    async def settled(self) -> None:
        """Return once what was heard so far is on the disk, or is not to be."""
        while self._waiting:
            await asyncio.wait(set(self._waiting))
        await self._memories.recorder.settled()

    async def count(self) -> None:
        """Look how much is kept. Raises MiaError where there is no memory."""

        def look(_journal: Journal) -> None:
            # On the thread on which sound is added to it.
            self.used = self.sounds.size()

        await self._memories.on_journal(look)

    # ── choices ──────────────────────────────────────────────────────────────────────────────

    def choose(self, record: Record) -> None:
        """What is kept of this conversation from now on, whatever the default is.

        Raises MiaError `conversations.not_kept`.
        """
        if record != "none" and not self.possible:
            raise MiaError("conversations.not_kept")
        self._own, self._owed = record, True
        self._store()
        self.show()

    def set_default(self, record: Record, most: int) -> None:
        """What conversations without a choice of their own do, the running one too."""
        self.default, self.most = record, most
        self._told.clear()
        self.show()

    def show(self) -> None:
        """Say so, if what is kept has changed."""
        if self.record != "both":
            self._theirs.forget()
        if self.record == "none":
            self._hers.forget()
        if self.record != self._shown:
            self._shown = self.record
            at = asyncio.get_running_loop().time()
            self._bus.publish(
                facts.RecordingChanged(at=at, conversation=self._conversation, record=self._shown)
            )

    def _store(self) -> None:
        """Keep this conversation's own choice with it, once there is one in the journal."""
        talk, own = self._memories.attend(self._conversation), self._own

        def write() -> None:
            if talk.session is not None and own is not None:
                self._memories.journal.put_values({f"{_KEY}{talk.session}": own})
                self._owed = self._own != own

        self._memories.recorder.submit(write)

    def _look(self) -> None:
        """The conversation is another one now: it may have a choice of its own."""
        self._own, self._owed = None, False
        talk = self._memories.attend(self._conversation)

        def look() -> None:
            known = self._memories.journal.value(f"{_KEY}{talk.session}") if talk.session else None
            if known in get_args(Record):
                loop.call_soon_threadsafe(found, cast("Record", known))

        def found(own: Record) -> None:
            if self._own is None:
                self._own = own
                self.show()

        loop = asyncio.get_running_loop()
        self._memories.recorder.submit(look)
        self.show()

    # ── what is heard ────────────────────────────────────────────────────────────────────────

    def hear(self, samples: Samples, first: int) -> None:
        """Sound of the speaker's, as the conversation takes it in."""
        if self._shown == "both":
            self._theirs.hear(samples, first)

    def _tell(self, event: Event) -> None:
        if event.conversation != self._conversation:
            return
        if isinstance(event, facts.HistoryReplaced):
            self._look()
        if isinstance(event, facts.Heard) and event.final and self._owed:
            self._store()
        if self.record != self._shown:
            self.show()  # memory was switched on or off
        if self._shown == "none":
            return
        self._hers.tell(event)
        if self._shown == "both":
            self._theirs.tell(event)
        match event:
            case facts.ReplyEnded():
                takes = self._hers.ended(event)
                if event.said:
                    self._keep(event.reply, takes)
            case facts.Heard(final=True) if self._shown == "both":
                self._keep(event.turn, self._theirs.heard(event))
            case facts.Reopened() | facts.HeardReported(heard=""):
                # Its line is taken back on the journal's thread, right before this.
                self._memories.recorder.submit(self._sweep)
            case _:
                pass

    def _keep(self, item: str, takes: list[Take]) -> None:
        loop = asyncio.get_running_loop()
        for take in takes:
            if self.used >= self.most:
                return self._fail("conversations.sound_full", limit=self.most // MEGABYTE)
            if len(self._waiting) >= MOST_WAITING:
                return self._fail("conversations.sound_slow")
            at = self._memories.now() - (loop.time() - take.at)
            future = self._worker.submit(self.sounds.write, take.samples, take.rate)
            self._waiting.add(future)
            future.add_done_callback(functools.partial(self._written, item, at, take.filler))
        return None

    def _written(self, item: str, at: float, filler: bool, future: asyncio.Future[Path]) -> None:
        self._waiting.discard(future)
        if future.cancelled():
            return
        if (error := future.exception()) is not None:
            log.warning("sound could not be kept: %s", error)
            return self._fail("conversations.sound_unwritable", reason=error)
        part, talk = future.result(), self._memories.attend(self._conversation)

        def place() -> None:
            journal: Journal = self._memories.journal
            lines = journal.ids_of(talk.session, (item,)) if talk.session is not None else ()
            if not lines:
                return self.sounds.drop_part(part)
            try:
                size = part.stat().st_size
                self.sounds.place(part, lines[0], at, filler=filler)
            except OSError as error:
                raise MiaError("conversations.sound_unwritable", reason=error) from error
            self.used += size
            return None

        self._memories.recorder.submit(place)

    def _sweep(self) -> None:
        self.sounds.sweep(self._memories.journal.connection)

    def _fail(self, code: str, **parameters: object) -> None:
        """Tell the user, once for each kind."""
        if code not in self._told:
            self._told.add(code)
            self._trouble(MiaError(code, **parameters))
