"""The stereo tape: left the user, right the assistant, on the clock of the microphone's frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from bench.turns.lines import RATE, Pcm

#: Samples a second of what assistants play; the peer and the Realtime API agree on it.
PLAYED_RATE = 24_000


class Tape:
    """Sound of both sides as a listener in the room would have it."""

    def __init__(self) -> None:
        self.played_until = 0.0
        """When the last of the assistant's sound so far will have been heard, in seconds."""
        self._said: list[Pcm] = []
        self._played: list[tuple[float, Pcm]] = []

    def say(self, samples: Pcm) -> None:
        """The user's next samples at RATE."""
        self._said.append(samples)

    def play(self, now: float, samples: Pcm) -> None:
        """The assistant's sound: heard from `now` on, or right after what is still playing."""
        begin = max(now, self.played_until)
        self._played.append((begin, samples))
        self.played_until = begin + len(samples) / PLAYED_RATE

    def hush(self, now: float) -> None:
        """What would have been heard after `now` never is."""
        while self._played and self._played[-1][0] >= now:
            self._played.pop()
        if self._played:
            begin, samples = self._played[-1]
            self._played[-1] = (begin, samples[: int((now - begin) * PLAYED_RATE)])
        self.played_until = min(self.played_until, now)

    def write(self, path: Path) -> None:
        """Both channels at RATE, 16 bit. Raises OSError."""
        left = np.concatenate(self._said) if self._said else np.zeros(0, np.int16)
        seconds = max(len(left) / RATE, self.played_until)
        played = np.zeros(int(seconds * PLAYED_RATE) + 1, np.int16)
        for begin, samples in self._played:
            at = int(begin * PLAYED_RATE)
            count = min(len(samples), len(played) - at)
            played[at : at + count] = samples[:count]
        right = soxr.resample(played, PLAYED_RATE, RATE)
        both = np.zeros((max(len(left), len(right)), 2), np.int16)
        both[: len(left), 0] = left
        both[: len(right), 1] = right
        soundfile.write(path, both, RATE, subtype="PCM_16")
