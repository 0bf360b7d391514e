"""A conversation's kept sound as one WAV file, made block by block while it is sent. Blocking."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import soundfile
import soxr

from mia.conversation.ports import PLAYING_RATE, Samples
from mia.errors import MiaError
from mia.mind.memory.timeline import Heard, Shown

Side = Literal["hers", "both"]

#: What is made at a time, in seconds.
BLOCK = 10
_HEADER = 44
#: A WAV's lengths are 32 bits, and some programs read them as signed.
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Mix:
    """A WAV of 24,000 samples a second, 16 bit: one channel with MIA, or the user left and MIA
    right. size: bytes of the whole file."""

    channels: int
    frames: int
    sound: tuple[tuple[Heard, int], ...]
    """Pieces in order, each with its channel."""

    @property
    def size(self) -> int:
        return _HEADER + self.frames * self.channels * 2

    def blocks(self) -> Iterator[bytes]:
        """The file from its first byte to its last."""
        yield self._header()
        waiting = list(self.sound)
        playing: list[tuple[int, int, Samples]] = []
        for first in range(0, self.frames, BLOCK * PLAYING_RATE):
            count = min(BLOCK * PLAYING_RATE, self.frames - first)
            while waiting and _place(waiting[0][0]) < first + count:
                heard, channel = waiting.pop(0)
                playing.append((channel, _place(heard), _read(heard)))
            block = np.zeros((count, self.channels), np.float32)
            for channel, place, samples in playing:
                low, high = max(place, first), min(place + len(samples), first + count)
                if low < high:
                    block[low - first : high - first, channel] += samples[
                        low - place : high - place
                    ]
            playing = [one for one in playing if one[1] + len(one[2]) > first + count]
            yield np.round(np.clip(block, -1, 1) * 32767).astype("<i2").tobytes()

    def _header(self) -> bytes:
        """RIFF, the format and the data's length: http://soundfile.sapp.org/doc/WaveFormat/"""
        width = self.channels * 2
        size = self.frames * width
        return (
            struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE")
            + struct.pack("<4sIHHII", b"fmt ", 16, 1, self.channels, PLAYING_RATE,
                          PLAYING_RATE * width)
            + struct.pack("<HH4sI", width, 16, b"data", size)
        )  # fmt: skip


def mixed(shown: Sequence[Shown], side: Side) -> Mix:
    """The sound of these lines, as long as the conversation.

    Raises MiaError `conversations.no_sound`, `conversations.no_sound_yours`,
    `conversations.too_long`.
    """
    hers = [(heard, side == "both") for one in shown for heard in one.sound if _is_hers(one)]
    theirs = [(heard, 0) for one in shown for heard in one.sound if not _is_hers(one)]
    if side == "both" and not theirs:
        raise MiaError("conversations.no_sound_yours")
    if side == "hers" and not hers:
        raise MiaError("conversations.no_sound")
    chosen = [(heard, int(at)) for heard, at in (*hers, *(theirs if side == "both" else ()))]
    seconds = max(one.end for one in shown)
    mix = Mix(
        2 if side == "both" else 1,
        round(seconds * PLAYING_RATE),
        tuple(sorted(chosen, key=lambda one: one[0].begin)),
    )
    if mix.size > LARGEST:
        raise MiaError("conversations.too_long", hours=f"{seconds / 3600:.0f}")
    return mix


def _is_hers(one: Shown) -> bool:
    return one.line.role == "assistant"


def _place(heard: Heard) -> int:
    return round(heard.begin * PLAYING_RATE)


def _read(heard: Heard) -> Samples:
    """Its samples at PLAYING_RATE; silence where it was forgotten meanwhile."""
    try:
        samples, rate = soundfile.read(heard.piece.path, dtype="float32")
    except (soundfile.LibsndfileError, OSError):
        return np.zeros(0, np.float32)
    if rate != PLAYING_RATE:
        samples = soxr.resample(samples, rate, PLAYING_RATE)
    return np.asarray(samples, np.float32)
