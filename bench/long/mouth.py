"""Her mouth against her sound, as a program on the other end of OSC and a page see them."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

import numpy as np

from bench.avatar.measures import GRID, envelope
from mia.conversation.ports import PLAYING_RATE, Samples

#: Farthest offset that is looked for, in seconds.
FARTHEST = 0.4
#: Sound shorter than this is too little to tell an offset by, in seconds.
LEAST = 1.0


class MouthListener(asyncio.DatagramProtocol):
    """Keeps when `/MouthOpen` came and what it said. An OSC message of one float: address and
    type tag, each padded with zeros to four bytes, then a big-endian float."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, float]] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data.startswith(b"/MouthOpen\0"):
            (value,) = struct.unpack(">f", data[-4:])
            self.seen.append((asyncio.get_running_loop().time(), value))


@dataclass
class Played:
    """A reply's sound as a page plays it: each piece at once, or after the one before."""

    latency: float = 0.06
    pieces: list[tuple[float, Samples]] = field(default_factory=list)
    until: float = 0.0

    def play(self, now: float, samples: Samples) -> None:
        start = max(now + self.latency, self.until)
        self.pieces.append((start, samples))
        self.until = start + len(samples) / PLAYING_RATE

    @property
    def seconds(self) -> float:
        return sum(len(samples) for _, samples in self.pieces) / PLAYING_RATE

    def heard(self, now: float) -> float:
        """Seconds of it heard by now."""
        return sum(
            min(len(samples) / PLAYING_RATE, max(0.0, now - start))
            for start, samples in self.pieces
        )


def offset(played: Played, mouth: list[tuple[float, float]]) -> float | None:
    """Seconds the mouth is behind the sound (negative: ahead) at the best correlation; None where
    there is too little of either."""
    if played.seconds < LEAST:
        return None
    begin, end = played.pieces[0][0], played.until
    times = np.array([at for at, _ in mouth if begin - 1 < at < end + 1])
    opened = np.array([value for at, value in mouth if begin - 1 < at < end + 1])
    if len(times) < 30 or np.ptp(opened) < 0.05:
        return None
    sound = np.zeros(round((end - begin + 1) * PLAYING_RATE), np.float32)
    for start, samples in played.pieces:
        first = round((start - begin) * PLAYING_RATE)
        sound[first : first + len(samples)] = samples[: len(sound) - first]
    loud = envelope(sound)
    at = begin + (np.arange(len(loud)) + 0.5) * GRID
    grid = np.arange(begin, end, GRID)
    seen = np.interp(grid, times, opened)
    shifts = np.arange(-FARTHEST, FARTHEST + GRID / 2, GRID)
    found = np.array([np.corrcoef(seen, np.interp(grid - s, at, loud))[0, 1] for s in shifts])
    return float(shifts[int(np.nanargmax(found))])
