"""What MIA remembers, as the program uses it: written while she talks, recalled as she listens.

It opens in the background: until the journal is open what is said waits in order; until the
embedder and the index are there, memories are found by their words alone. Another embedder takes
its place in the background (`changing`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from mia import calendar
from mia.blocking import Worker, run_blocking
from mia.conversation.ports import Asking, Recollection
from mia.errors import MiaError, fault
from mia.mind.memory import injection, keeping, reading, words
from mia.mind.memory.changing import Changing, Engine, Former
from mia.mind.memory.journal import FILE, Journal, connect
from mia.mind.memory.outbox import Outbox
from mia.mind.memory.ports import Embedder, Finds, Question, VectorIndex
from mia.mind.memory.privacy import wish
from mia.mind.memory.recalling import Recaller, question_of
from mia.mind.memory.recorder import Recorder, Talk
from mia.mind.memory.records import OWNER, Speaker
from mia.mind.memory.tidying import PAUSE, Tidying
from mia.telemetry.events import EventBus

log = logging.getLogger(__name__)

T = TypeVar("T")
Status = Literal["opening", "ready", "failed", "closed"]


@dataclass(frozen=True, slots=True)
class Choices:
    """How she remembers.

    recalled: memories told for one reply. most: memories that are recalled at all, the newest;
    None: all.
    """

    enabled: bool = True
    recalled: int = injection.MOST
    most: int | None = None


class Memories:
    """The memory of one MIA; implements the conversation's `Memory` port.

    find: makes the retriever on a reading connection. load: the embedder and its index, heavy;
    it may take as long as it likes. former: what is known of embedders that were chosen before.
    trouble: told of each kind of trouble once. forgot: told which memories were forgotten because
    somebody said so.
    """

    def __init__(
        self,
        folder: Path,
        bus: EventBus,
        find: Callable[[sqlite3.Connection], Finds],
        load: Callable[[], Awaitable[Engine]],
        *,
        former: Former | None = None,
        choices: Choices = Choices(),
        trouble: Callable[[MiaError], None] = lambda _error: None,
        forgot: Callable[[Sequence[int]], None] = lambda _memories: None,
        now: Callable[[], float] = calendar.now,
    ) -> None:
        self.folder = folder
        self.choices = choices
        self.status: Status = "opening"
        self.problem: MiaError | None = None
        """Why there is no memory, or what does not work of it."""
        self.embedder: Embedder | None = None
        self.index: VectorIndex | None = None
        self.now = now
        self.willing: Callable[[str], bool] = lambda _speaker: True
        """Whether this person wants to be known at all, by what they told a channel."""
        self._find = find
        self._load = load
        self._former = former
        self._report = trouble
        self._reported: set[str] = set()
        self._writer = Worker("journal")
        self._reader = Worker("recall")
        self._indexer = Worker("memory-index")
        self._journal: Journal | None = None
        self._recaller: Recaller | None = None
        self._outbox: Outbox | None = None
        self._changing: Changing | None = None
        self._owed = asyncio.Event()
        self._anew = False
        """The index was emptied, to be filled again."""
        self._off: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        """Speakers and personas that are not to be remembered."""
        self._names: dict[str, str] = {}
        self._opening: asyncio.Future[keeping.Held] | None = None
        self._opened = asyncio.Event()
        self._caught_up = asyncio.Event()
        self.recorder = Recorder(
            bus,
            self._writer,
            lambda: self.journal,
            now,
            self.remembers,
            self.trouble,
            self._owed.set,
            self.meet,
            forgot,
        )
        self._tidying = Tidying(folder, self._writer, self.recorder.idle.wait, now)

    @property
    def journal(self) -> Journal:
        """Raises MiaError `memory.not_ready`, or what kept it from opening."""
        if self._journal is None or self.status == "failed":
            raise self.problem or MiaError("memory.not_ready")
        return self._journal

    def attend(self, conversation: str) -> Talk:
        """Remember this conversation from now on."""
        return self.recorder.attend(conversation)

    def attend_anew(self, conversation: str) -> None:
        """As `attend`, for one that begins its turns' ids from one again: what is said in it now
        must not take the place of what was said in it before."""
        talk = self.attend(conversation)
        talk.last, talk.unsaid = [], set()
        self.recorder.submit(functools.partial(setattr, talk, "session", None))

    def remembers(self, speaker: str, persona: str) -> bool:
        """Whether this person is remembered by this persona at all."""
        if not self.choices.enabled or not self.willing(speaker):
            return False
        speakers, personas = self._off
        return speaker not in speakers and persona not in personas

    def trouble(self, error: MiaError) -> None:
        """Tell the user, once for each kind."""
        log.warning("%s: %s", error.code, error)
        if error.code not in self._reported:
            self._reported.add(error.code)
            self._report(error)

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Live until cancelled. What was said by then is written before this returns."""
        held: keeping.Held | None = None
        opening = self._opening or self._writer.submit(self._open)
        try:
            try:
                held = await opening
                await self.look_up()
            except (MiaError, OSError, sqlite3.Error) as error:
                self.status, self.problem = "failed", keeping.problem(error, self.folder)
                self.trouble(self.problem)
                self._opened.set()
                await asyncio.Event().wait()
            self.status = "ready"
            self._opened.set()
            await self._work()
        finally:
            self.recorder.close()
            await self._end(held)

    @contextlib.asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """The memory runs while this is open; at its end all that was said is written."""
        # Before anything is said: what is written first must find the journal open.
        self._opening = self._writer.submit(self._open)
        life = asyncio.create_task(self.run())
        try:
            yield
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)

    def _open(self) -> keeping.Held:
        self.folder.mkdir(parents=True, exist_ok=True)
        held = keeping.Held(self.folder)
        try:
            self._journal, problem = keeping.open_journal(self.folder)
            connection = connect(self.folder / FILE, write=False)
            self._recaller = Recaller(connection, self._find(connection))
        except BaseException:  # whatever it was goes on up; the folder is not to stay locked
            held.release()
            raise
        if problem is not None:
            self.problem = problem
        return held

    async def _work(self) -> None:
        if self.problem is not None:
            self.trouble(self.problem)
        outbox = Outbox(self.journal, self._writer, self._indexer, self.recorder.idle.wait)
        engine: Engine = (None, None)
        try:
            engine = await self._load()
        except MiaError as error:
            self.problem = error
            self.trouble(error)  # words alone must do
        self._outbox = outbox
        self._changing = changing = Changing(
            self.journal,
            self._writer,
            self._indexer,
            outbox,
            self._former,
            self._show_engine,
            self.recorder.idle.wait,
        )
        try:
            await self._guarded(self._first_round(engine, outbox, changing))
        finally:
            self._caught_up.set()
        while True:
            await self._guarded(changing.finish(lambda: self._meanwhile(outbox)))
            with contextlib.suppress(TimeoutError):  # what is not owed is looked after, too
                async with asyncio.timeout(PAUSE):
                    await self._owed.wait()
            self._owed.clear()
            await self._guarded(self._round(outbox))

    async def _first_round(self, engine: Engine, outbox: Outbox, changing: Changing) -> None:
        while await self._writer.run(self.journal.wake, self.choices.most):
            pass
        await changing.begin(engine)
        await self._round(outbox)
        if not changing.under_way:
            await changing.finish(lambda: self._meanwhile(outbox))

    async def _meanwhile(self, outbox: Outbox) -> None:
        """While much is embedded, what is said is not to wait for the end of it."""
        if self._owed.is_set():
            self._owed.clear()
            await self._round(outbox)

    async def _round(self, outbox: Outbox) -> None:
        if self._anew:
            self._anew = False
            await outbox.agree()
        if self.choices.most is not None:
            await self._writer.run(self.journal.rest_beyond, self.choices.most)
        await self._guarded(self._tidying.look(self.journal))
        await outbox.deliver()

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Trouble in the background is told, and tried again with the next line."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the journal must go on, whatever an index raises
            self.trouble(keeping.problem(error, self.folder))

    async def _show_engine(self, engine: Engine) -> None:
        """Let memories be found by these from the next question on."""
        recaller = self._recaller

        def show() -> None:
            if recaller is not None:
                recaller.finds.embedder, recaller.finds.index = engine

        # On the thread of the questions: none is asked of one embedder and one index of two.
        await self._reader.run(show)
        self.embedder, self.index = engine

    async def _end(self, held: keeping.Held | None) -> None:
        """Write what was said, then close; shielded, since a turn must not be lost to Ctrl-C."""
        self.status = "closed"
        closing = asyncio.ensure_future(self._close(held))
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await closing
            raise

    async def _close(self, held: keeping.Held | None) -> None:
        await self.recorder.settled()

        def close() -> None:
            if self._journal is not None:
                self._journal.close()
            if held is not None:
                held.release()

        self._recaller = None
        if self._changing is not None:
            await self._changing.close()
        await self._writer.run(close)
        for worker in (self._writer, self._reader, self._indexer):
            worker.close()

    async def opened(self) -> None:
        """Return once the journal is open, or cannot be opened."""
        await self._opened.wait()

    async def caught_up(self) -> None:
        """Return once the index has all there was at the start. Raises MiaError where there is no
        memory."""
        await self._opened.wait()
        _ = self.journal
        await self._caught_up.wait()

    async def on_journal(self, function: Callable[[Journal], T]) -> T:
        """The result of `function`, on the journal's thread; the index is looked after."""
        try:
            return await self._writer.run(function, self.journal)
        finally:
            self._owed.set()

    async def delivered(self) -> None:
        """Return once the index knows what the journal knows, where there is an index."""
        if self._outbox is not None and self._outbox.index is not None:
            await self._outbox.deliver(hurry=True)

    async def rebuild(self) -> None:
        """Make words and index anew from the journal, in the background."""

        def words_anew(journal: Journal) -> None:
            with journal.transaction() as connection:
                words.rebuild(connection)

        if self._outbox is not None:
            await self._outbox.clear()
        self._anew = True
        await self.on_journal(words_anew)

    async def agreed(self) -> None:
        """Return once index and journal agree."""
        if self._outbox is not None:
            await self._outbox.agree()
            await self.delivered()

    async def take_up(self, conversation: str, session: int | None) -> None:
        """What is said in this conversation from now on belongs to that one; None: a new one."""
        talk = self.attend(conversation)

        def change(journal: Journal) -> None:
            if session is not None:
                journal.close_items(session)
            talk.session = session

        talk.last = []
        await self._writer.run(change, self.journal)

    # ── switches ─────────────────────────────────────────────────────────────────────────────

    async def look_up(self) -> None:
        """Who is not to be remembered, and how everybody is called, as the journal says."""

        def look() -> tuple[list[Speaker], list[Speaker]]:
            with reading.opened(self.folder) as connection:
                return reading.speakers(connection), reading.personas(connection)

        speakers, personas = await run_blocking(look)
        self._names = {one.id: one.name for one in speakers if one.name}
        self._off = reading.switched_off(speakers), reading.switched_off(personas)

    def switch(self, enabled: bool) -> None:
        """Remember and recall, or neither, from now on."""
        self.choices = replace(self.choices, enabled=enabled)

    def meet(self, speaker: str, name: str) -> None:
        """This person is called so now."""
        if self._names.get(speaker) != name and self.remembers(speaker, ""):
            self._names[speaker] = name
            self.recorder.submit(lambda: self.journal.meet(speaker, name, self.now()))

    # ── what the conversation asks ───────────────────────────────────────────────────────────

    async def kept(self, conversation: str, turn: str) -> None:
        if not await self.recorder.kept(conversation, turn) and self.status == "ready":
            self.trouble(MiaError("memory.slow"))

    def forgets(self, text: str) -> bool:
        last = text.rsplit("\n", 1)[-1]  # in company each line begins with who said it
        return "before" in (wish(last), wish(last.partition(": ")[2]))

    async def recall(self, text: str, asking: Asking) -> Recollection:
        speaker = asking.speaker or OWNER
        recaller = self._recaller
        if recaller is None or not text.strip() or not self.remembers(speaker, asking.persona):
            return Recollection()
        talk = self.recorder.talks.get(asking.conversation)
        if talk is None:
            return Recollection()
        names, most = self._names, self.choices.recalled
        question = question_of(text, asking, self.now(), most)
        try:
            return await self._reader.run(
                recaller.recall, question, lambda: talk.session, names, most
            )
        except Exception as error:  # noqa: BLE001 - the answer must come, whatever an index raises
            self.trouble(keeping.problem(error, self.folder))
        finally:
            self._by_words_alone(recaller)
        return Recollection()

    async def search(self, question: Question) -> list[tuple[int, float]]:
        """(id, score) of what fits best, fitting or not."""
        if (recaller := self._recaller) is None:
            return []
        try:
            return await self._reader.run(recaller.search, question)
        finally:
            self._by_words_alone(recaller)

    def _by_words_alone(self, recaller: Recaller) -> None:
        if (problem := recaller.finds.problem) is not None:
            self.trouble(fault(problem, "memory"))
