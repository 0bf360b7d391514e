"""The order of one speaker's packets.

What is in order goes through at once: nothing here adds delay to a call without loss. Only
behind a gap do packets wait, `PATIENCE` at most, and what is still missing then is made up. Where
Discord sends nothing (it does not while somebody is silent) silence is put in by the clock, so
that whoever listens for pauses hears them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mia.channels.discord.rtp import FRAME_TICKS

FRAME_SECONDS = 0.02
#: Longest wait for a packet that others have overtaken, and from when on none is silence.
PATIENCE = 0.06
#: Packets behind a gap that are waited with at most: what arrives after so many is too late.
WAITING = 6
#: Lost packets in a row that are made up; opus fades out, and a longer hole is silence.
MADE_UP = 5
#: After this much silence in a row nothing more is put in: the speaker is at rest.
REST = 1.2
#: Most silence put in for a gap in the timestamps alone.
LONGEST_SILENCE = 0.5
#: A jump in the sequence this far is a new stream, not a loss.
JUMP = 500


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next in the stream: a packet's own sound (`voice`), a lost one's from the packet
    after it (`recover`), a lost one's made up (`conceal`), or `frames` of silence."""

    kind: Literal["voice", "recover", "conceal", "silence"]
    packet: bytes = b""
    frames: int = 1


class Order:
    """Packets in as they arrive, steps out as they were sent."""

    def __init__(self) -> None:
        self.late = 0
        """Packets that came after their place was given away, or twice."""
        self.lost = 0
        """Packets that never came."""
        self._next: int | None = None
        """Sequence of the packet that is due; None before the first."""
        self._ticks: int | None = None
        """Timestamp it should have."""
        self._waiting: dict[int, tuple[int, bytes]] = {}
        self._gap: float | None = None
        """Since when a packet is missing that others have overtaken."""
        self._heard: float | None = None
        """When the newest packet was passed on."""
        self._silence = 0
        """Frames of silence put in since."""

    def put(self, sequence: int, timestamp: int, packet: bytes, now: float) -> Iterator[Step]:
        """Take a packet. Whatever is known with it comes out."""
        if self._next is None or abs(_ahead(sequence, self._next)) > JUMP:
            self._next, self._ticks = sequence, None
            self._waiting.clear()
            self._gap = None
        if _ahead(sequence, self._next) < 0 or sequence in self._waiting:
            self.late += 1
            return
        self._waiting[sequence] = (timestamp, packet)
        yield from self._ready(now)
        if len(self._waiting) >= WAITING:
            yield from self._over_the_gap(now)

    def tick(self, now: float) -> Iterator[Step]:
        """Time has passed: give lost packets up, and put silence in."""
        if self._gap is not None and now - self._gap >= PATIENCE:
            yield from self._over_the_gap(now)
        if self._heard is None or self._waiting:
            return
        passed = now - self._heard
        if passed < PATIENCE:
            return
        owed = int(min(passed, REST) / FRAME_SECONDS + 1e-6) - self._silence
        if owed > 0:
            self._silence += owed
            yield Step("silence", frames=owed)

    def resting(self, now: float) -> bool:
        """Whether nothing is to be expected of the clock until the next packet."""
        if self._waiting:
            return False
        return self._heard is None or now - self._heard > REST

    def _ready(self, now: float) -> Iterator[Step]:
        while self._next in self._waiting:
            assert self._next is not None
            timestamp, packet = self._waiting.pop(self._next)
            yield from self._pause(timestamp)
            yield Step("voice", packet)
            self._advance(timestamp, now)
        if not self._waiting:
            self._gap = None
        elif self._gap is None:
            self._gap = now

    def _over_the_gap(self, now: float) -> Iterator[Step]:
        """Go on with the packets there are, making up the missing ones before them."""
        assert self._next is not None
        due = self._next
        first = min(self._waiting, key=lambda sequence: _ahead(sequence, due))
        missing = _ahead(first, due)
        self.lost += missing
        timestamp, packet = self._waiting[first]
        hole = missing
        if self._ticks is not None:
            hole = min(missing, max(0, _ticks_ahead(timestamp, self._ticks) // FRAME_TICKS))
        made_up = max(0, min(hole, MADE_UP) - self._silence)
        for _ in range(made_up - 1):
            yield Step("conceal")
        if made_up:
            yield Step("recover", packet)
        if self._ticks is not None:
            self._ticks = (self._ticks + made_up * FRAME_TICKS) & 0xFFFFFFFF
        self._next = first
        self._gap = None
        yield from self._ready(now)

    def _pause(self, timestamp: int) -> Iterator[Step]:
        """The silence that a jump in the timestamps stands for, as far as it was not put in."""
        if self._ticks is None:
            return
        ticks = _ticks_ahead(timestamp, self._ticks)
        most = int(LONGEST_SILENCE / FRAME_SECONDS)
        owed = min(ticks // FRAME_TICKS, most) - self._silence
        if owed > 0:
            yield Step("silence", frames=owed)

    def _advance(self, timestamp: int, now: float) -> None:
        assert self._next is not None
        self._next = (self._next + 1) & 0xFFFF
        self._ticks = (timestamp + FRAME_TICKS) & 0xFFFFFFFF
        self._heard = now
        self._silence = 0


def _ahead(sequence: int, other: int) -> int:
    """How far one sequence number is ahead of another; negative: behind."""
    return ((sequence - other + 0x8000) & 0xFFFF) - 0x8000


def _ticks_ahead(timestamp: int, other: int) -> int:
    return ((timestamp - other + 0x80000000) & 0xFFFFFFFF) - 0x80000000
