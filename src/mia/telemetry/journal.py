"""The newest log lines and facts in one order, kept in memory for whoever looks.

A ring: the oldest go first, and nothing grows. Lines come from logging (any thread) and from the
bus; secrets are hidden before they are kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from mia.redaction import Redactor, redact
from mia.telemetry import events as bus
from mia.telemetry import logs

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
KEPT = 4000
#: Longest line that is kept, in characters; a traceback of a deep stack may be longer.
LONGEST = 8000

#: The part of the pipeline each kind of fact is about; the others are the conversation's.
_PARTS = {
    "SpeechStarted": "hearing",
    "SpeechStopped": "hearing",
    "Heard": "hearing",
    "TurnDropped": "hearing",
    "ReplyText": "mind",
    "SegmentPlaced": "voice",
    "PlaybackStarted": "voice",
    "FillerStarted": "voice",
}
#: Many a second, or of interest to whoever looks very closely only.
_FINE = frozenset({"PhaseChanged", "SegmentPlaced", "Worked", "Speculated", "SpeechStopped"})
_IDS = frozenset({"at", "conversation", "speaker", "persona", "turn", "phonemes", "words"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line. seq: counts from 1 through the life of the process. time: UTC, ISO 8601."""

    seq: int
    time: str
    level: Level
    part: str
    message: str
    conversation: str = ""
    turn: str = ""

    def as_text(self) -> str:
        about = f" [{self.turn}]" if self.turn else ""
        return f"{self.time} {self.level.upper():7} {self.part}: {self.message}{about}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are wanted; what is left empty lets everything through.

    level: this and what is more important. text: found in message, part or turn, in any case.
    """

    level: Level = "debug"
    part: str = ""
    turn: str = ""
    text: str = ""

    def __call__(self, line: Line) -> bool:
        return (
            LEVELS.index(line.level) >= LEVELS.index(self.level)
            and self.part in ("", line.part)
            and self.turn in ("", line.turn)
            and self.text.lower() in f"{line.message}\n{line.part}\n{line.turn}".lower()
        )


class Journal(logging.Handler):
    """A handler for the root logger, and a listener of the bus; `close` ends both."""

    def __init__(self, events: bus.EventBus, hides: Redactor = redact, *, kept: int = KEPT) -> None:
        super().__init__()
        self.redact = hides
        self._lines: deque[Line] = deque(maxlen=kept)
        self._seq = 0
        self._ring = threading.Lock()
        self._followers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._unlisten = events.listen(self._tell)

    def close(self) -> None:
        self._unlisten()
        self._unlisten = lambda: None
        super().close()

    @property
    def newest(self) -> int:
        """The `seq` of the newest line; 0 before there is one."""
        return self._seq

    def after(
        self, seq: int, wanted: Callable[[Line], bool] = Filter(), limit: int = KEPT
    ) -> list[Line]:
        """The newest `limit` lines after `seq` that are wanted, in order."""
        with self._ring:
            lines = [line for line in self._lines if line.seq > seq]
        return [line for line in lines if wanted(line)][-limit:] if limit else []

    def forget(self) -> None:
        """Drop every line about a turn, since it may hold what somebody said; the others stay, and
        the count."""
        with self._ring:
            kept = [line for line in self._lines if not line.turn]
            self._lines.clear()
            self._lines.extend(kept)

    async def follow(
        self, seq: int, wanted: Callable[[Line], bool] = Filter()
    ) -> AsyncIterator[list[Line]]:
        """Lines after `seq`, those there are at once, then more as they come; never an end.

        Whoever reads slowly loses what has left the ring meanwhile, and holds nobody up.
        """
        arrived = asyncio.Event()
        self._followers[arrived] = asyncio.get_running_loop()
        try:
            while True:
                arrived.clear()
                newest = self._seq
                if found := self.after(seq, wanted):
                    yield found
                seq = max(seq, newest, found[-1].seq if found else 0)
                if self._seq == seq:
                    await arrived.wait()
        finally:
            del self._followers[arrived]

    def emit(self, record: logging.LogRecord) -> None:
        # Logging's own way: a record that cannot be formatted must not break who logged it.
        try:
            message = record.getMessage()
            if record.exc_info and record.exc_info[0] is not None:
                message += "\n" + logging.Formatter().formatException(record.exc_info)
            self._add(record, _level(record.levelno), _part(record.name), message)
        except (TypeError, ValueError):
            self.handleError(record)

    def _tell(self, event: bus.Event) -> None:
        if isinstance(event, bus.SoundPlaced):
            return  # sound is no line of a log
        kind = type(event).__name__
        level: Level = "debug" if kind in _FINE else "info"
        if isinstance(event, bus.Notice):
            level = event.level
        elif isinstance(event, bus.Heard) and not event.final:
            level = "debug"
        # The library stamps its records with the time; nobody else here reads the clock.
        record = logging.makeLogRecord(
            {"conversation": event.conversation, "turn": getattr(event, "turn", "")}
        )
        self._add(record, level, _PARTS.get(kind, "conversation"), _told(kind, event))

    def _add(self, record: logging.LogRecord, level: Level, part: str, message: str) -> None:
        about = logs.subject(record)
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = self.redact(message)[:LONGEST]
        with self._ring:
            self._seq += 1
            line = Line(
                self._seq,
                time,
                level,
                part,
                text,
                about.get("conversation", ""),
                about.get("turn", ""),
            )
            self._lines.append(line)
        for arrived, loop in list(self._followers.items()):
            # A loop that has just been closed has nobody left who follows.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(arrived.set)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"


def _part(name: str) -> str:
    """`mia.hearing.stt.whisper` is about hearing; a library is called by its own name."""
    parts = name.split(".")
    return parts[1] if parts[0] == "mia" and len(parts) > 1 else parts[0]


def _told(kind: str, event: bus.Event) -> str:
    """A fact in one line: its kind, and what it says beside whom it is about."""
    said = []
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        if isinstance(event, bus.Notice) and field.name == "parameters":
            # Its text is what was said: of no turn, it would not be found when that is forgotten.
            value = {name: inner for name, inner in value.items() if name != "text"}
        if field.name in _IDS or value in ("", None, (), {}):
            continue
        said.append(f"{field.name}={_short(value)}")
    return " ".join((kind, *said))


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_short(inner)}" for key, inner in value.items()) + "}"
    return repr(value) if isinstance(value, str) else str(value)
