"""Memories and conversations as files: JSON lines to take everything along, Markdown, JSON and
subtitles of one conversation to read. Blocking.

A line of the JSON lines has `"mia": "memory"` and its version; ids are left out on import, so a
file can be read into any journal, and what is already there (same speaker, same words, same
moment) is not put in twice. Exports put one after another in one file are read like one after
another.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mia.errors import MiaError
from mia.mind.memory import reading
from mia.mind.memory.journal import Journal
from mia.mind.memory.records import OWNER, Kind, Line, Memory, Role, Session, Wanted
from mia.mind.memory.sounds import Piece
from mia.mind.memory.timeline import laid_out
from mia.strings import translate

VERSION = 1
#: Longest text of a memory that is read in, in characters: far more than anybody says or types in
#: one line, since whatever was exported must come in again.
LONGEST = 1_000_000


class Portable(BaseModel):
    """One memory as a line of JSON."""

    model_config = ConfigDict(extra="ignore")

    mia: str = Field("memory", pattern="^memory$")
    version: int = Field(VERSION, ge=1, le=VERSION)
    id: int = Field(0, ge=0)
    kind: Kind = "turn"
    begins: bool | None = None
    """The first line of an export: ids and conversations of lines before it are another's."""
    text: str = Field(max_length=LONGEST)
    role: Role = "user"
    speaker: str = Field(OWNER, min_length=1, max_length=1000)
    name: str = Field("", max_length=1000)
    persona: str = Field("MIA", max_length=1000)
    language: str = Field("", max_length=100)
    at: float = Field(ge=0, le=1e11)
    status: str = Field("completed", max_length=100)
    pinned: bool = False
    until: float | None = None
    conversation: str | None = Field(None, max_length=200)
    """Lines with the same one belong to one conversation; nothing else is meant by it."""
    title: str | None = Field(None, max_length=1000)
    sources: list[int] = Field(default_factory=list, max_length=100_000)
    """A fact's turns, as ids of this file."""


def export(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[str]:
    """The wanted memories as lines of JSON, oldest first."""
    names = {one.id: one.name for one in reading.speakers(connection)}
    titles: dict[int, str | None] = {}
    begins: bool | None = True
    for memory in reading.every(connection, wanted):
        if memory.session is not None and memory.session not in titles:
            found = reading.sessions(connection, session=memory.session)
            titles[memory.session] = found[0].title if found else None
        sources = (
            [turn.id for turn in reading.sources(connection, memory.id)]
            if memory.kind != "turn"
            else []
        )
        # Not looked over: whatever the journal has can be taken along.
        row = Portable.model_construct(
            begins=begins,
            id=memory.id,
            kind=memory.kind,
            text=memory.text,
            role=memory.role,
            speaker=memory.speaker,
            name=names.get(memory.speaker, ""),
            persona=memory.persona,
            language=memory.language,
            at=memory.at,
            status=memory.status,
            pinned=memory.pinned,
            until=memory.until,
            conversation=None if memory.session is None else str(memory.session),
            title=titles.get(memory.session) if memory.session is not None else None,
            sources=sources,
        )
        begins = None
        yield row.model_dump_json(exclude_none=True) + "\n"


def parse(lines: Iterable[str]) -> list[Portable]:
    """Memories of a file. Raises MiaError `memory.bad_line` with the first line that is none."""
    rows = []
    for number, line in enumerate(lines, start=1):
        # Files put together may each begin with a byte order mark.
        if not (plain := line.removeprefix("\ufeff").strip()):
            continue
        try:
            # Not by way of `json`, which goes as deep as a line is nested.
            rows.append(Portable.model_validate_json(plain))
        except ValidationError as error:
            raise MiaError("memory.bad_line", line=number, reason=_reason(error)) from error
    return rows


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":  # a line is all it was given, so it speaks of line 1
        return first["msg"].replace(" at line 1 column ", ", column ")
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def read_in(journal: Journal, rows: Iterable[Portable]) -> int:
    """Put these memories into the journal; returns how many were new. All or nothing."""
    with journal.transaction() as connection:
        return sum(_read_part(journal, connection, part) for part in _parts(list(rows)))


def _parts(rows: Sequence[Portable]) -> Iterator[Sequence[Portable]]:
    """The exports these are of: the same id is another memory in each."""
    ids = [row.id for row in rows if row.id]
    # An export is in the order of its ids; not every one says where it begins.
    several = len(set(ids)) < len(ids)
    begin, last = 0, 0
    for at, row in enumerate(rows):
        if at > begin and (row.begins or (several and 0 < row.id <= last)):
            yield rows[begin:at]
            begin, last = at, 0
        last = max(last, row.id)
    yield rows[begin:]


def _read_part(journal: Journal, connection: sqlite3.Connection, rows: Sequence[Portable]) -> int:
    """One export, inside a transaction of the caller's; returns how many memories were new."""
    added = 0
    sessions: dict[str, int] = {}
    ids: dict[int, int] = {}
    for row in rows:
        known = connection.execute(
            "SELECT id FROM memory WHERE at = ? AND speaker = ? AND persona = ? AND role = ?"
            " AND text = ? AND kind = ?",
            (row.at, row.speaker, row.persona, row.role, row.text, row.kind),
        ).fetchone()
        if known is not None:
            ids[row.id] = known[0]
            continue
        journal.met(row.speaker, row.name, row.at)
        session = _session(connection, sessions, row) if row.kind == "turn" else None
        line = Line(
            f"i{row.id}" if row.kind == "turn" and row.id else "",
            row.role,
            row.speaker,
            row.persona,
            row.language,
            row.text,
            row.at,
            row.status,
        )
        memory = journal.insert(row.kind, session, line, pinned=row.pinned, until=row.until)
        ids[row.id] = memory
        journal.found_in(memory, [ids[turn] for turn in row.sources if turn in ids])
        added += 1
    return added


def _session(connection: sqlite3.Connection, known: dict[str, int], row: Portable) -> int:
    key = row.conversation or ""
    if key not in known:
        cursor = connection.execute(
            "INSERT INTO session (conversation, persona, title, begun, language)"
            " VALUES ('import', ?, ?, ?, ?)",
            (row.persona, row.title, row.at, row.language or "es"),
        )
        assert cursor.lastrowid is not None
        known[key] = cursor.lastrowid
    return known[key]


# ── one conversation, to read ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Talked:
    """A conversation with who is who: names by speaker id."""

    session: Session
    lines: list[Memory]
    names: Mapping[str, str]

    def who(self, line: Memory) -> str:
        if line.role == "assistant":
            return line.persona
        return self.names.get(line.speaker) or line.speaker

    def named(self, line: Memory) -> str:
        """As `who`, for people to read: whoever is at this machine is "you"."""
        who = self.who(line)
        return translate("page.memory.you", self.session.language) if who == OWNER else who

    @property
    def title(self) -> str:
        return self.session.title or self.session.first[:80] or f"#{self.session.id}"


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone()


def markdown(talked: Talked) -> str:
    """With who said what, and when it began."""
    begun = _date(talked.session.begun).strftime("%Y-%m-%d %H:%M")
    parts = [f"# {_inline(talked.title)}\n\n*{begun}*\n"]
    parts += [
        f"**{_inline(talked.named(line))}** ({_date(line.at):%H:%M}): {_inline(line.text)}\n"
        for line in talked.lines
    ]
    return "\n".join(parts)


def _inline(text: str) -> str:
    """Text in which Markdown sees no markup."""
    marked = "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in text)
    return " ".join(marked.split())


def as_json(talked: Talked) -> str:
    session = talked.session
    told: dict[str, Any] = {
        "mia": "conversation",
        "version": VERSION,
        "title": talked.title,
        "persona": session.persona,
        "language": session.language,
        "begun": _date(session.begun).isoformat(timespec="seconds"),
        "lines": [
            {
                "role": line.role,
                "who": talked.who(line),
                "speaker": line.speaker,
                "at": _date(line.at).isoformat(timespec="milliseconds"),
                "language": line.language,
                "text": line.text,
                "status": line.status,
            }
            for line in talked.lines
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def srt(talked: Talked, pieces: Mapping[int, Sequence[Piece]] | None = None) -> str:
    """Subtitles from the conversation's beginning on, in time with its sound where some was kept
    (`pieces`)."""
    blocks = []
    for number, one in enumerate(laid_out(talked.lines, pieces), start=1):
        text = " ".join(one.line.text.split()).replace("-->", "→")
        who = talked.named(one.line)
        blocks.append(f"{number}\n{_stamp(one.begin)} --> {_stamp(one.end)}\n{who}: {text}\n")
    return "\n".join(blocks)


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    hours, rest = divmod(ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, ms = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02},{ms:03}"
