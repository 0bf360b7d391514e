"""The newest facts of the bus, for whoever wants to see what happened, in order."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mia.telemetry import events as bus

KEPT = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact. `seq` counts from 1 through the life of the process."""

    seq: int
    event: bus.Event

    @property
    def kind(self) -> str:
        return type(self.event).__name__

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; `at` in seconds of the process's own clock."""
        names = (field.name for field in dataclasses.fields(self.event))
        told = {name: _plain(getattr(self.event, name)) for name in names}
        return {"seq": self.seq, "kind": self.kind, **told}


def _plain(value: object) -> object:
    """Parameters of a notice may be anything; what JSON has no word for becomes text."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)


def _quotes(event: bus.Event) -> bool:
    """Whether it may hold what somebody said: all about a turn, and notices with a text."""
    return hasattr(event, "turn") or (isinstance(event, bus.Notice) and "text" in event.parameters)


class EventLog:
    """A ring of facts; the oldest go first."""

    def __init__(self, events: bus.EventBus, *, kept: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._seq = 0
        self.close = events.listen(self._tell)

    @property
    def newest(self) -> int:
        """The `seq` of the newest fact; 0 before there is one."""
        return self._seq

    def after(
        self,
        seq: int,
        *,
        conversation: str | None = None,
        kinds: Iterable[str] = (),
        limit: int = KEPT,
    ) -> list[Entry]:
        """The oldest `limit` facts after `seq`, of one conversation and of these kinds (none:
        of all)."""
        wanted = frozenset(kinds)
        found: list[Entry] = []
        for entry in self._entries:
            if len(found) == limit:
                break
            if (
                entry.seq > seq
                and (conversation is None or entry.event.conversation == conversation)
                and (not wanted or entry.kind in wanted)
            ):
                found.append(entry)
        return found

    def forget(self) -> None:
        """Drop every fact that may hold what somebody said; the others stay, and the count."""
        kept = (entry for entry in self._entries if not _quotes(entry.event))
        self._entries = deque(kept, maxlen=self._entries.maxlen)

    def _tell(self, event: bus.Event) -> None:
        if isinstance(event, bus.SoundPlaced):
            return  # sound is no line of a log
        self._seq += 1
        self._entries.append(Entry(self._seq, event))
