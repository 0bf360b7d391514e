"""What the journal keeps, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant"]
Kind = Literal["turn", "fact", "summary"]

OWNER = "owner"
"""The speaker at this machine, where a channel names nobody."""

TAKEN_UP = "memory-"
"""Before the number of a memory: the item of a line that a conversation went on from."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was said, to be kept. `item` is the turn's or the reply's id."""

    item: str
    role: Role
    speaker: str
    persona: str
    language: str
    text: str
    at: float
    """Unix seconds, UTC."""
    status: str = "completed"


@dataclass(frozen=True, slots=True)
class Memory:
    """A row of `memory`; see `ports` for what each field means."""

    id: int
    kind: Kind
    session: int | None
    item: str | None
    role: Role
    speaker: str
    persona: str
    language: str
    text: str
    at: float
    status: str
    pinned: bool = False
    dormant: bool = False
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation that was had. title: the user's own, None: its first words stand for it."""

    id: int
    conversation: str
    persona: str
    title: str | None
    begun: float
    language: str
    first: str
    """The first words of the user's in it."""
    lines: int
    newest: float
    """When its last line was said."""


@dataclass(frozen=True, slots=True)
class Speaker:
    id: str
    name: str
    remembered: bool
    memories: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which memories are meant: all conditions together; none means all of them."""

    ids: tuple[int, ...] | None = None
    speaker: str | None = None
    persona: str | None = None
    session: int | None = None
    kind: Kind | None = None
    since: float | None = None
    """Unix seconds: said at or after it …"""
    until: float | None = None
    """… and before this."""

    def where(self) -> tuple[str, list[object]]:
        """The SQL condition on `memory` and its values."""
        parts: list[str] = []
        values: list[object] = []
        for name in ("speaker", "persona", "session", "kind"):
            if (value := getattr(self, name)) is not None:
                parts.append(f"{name} = ?")
                values.append(value)
        if self.since is not None:
            parts.append("at >= ?")
            values.append(self.since)
        if self.until is not None:
            parts.append("at < ?")
            values.append(self.until)
        if self.ids is not None:
            parts.append("id IN (SELECT value FROM json_each(?))")
            values.append("[" + ",".join(str(int(i)) for i in self.ids) + "]")
        return " AND ".join(parts) or "1", values
