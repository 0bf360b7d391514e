"""From facts on the bus to lines in the journal: what was really said, and nothing else.

A guess, a dropped reply, a turn that was taken back leave nothing. Of MIA's replies only what was
heard is kept, to the word. Writing happens on the journal's own thread, in order; the engine waits
for it beside its other work (`kept`), so that a turn is on the disk before its answer is heard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mia.blocking import Worker
from mia.errors import MiaError
from mia.mind.memory import forgetting
from mia.mind.memory.journal import Journal
from mia.mind.memory.privacy import wish
from mia.mind.memory.records import OWNER, TAKEN_UP, Line, Role, Wanted
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus

log = logging.getLogger(__name__)

#: The longest a reply waits for its turn to be written, in seconds. A commit takes 1 ms, 12 while
#: the word tables are merged; whatever takes longer is trouble with the disk.
PATIENCE = 0.25
#: Writes that may wait for a disk that hangs; further ones are lost, and said to be.
MOST_WAITING = 2_000


@dataclass(slots=True)
class Talk:
    """A conversation that is remembered. `session` changes on the journal's thread only."""

    id: str
    session: int | None = None
    private: bool = False
    """Nothing of it is kept."""
    hushed: set[str] = field(default_factory=set)
    """Speakers in company who asked that nothing they say in it is kept; for good, as who comes
    back to the same room may not know that it is another talk."""
    language: str = "es"
    unsaid: set[str] = field(default_factory=set)
    """Turns whose replies are not kept either."""
    last: list[str] = field(default_factory=list)
    """The items of the newest exchange."""
    last_of: frozenset[str] = frozenset()
    """Whose words they are."""
    busy: bool = False


class Recorder:
    """Listens until `close`.

    journal: None until it is open; nothing is written before, but kept in order. remembered:
    whether this speaker and persona are. trouble: told of a write that failed. written: called
    after each write. named: told how a speaker is called. forgot: told which memories were
    forgotten because somebody said so, once they are.
    """

    def __init__(
        self,
        bus: EventBus,
        writer: Worker,
        journal: Callable[[], Journal],
        now: Callable[[], float],
        remembered: Callable[[str, str], bool],
        trouble: Callable[[MiaError], None],
        written: Callable[[], None],
        named: Callable[[str, str], None] = lambda _speaker, _name: None,
        forgot: Callable[[Sequence[int]], None] = lambda _memories: None,
    ) -> None:
        self.idle = asyncio.Event()
        """Set while no conversation that is remembered is busy."""
        self.idle.set()
        self.busy = asyncio.Event()
        """Set while one is."""
        self.talks: dict[str, Talk] = {}
        self._bus = bus
        self._writer = writer
        self._journal = journal
        self._now = now
        self._remembered = remembered
        self._trouble = trouble
        self._written = written
        self._named = named
        self._forgot = forgot
        self._pending: dict[tuple[str, str], asyncio.Future[object]] = {}
        self._waiting: set[asyncio.Future[object]] = set()
        self._unlisten = bus.listen(self._tell)

    def close(self) -> None:
        self._unlisten()

    def attend(self, conversation: str) -> Talk:
        """Remember this conversation from now on."""
        return self.talks.setdefault(conversation, Talk(conversation))

    async def settled(self) -> None:
        """Return once everything said so far is written, or has failed."""
        while self._waiting:
            await asyncio.wait(set(self._waiting))

    async def kept(self, conversation: str, turn: str) -> bool:
        """Whether this turn is written, or never will be, before patience ends."""
        pending = self._pending.get((conversation, turn))
        if pending is None:
            return True
        done, _ = await asyncio.wait((pending,), timeout=PATIENCE)
        return bool(done)

    # ── facts ────────────────────────────────────────────────────────────────────────────────

    def _tell(self, event: Event) -> None:
        talk = self.talks.get(event.conversation)
        if talk is None:
            return
        match event:
            case facts.Heard(final=True):
                self._heard(talk, event)
            case facts.Forgotten():
                self._forget(talk, event.items)
            case facts.Reopened():
                for item in {event.turn, *_of_turn(talk.last, event.turn)}:
                    self._take_back(talk, item)
            case facts.ReplyEnded() if event.said:
                self._said(talk, event, event.turn, event.reply, event.said, event.status)
            case facts.HeardReported():
                self._said(talk, event, event.turn, event.reply, event.heard, "interrupted")
            case facts.MemoriesUsed():
                self._used(talk, event)
            case facts.PhaseChanged():
                talk.busy = event.phase != "idle"
                if any(one.busy for one in self.talks.values()):
                    self.idle.clear()
                    self.busy.set()
                else:
                    self.busy.clear()
                    self.idle.set()
            case _:
                pass

    def _heard(self, talk: Talk, event: facts.Heard) -> None:
        talk.language = event.language
        # In company a turn has the lines of several people, and each is remembered as their own.
        said = event.lines or ((_speaker(event), event.speaker_name, event.text),)
        for speaker, name, _ in said:
            if name:
                self._named(speaker, name)
        wished = wish(said[-1][2])
        if wished == "after":
            self._hush(talk, event, said[-1][0])
        lines = [
            (speaker, text)
            for speaker, _, text in said
            if speaker not in talk.hushed and self._remembered(speaker, event.persona)
        ]
        # Everybody decides about their own words, not about what somebody else said before them.
        if wished == "before" and talk.last and talk.last_of <= {said[-1][0]}:
            self._forget(talk, tuple(talk.last))
        if wished or talk.private or not lines:
            talk.unsaid.add(event.turn)
            talk.last = []
            return
        talk.unsaid.discard(event.turn)
        talk.last = _items(event.turn, len(lines))
        talk.last_of = frozenset(speaker for speaker, _ in lines)
        written = None
        for item, (speaker, text) in zip(talk.last, lines, strict=True):
            written = self._keep(talk, event, item, "user", text, "completed", speaker)
        if written is not None:
            key = (talk.id, event.turn)
            self._pending[key] = written
            written.add_done_callback(lambda _done: self._pending.pop(key, None))

    def _hush(self, talk: Talk, event: facts.Heard, speaker: str) -> None:
        """Keep nothing of what follows: of the talk, or, in company, of what this speaker says."""
        if event.lines:
            talk.hushed.add(speaker)
            return
        talk.private = True
        self._bus.publish(
            facts.Notice(at=event.at, conversation=talk.id, level="info", code="memory.private_now")
        )

    def _said(
        self, talk: Talk, event: Event, turn: str, reply: str, text: str, status: str
    ) -> None:
        if {turn, reply} & talk.unsaid or talk.private:
            return
        if not self._remembered(_speaker(event), event.persona):
            return
        if not text:
            self._take_back(talk, reply)
            return
        if reply not in talk.last:
            talk.last.append(reply)
        self._keep(talk, event, reply, "assistant", text, status)

    def _keep(
        self,
        talk: Talk,
        event: Event,
        item: str,
        role: Role,
        text: str,
        status: str,
        speaker: str = "",
    ) -> asyncio.Future[object] | None:
        line = Line(
            item,
            role,
            speaker or _speaker(event),
            event.persona,
            talk.language,
            text,
            self._now(),
            status,
        )

        def write() -> None:
            journal = self._journal()
            self._look_for(talk)
            if talk.session is None:
                talk.session = journal.begin(talk.id, line.persona, line.language, line.at)
            journal.keep(talk.session, line)

        return self.submit(write)

    def _look_for(self, talk: Talk) -> None:
        """Its conversation may have been forgotten, to the last line; then it begins anew."""
        if talk.session is not None:
            talk.session = self._journal().session_left(talk.session)

    def private(self) -> list[str]:
        """The conversations of which nothing is kept."""
        return [talk.id for talk in self.talks.values() if talk.private]

    def as_private_as(self, before: Recorder) -> None:
        """What was not to be kept there is not to be kept here."""
        for one in before.talks.values():
            talk = self.attend(one.id)
            talk.private, talk.hushed = one.private, set(one.hushed)

    def running(self) -> frozenset[int]:
        """The conversations, as the journal has them, that go on."""
        found = (talk.session for talk in self.talks.values())
        return frozenset(session for session in found if session is not None)

    def unsay(self, said: Iterable[tuple[int, str]]) -> None:
        """These lines, by conversation, are forgotten: what is still to be said or told of them is
        not written."""
        for session, item in said:
            for talk in self.talks.values():
                if talk.session == session:
                    talk.unsaid.add(item)

    def _take_back(self, talk: Talk, item: str) -> None:
        def write() -> None:
            if talk.session is not None and self._journal().take_back(talk.session, item):
                talk.session = None

        self.submit(write)

    def _used(self, talk: Talk, event: facts.MemoriesUsed) -> None:
        scores = [(memory, score) for memory, score, _ in event.memories]
        at = self._now()

        def write() -> None:
            self._look_for(talk)
            if talk.session is not None:
                self._journal().tell(talk.session, event.turn, scores, at)

        self.submit(write)

    def _forget(self, talk: Talk, items: Sequence[str]) -> None:
        """Forget these lines of a conversation, and let nothing of them be written any more."""
        talk.unsaid.update(items)
        taken_up = [int(one.removeprefix(TAKEN_UP)) for one in items if one.startswith(TAKEN_UP)]
        gone: list[int] = []

        def write() -> None:
            if talk.session is None:
                return
            journal = self._journal()
            ids = (*journal.ids_of(talk.session, items), *taken_up)
            if ids:
                forgetting.forget(journal, Wanted(ids=ids), gone)

        if (written := self.submit(write)) is not None:
            written.add_done_callback(lambda _done: self._forgot(gone))

    def submit(self, write: Callable[[], None]) -> asyncio.Future[object] | None:
        """Write this in its turn; None: too much waits already, it is lost."""
        if len(self._waiting) >= MOST_WAITING:
            self._trouble(MiaError("memory.slow"))
            return None
        future: asyncio.Future[object] = self._writer.submit(write)
        self._waiting.add(future)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: asyncio.Future[object]) -> None:
        self._waiting.discard(future)
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, MiaError):
            self._trouble(error)
        elif error is not None:
            log.error("a line could not be written", exc_info=error)
            self._trouble(MiaError("internal", reason=f"{type(error).__name__}: {error}"))
        else:
            self._written()


def _speaker(event: Event) -> str:
    return event.speaker or OWNER


def _items(turn: str, lines: int) -> list[str]:
    """What the lines of a turn are called in the journal; one alone is called as the turn is."""
    return [turn, *(f"{turn}+{number}" for number in range(1, lines))]


def _of_turn(items: list[str], turn: str) -> list[str]:
    return [item for item in items if item.partition("+")[0] == turn]
