"""What was really heard, cut out of a conversation's facts: MIA's replies, and a person's turns.

No I/O and no clock: facts and samples in, sound with the moment it was heard out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Samples
from mia.telemetry import events as facts

#: The longest utterance that is kept whole, in seconds; of a longer one the end.
LONGEST = 180
#: Blocks they may come in: a microphone's shortest are 5 ms long.
BLOCKS = LONGEST * 200
#: Kept before the first voiced sample and after the last, in seconds: words begin softly.
BEFORE, AFTER = 0.3, 0.3
#: Replies and turns that are remembered at a time; a dropped guess of either never ends.
MOST = 4


@dataclass(frozen=True, slots=True)
class Take:
    """A stretch of sound, and when its first sample was heard on the loop's clock."""

    at: float
    samples: Samples
    rate: int
    filler: bool = False
    """Something short that was said while the reply was late; heard, and no word of it."""


@dataclass(slots=True)
class _Reply:
    placed: list[tuple[float, Samples]] = field(default_factory=list)
    """Her sound by the second of the reply at which it begins; shared with who plays it."""
    heard: list[tuple[float, float, float]] = field(default_factory=list)
    """(when, from, to): seconds of the reply that were heard from then on."""
    since: tuple[float, float] | None = None
    """(when, from): it is being heard."""
    held: bool = False
    words_from: float = 0.0
    """The second at which the reply's own words begin."""

    def stop(self, upto: float) -> None:
        if self.since is not None and upto > self.since[1]:
            self.heard.append((*self.since, upto))
        self.since = None

    def cut(self, first: float, last: float) -> Samples:
        """Her sound between two seconds of the reply."""
        parts = []
        for begin, samples in self.placed:
            low = max(0, round((first - begin) * PLAYING_RATE))
            high = min(len(samples), round((last - begin) * PLAYING_RATE))
            if low < high:
                parts.append(samples[low:high])
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)


class HerTakes:
    """Follows the facts of one conversation. What was not heard is not in a take: a reply that
    somebody cut short ends where it was cut, one that was held has a gap there."""

    def __init__(self) -> None:
        self._replies: dict[str, _Reply] = {}

    def forget(self) -> None:
        self._replies.clear()

    def tell(self, event: facts.Event) -> None:
        if isinstance(event, facts.SoundPlaced) and event.begin == 0:
            # Who begins to record in the middle leaves that reply out.
            self._replies[event.reply] = _Reply()
            while len(self._replies) > MOST:
                del self._replies[next(iter(self._replies))]
        reply = self._replies.get(getattr(event, "reply", ""))
        if reply is None:
            return
        match event:
            case facts.SoundPlaced():
                reply.placed.append((event.begin, event.samples))
            case facts.FillerStarted():
                reply.since = (event.at, 0.0)
            case facts.PlaybackStarted():
                self._begins(reply, event.at)
            case facts.Paused():
                reply.held = reply.since is not None
                reply.stop(event.heard_ms / 1000)
            case facts.Unducked() if reply.held:
                reply.held = False
                reply.since = (event.at, event.heard_ms / 1000)
            case _:
                pass

    @staticmethod
    def _begins(reply: _Reply, at: float) -> None:
        """Her own words begin; a filler may have been heard before them."""
        first = 0.0
        if reply.since is not None:
            begun, _ = reply.since
            begin, samples = reply.placed[0]
            first = begin + len(samples) / PLAYING_RATE
            reply.words_from = first
            reply.stop(min(first, max(0.0, at - begun)))
        reply.since = (at, first)

    def ended(self, event: facts.ReplyEnded) -> list[Take]:
        """What was heard of the reply that is over."""
        reply = self._replies.pop(event.reply, None)
        if reply is None:
            return []
        reply.stop(event.heard_ms / 1000)
        takes = [
            Take(at, reply.cut(first, last), PLAYING_RATE, last <= reply.words_from)
            for at, first, last in reply.heard
        ]
        return [take for take in takes if len(take.samples)]


class TheirTakes:
    """Keeps the newest minutes of a microphone, to cut a turn out of them once it is known to be
    one. Noise, and what was discarded, is never in a take."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[int, Samples]] = deque(maxlen=BLOCKS)
        self._end = 0
        """The place after the newest sample; places are those of `Listener.received`."""
        self._turns: dict[str, tuple[int, float]] = {}
        """Where each turn begins, and when that was."""
        self._stops: dict[str, int] = {}

    def forget(self) -> None:
        self._blocks.clear()
        self._turns.clear()
        self._stops.clear()

    def hear(self, samples: Samples, first: int) -> None:
        """The microphone's next block, whose first sample has this place."""
        self._blocks.append((first, samples))
        self._end = first + len(samples)
        while self._blocks and self._end - self._blocks[0][0] > LONGEST * HEARING_RATE:
            self._blocks.popleft()

    def tell(self, event: facts.Event) -> None:
        match event:
            case facts.SpeechStarted() if event.turn not in self._turns:
                place = max(0, round((event.audio_ms / 1000 - BEFORE) * HEARING_RATE))
                self._turns[event.turn] = (place, event.at - (self._end - place) / HEARING_RATE)
                while len(self._turns) > MOST:
                    gone = next(iter(self._turns))
                    del self._turns[gone]
                    self._stops.pop(gone, None)
            case facts.SpeechStopped():
                self._stops[event.turn] = round((event.audio_ms / 1000 + AFTER) * HEARING_RATE)
            case facts.TurnDropped():
                self._turns.pop(event.turn, None)
                self._stops.pop(event.turn, None)
            case _:
                pass

    def heard(self, event: facts.Heard) -> list[Take]:
        """The sound of a turn that is sure, from its first word to its last."""
        begun = self._turns.get(event.turn)
        if begun is None or event.typed or not self._blocks:
            return []
        place, at = begun
        first = max(place, self._blocks[0][0])
        last = min(self._stops.get(event.turn, self._end), self._end)
        parts = [
            samples[max(0, first - begin) : max(0, last - begin)]
            for begin, samples in self._blocks
            if begin < last and begin + len(samples) > first
        ]
        samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        if not len(samples):
            return []
        return [Take(at + (first - place) / HEARING_RATE, samples, HEARING_RATE)]
