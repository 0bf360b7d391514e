"""Facts, as small frozen dataclasses, on one bus.

The conversation publishes what happens and never calls those who listen: pages, metrics, logs,
memory, avatar. Every event carries who it is about: conversation, speaker and persona; `at` is
the loop's time in seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: float
    conversation: str
    speaker: str = ""
    persona: str = ""
    speaker_name: str = ""
    """What the speaker is called now; `speaker` is the id that stays."""


Phase = Literal["idle", "listening", "pausing", "committed", "speaking", "ducked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged(Event):
    phase: Phase
    before: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted(Event):
    """Somebody began to speak; `audio_ms` is where, in the sound received so far."""

    turn: str
    audio_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped(Event):
    turn: str
    audio_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Event):
    """What the user said: a guess (`final=False`, of `revision`) or the turn's text."""

    turn: str
    revision: int
    text: str
    language: str
    final: bool
    typed: bool = False
    lines: tuple[tuple[str, str, str], ...] = ()
    """Where several people speak: id, name and words of each line; `text` then names them too."""
    instead: str = ""
    """Id of the message this was until it was answered; empty: it was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard(Event):
    """Somebody said this in MIA's hearing, and not to her: it is part of the conversation, under
    the id `turn`, but no turn. lines: id, name and words of each."""

    turn: str
    text: str
    language: str
    lines: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnDropped(Event):
    """A turn came to nothing: noise, no words, or cleared by the client."""

    turn: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speculated(Event):
    """A reply was begun for a revision before the endpoint was sure."""

    turn: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeculationEnded(Event):
    """The guess was right (`committed`), or nobody heard of the reply."""

    turn: str
    revision: int
    committed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked(Event):
    """A model worked for so long on what was used in the end, or was not: `part` is stt, llm or
    tts."""

    part: str
    seconds: float
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """The user went on: the turn that MIA had begun to answer is theirs again."""

    turn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten(Event):
    """By the words of this turn the user has had what was said before forgotten: these lines (ids
    of turns and replies) are in the history no more, and nobody else is to keep them."""

    turn: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyStarted(Event):
    """A reply's gate opened: from here on it may be heard."""

    turn: str
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyText(Event):
    """One more clause of the reply, as it will be shown; `sequence` counts from 0."""

    turn: str
    reply: str
    sequence: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlaced(Event):
    """A clause's sound has its place: seconds from the start of the reply's sound.

    words: (first character, end, begin, finish) in the clause's text and in the reply's seconds.
    phonemes: (symbol, begin, finish) in the reply's seconds.
    timed: whether the words' times are the voice's own; if not, they are guessed from its length.
    cues: (expression, second of the reply at which it is due): at the word it is written before.
    """

    turn: str
    reply: str
    sequence: int
    text: str
    begin: float
    finish: float
    words: tuple[tuple[int, int, float, float], ...] = ()
    phonemes: tuple[tuple[str, float, float], ...] = ()
    timed: bool = True
    cues: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPlaced(Event):
    """More of a reply's sound, `begin` seconds after its start; for the mouth. The samples are
    the ones played (mono float32), not to be changed; logs leave them out."""

    reply: str
    begin: float
    rate: int
    samples: npt.NDArray[np.float32] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FillerStarted(Event):
    """The reply is late, and something short is said meanwhile; no part of the conversation."""

    turn: str
    reply: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackStarted(Event):
    """The reply's first sample is audible."""

    turn: str
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyEnded(Event):
    """The reply is over; `heard` is what was really heard, `text` all that was written.

    underruns: how often its sound stuttered. evaluated: prompt tokens the mind had to read for
    it, where the mind counts."""

    turn: str
    reply: str
    text: str
    heard: str
    heard_ms: int
    status: Literal["completed", "interrupted", "failed", "cancelled"]
    said: str = ""
    """What of it is a line of the conversation: what was heard, unless the mind wrote nothing."""
    underruns: int = 0
    evaluated: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardReported(Event):
    """Of a reply that was ended early, its listener says that `heard` was heard."""

    turn: str
    reply: str
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoriesUsed(Event):
    """These memories were told to the mind for the reply: (id, score, text) of each."""

    turn: str
    reply: str
    memories: tuple[tuple[int, float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReplaced(Event):
    """The conversation goes on from other lines: one of before was taken up, or begun anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ducked(Event):
    """Somebody speaks over MIA: she is lower, and perhaps soon silent."""

    turn: str
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    """Her sound is held at `heard_ms` of the reply."""

    turn: str
    reply: str
    heard_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unducked(Event):
    """It was nothing: she goes on, from `heard_ms` of the reply."""

    turn: str
    reply: str
    heard_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Event):
    turn: str
    reply: str
    heard_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTimed(Event):
    """How long each stage of a turn took, in ms; `v2v` from the last voiced sample to the first
    audible one."""

    turn: str
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged(Event):
    """How MIA is spoken to, and whether she is deaf or holds her breath."""

    mode: Literal["hands-free", "push-to-talk", "wake-name"]
    muted: bool
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanged(Event):
    """Whose sound is kept of the conversation from now on."""

    record: Literal["none", "hers", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved(Event):
    """The page is at another port from now on. host: empty for any name it is called by now."""

    host: str
    port: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Event):
    """Something a user should know: `error.<code>` or `notice.<code>` in the catalogue."""

    level: Literal["info", "warning", "error"]
    code: str
    parameters: Mapping[str, object] = field(default_factory=dict)


class Subscription:
    """A listener's own bounded queue. When it is full its oldest event is dropped and counted:
    a slow page never holds up a conversation."""

    def __init__(self, bus: EventBus, size: int) -> None:
        self._bus = bus
        self._events: deque[Event] = deque(maxlen=size)
        self._arrived = asyncio.Event()
        self.dropped = 0

    def put(self, event: Event) -> None:
        if len(self._events) == self._events.maxlen:
            self.dropped += 1
        self._events.append(event)
        self._arrived.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            while self._events:
                yield self._events.popleft()
            self._arrived.clear()
            await self._arrived.wait()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.unsubscribe(self)


class EventBus:
    """Tells every listener every fact, in order, without waiting for any."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._listeners: list[Callable[[Event], None]] = []

    def publish(self, event: Event) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # one listener's fault must not reach the conversation
                log.exception("a listener failed on %s", type(event).__name__)
        for subscription in self._subscriptions:
            subscription.put(event)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event, at once; it must be quick. Returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def subscribe(self, size: int = 1024) -> Subscription:
        """A queue of events to iterate over; use it in a `with`."""
        subscription = Subscription(self, size)
        self._subscriptions.append(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
