"""The memories as pages and commands see them: to look through, correct, forget, take along.

Answers are plain data, ready for JSON. Reading happens on connections of its own beside the talk,
writing on the journal's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal, TypeVar

from mia.blocking import run_blocking
from mia.errors import MiaError
from mia.mind.memory import forgetting, mixing, picture, reading, transfer
from mia.mind.memory.journal import FILE, Journal
from mia.mind.memory.memories import Memories
from mia.mind.memory.ports import Question
from mia.mind.memory.records import Memory, Session, Wanted
from mia.mind.memory.sounds import Sounds
from mia.mind.memory.timeline import laid_out

T = TypeVar("T")
JSON = dict[str, Any]
Conditions = Mapping[str, Any]
"""Which memories: fields of `Wanted` by name."""
Format = Literal["md", "json", "srt"]

#: Memories looked through for a search that filters what it finds.
DEEP = 200
#: Conversations that are had somewhere else, with others; nobody here goes on with them unasked.
ELSEWHERE = "discord:"
#: Points of the map are told with this many characters of their text.
EXCERPT = 80


class Library:
    """forgotten: told which memories are gone, so that nothing that runs still holds them."""

    def __init__(
        self,
        memories: Memories,
        forgotten: Callable[[Sequence[int], Sequence[str]], None] = lambda _ids, _items: None,
        *,
        makes_facts: Callable[[], bool] = lambda: False,
    ) -> None:
        self._memories = memories
        self._forgotten = forgotten
        self._makes_facts = makes_facts
        self._map: tuple[tuple[int, int], list[JSON]] | None = None

    @property
    def memories(self) -> Memories:
        return self._memories

    async def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        memories = self._memories
        await memories.opened()
        _ = memories.journal  # raises, where there is none

        def ask() -> T:
            with reading.opened(memories.folder) as connection:
                return question(connection)

        return await run_blocking(ask)

    # ── what there is ────────────────────────────────────────────────────────────────────────

    async def stats(self) -> JSON:
        """How much is remembered, and how it is."""
        memories = self._memories
        told: JSON = {
            "status": memories.status,
            "enabled": memories.choices.enabled,
            "private": memories.recorder.private(),
            "embedder": memories.embedder.name if memories.embedder else None,
            "makes_facts": self._makes_facts(),
            "problem": memories.problem,
        }
        if memories.status == "failed":
            return told

        def look(connection: sqlite3.Connection) -> JSON:
            files = memories.folder.glob(f"{FILE}*")
            return {
                **reading.counts(connection),
                "change": asdict(found) if (found := reading.change(connection)) else None,
                "bytes": sum(path.stat().st_size for path in files),
                "speakers": [asdict(one) for one in reading.speakers(connection)],
                "personas": [asdict(one) for one in reading.personas(connection)],
            }

        return {**told, **await self._ask(look)}

    async def search(self, text: str, conditions: Conditions, limit: int) -> list[JSON]:
        """The best fitting of the wanted memories, best first."""
        wanted = Wanted(**conditions)
        await self._memories.opened()
        question = Question(
            text,
            speaker=wanted.speaker,
            persona=wanted.persona,
            now=self._memories.now(),
            limit=DEEP if wanted.kind or wanted.session else limit,
            since=wanted.since,
            until=wanted.until,
        )
        found = dict(await self._memories.search(question))

        def look(connection: sqlite3.Connection) -> list[JSON]:
            rows = reading.by_ids(connection, list(found))
            return [
                {**asdict(row), "score": round(found[row.id], 4)}
                for row in rows
                if wanted.kind in (None, row.kind) and wanted.session in (None, row.session)
            ][:limit]

        return await self._ask(look)

    async def newest(self, conditions: Conditions, limit: int, before: int | None) -> list[JSON]:
        wanted = Wanted(**conditions)
        return await self._ask(
            lambda connection: [
                asdict(row) for row in reading.newest(connection, wanted, limit, before)
            ]
        )

    async def count(self, conditions: Conditions) -> int:
        """How many memories these are, without those made from them."""
        where, values = Wanted(**conditions).where()
        return await self._ask(
            lambda connection: int(
                connection.execute(f"SELECT count(*) FROM memory WHERE {where}", values).fetchone()[
                    0
                ]
            )
        )

    async def context(self, memory: int, reach: int) -> JSON:
        """A memory among the lines it was said between, and the turns it was made from."""

        def look(connection: sqlite3.Connection) -> JSON:
            row = _one(connection, memory)
            found = reading.sessions(connection, session=row.session) if row.session else []
            return {
                "memory": asdict(row),
                "lines": [asdict(line) for line in reading.around(connection, row, reach)],
                "sources": [asdict(turn) for turn in reading.sources(connection, memory)],
                "session": _session(found[0]) if found else None,
            }

        return await self._ask(look)

    async def map(self) -> JSON:
        """The newest memories as points; `told`: those recalled last, the newest first."""
        embedder = self._memories.embedder

        def look(connection: sqlite3.Connection) -> tuple[tuple[int, int], list[JSON], list[int]]:
            told = connection.execute("SELECT memory FROM told ORDER BY at DESC LIMIT 12")
            ids = [row[0] for row in told]
            key = connection.execute("SELECT coalesce(max(memory), 0), count(*) FROM vector")
            stamp = tuple(key.fetchone())
            if embedder is None:
                return stamp, [], ids
            if self._map is not None and self._map[0] == stamp:
                return *self._map, ids
            points = picture.points(connection, embedder.name)
            rows = {row.id: row for row in reading.by_ids(connection, [p.id for p in points])}
            told_of = [
                {
                    "id": point.id,
                    "x": point.x,
                    "y": point.y,
                    "kind": rows[point.id].kind,
                    "role": rows[point.id].role,
                    "at": rows[point.id].at,
                    "text": rows[point.id].text[:EXCERPT],
                }
                for point in points
                if point.id in rows
            ]
            return stamp, told_of, ids

        stamp, points, told = await self._ask(look)
        self._map = (stamp, points)
        return {"points": points, "told": list(dict.fromkeys(told))}

    # ── changes ──────────────────────────────────────────────────────────────────────────────

    async def edit(self, memory: int, text: str) -> JSON:
        """Another text; the old one, and what was made from it, are forgotten."""
        before = await self._ask(lambda connection: _one(connection, memory))
        gone: list[int] = []
        try:
            await self._write(lambda journal: forgetting.edit(journal, memory, text, gone))
        finally:  # also where traces are left on the disk: nothing that runs is to hold them
            if gone:
                self._forgotten(gone, [])
                self._corrected(before, text)
        return (await self.context(memory, 0))["memory"]  # type: ignore[no-any-return]

    def _corrected(self, memory: Memory, text: str) -> None:
        """A line says this now; a running talk that has it is to go on from that."""
        if memory.item is not None and memory.session in self._memories.recorder.running():
            self._forgotten([], [memory.item])

    async def pin(self, memory: int, pinned: bool) -> JSON:
        await self._ask(lambda connection: _one(connection, memory))
        await self._write(lambda journal: journal.pin(memory, pinned))
        return (await self.context(memory, 0))["memory"]  # type: ignore[no-any-return]

    async def forget(self, conditions: Conditions) -> int:
        """Forget these, and whatever was made from them, for good; returns how many."""
        wanted = Wanted(**conditions)
        await self._memories.recorder.settled()
        where, values = wanted.where()
        # Turns and replies are called alike in every run: only those of talks that go on are meant.
        running = self._memories.recorder.running()
        said = await self._ask(
            lambda connection: connection.execute(
                f"SELECT session, item FROM memory WHERE item IS NOT NULL AND {where}", values
            ).fetchall()
        )
        items = [item for session, item in said if session in running]
        gone: list[int] = []
        self._memories.recorder.unsay(said)
        try:
            await self._write(lambda journal: forgetting.forget(journal, wanted, gone))
        finally:  # also where traces are left on the disk: nothing that runs is to hold them
            self._forgotten(gone, items)
            self._map = None
        await self._memories.look_up()
        try:
            await self._memories.delivered()
        except MiaError as error:  # of the embedder; what is forgotten has left the index by then
            self._memories.trouble(error)
        return len(gone)

    async def remember(
        self, *, speaker: str | None = None, persona: str | None = None, remembered: bool
    ) -> None:
        """Whether this person, or this persona, is remembered from now on."""
        now = self._memories.now()
        if speaker is not None:
            await self._write(lambda journal: journal.remember_speaker(speaker, remembered, now))
        if persona is not None:
            await self._write(lambda journal: journal.remember_persona(persona, remembered))
        await self._memories.look_up()

    def switch(self, enabled: bool) -> None:
        self._memories.switch(enabled)

    def private(self, conversation: str, private: bool) -> None:
        """Keep nothing of this conversation, or keep it again, from now on."""
        self._memories.attend(conversation).private = private

    async def read_in(self, lines: Sequence[str]) -> int:
        """Import JSON lines; returns how many memories were new."""
        rows = await run_blocking(transfer.parse, lines)
        added: list[int] = []
        await self._write(lambda journal: added.append(transfer.read_in(journal, rows)))
        await self._memories.look_up()
        return added[0]

    async def export(self, conditions: Conditions) -> list[str]:
        """As JSON lines."""
        wanted = Wanted(**conditions)
        return await self._ask(lambda connection: list(transfer.export(connection, wanted)))

    async def rebuild(self) -> None:
        """Make words and index anew from the journal; returns when it is begun."""
        await self._memories.rebuild()

    async def _write(self, change: Callable[[Journal], object]) -> None:
        await self._memories.opened()
        await self._memories.on_journal(change)

    # ── conversations ────────────────────────────────────────────────────────────────────────

    async def sessions(self) -> list[JSON]:
        now = {talk.session: talk.id for talk in self._memories.recorder.talks.values()}
        kept = await run_blocking(self._sounds.pieces)

        def look(connection: sqlite3.Connection) -> tuple[list[Session], dict[int, set[str]]]:
            sides: dict[int, set[str]] = {}
            for line in reading.by_ids(connection, list(kept)):
                sides.setdefault(line.session or 0, set()).add(line.role)
            return reading.sessions(connection), sides

        found, sides = await self._ask(look)
        return [
            {**_session(one), "running": one.id in now, "sound": _sound(sides.get(one.id, set()))}
            for one in found
        ]

    async def session(self, session: int) -> JSON:
        """A conversation with all its lines."""
        talked = await self._talked(session)
        kept = await run_blocking(self._sounds.pieces)
        return {
            **_session(talked.session),
            "sound": _sound({line.role for line in talked.lines if line.id in kept}),
            "lines": [{**asdict(line), "who": talked.who(line)} for line in talked.lines],
        }

    async def rename(self, session: int, title: str) -> JSON:
        await self._talked(session)
        await self._write(lambda journal: journal.rename(session, title))
        return _session((await self._talked(session)).session)

    async def export_session(self, session: int, form: Format) -> str:
        talked = await self._talked(session)
        if form == "srt":
            return await run_blocking(lambda: transfer.srt(talked, self._sounds.pieces()))
        return transfer.markdown(talked) if form == "md" else transfer.as_json(talked)

    async def sound(self, session: int, side: mixing.Side) -> mixing.Mix:
        """The kept sound of a conversation, in time with its subtitles. Raises MiaError."""
        talked = await self._talked(session)
        return await run_blocking(
            lambda: mixing.mixed(laid_out(talked.lines, self._sounds.pieces()), side)
        )

    async def forget_sound(self, session: int) -> None:
        """Delete the kept sound of a conversation; its words stay. Raises MiaError."""
        lines = [line.id for line in (await self._talked(session)).lines]
        try:
            await self._write(lambda _journal: self._sounds.drop(lines))
        except OSError as error:
            raise MiaError("memory.forget_unfinished", reason=error) from error

    @property
    def _sounds(self) -> Sounds:
        return Sounds(self._memories.folder)

    async def take_up(self, session: int | None, conversation: str) -> list[Memory]:
        """Go on with this conversation (None: the newest that was had here): what is said from now
        on in the one that runs belongs to it. Returns its lines."""
        if session is None:
            every = await self._ask(reading.sessions)
            own = [one.id for one in every if not one.conversation.startswith(ELSEWHERE)]
            if not own:
                return []
            session = own[0]
        talked = await self._talked(session)
        await self._memories.take_up(conversation, session)
        return talked.lines

    async def begin_anew(self, conversation: str) -> None:
        """What is said from now on belongs to a new conversation."""
        await self._memories.take_up(conversation, None)

    async def _talked(self, session: int) -> transfer.Talked:
        def look(connection: sqlite3.Connection) -> transfer.Talked:
            found = reading.sessions(connection, session=session)
            if not found:
                raise MiaError("memory.no_session", id=session)
            names = {one.id: one.name for one in reading.speakers(connection) if one.name}
            return transfer.Talked(found[0], reading.lines(connection, session), names)

        return await self._ask(look)


def _one(connection: sqlite3.Connection, memory: int) -> Memory:
    rows = reading.by_ids(connection, [memory])
    if not rows:
        raise MiaError("memory.unknown", id=memory)
    return rows[0]


def _sound(roles: set[str]) -> str:
    """Whose sound there is."""
    if "user" in roles:
        return "both"
    return "hers" if roles else "none"


def _session(session: Session) -> JSON:
    return asdict(replace(session, first=session.first[:200]))
