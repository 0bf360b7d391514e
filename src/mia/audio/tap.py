"""The tap: a stereo recording of a conversation, which latency is measured on.

Left is the user, right is MIA, both on one clock that starts with the user's first frame.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Samples


class Tap:
    def __init__(self) -> None:
        self._user: list[Samples] = []
        self._mia: list[tuple[float, Samples]] = []
        self.played_until = 0.0
        """When the last of MIA's sound so far will have been heard; seconds on the tap's clock."""

    @property
    def seconds(self) -> float:
        """How much the user has said (or been silent) so far."""
        return sum(map(len, self._user)) / HEARING_RATE

    def user(self, samples: Samples) -> None:
        """The user's next samples at HEARING_RATE."""
        self._user.append(samples)

    def mia(self, now: float, samples: Samples) -> None:
        """MIA's sound at PLAYING_RATE, heard from `now` on, or after what is still playing."""
        start = max(now, self.played_until)
        self._mia.append((start, np.array(samples, np.float32)))
        self.played_until = start + len(samples) / PLAYING_RATE

    def hush(self, now: float) -> None:
        """Nothing that was to be heard after `now` is."""
        kept: list[tuple[float, Samples]] = []
        for start, samples in self._mia:
            room = int((now - start) * PLAYING_RATE)
            if room > 0:
                kept.append((start, samples[:room]))
        self._mia = kept
        self.played_until = min(self.played_until, now)

    def scale(self, now: float, factor: float) -> None:
        """What is to be heard after `now` of what is there so far is so many times as loud."""
        for start, samples in self._mia:
            first = max(0, int((now - start) * PLAYING_RATE))
            samples[first:] *= np.float32(factor)

    def channels(self) -> tuple[Samples, Samples]:
        """Both sides at HEARING_RATE, equally long."""
        left = np.concatenate(self._user) if self._user else np.zeros(0, np.float32)
        length = int(max(len(left) / HEARING_RATE, self.played_until) * PLAYING_RATE) + 1
        played = np.zeros(length, np.float32)
        for start, samples in self._mia:
            at = int(start * PLAYING_RATE)
            played[at : at + len(samples)] = samples[: length - at]
        right = soxr.resample(played, PLAYING_RATE, HEARING_RATE).astype(np.float32)
        both = max(len(left), len(right))
        return np.pad(left, (0, both - len(left))), np.pad(right, (0, both - len(right)))

    def write(self, path: Path) -> None:
        """The stereo tap as a 16-bit WAV at HEARING_RATE. Raises OSError."""
        left, right = self.channels()
        write_wav(path, np.stack([left, right], axis=1), HEARING_RATE)

    def write_reply(self, path: Path) -> None:
        """MIA's side alone, without the silence before her first word. Raises OSError."""
        parts = [samples for _, samples in self._mia]
        spoken = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        write_wav(path, spoken, PLAYING_RATE)


def write_wav(path: Path, samples: np.ndarray, rate: int) -> None:
    """16-bit PCM; `samples` is float32, (n,) or (n, channels). Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        soundfile.write(path, np.clip(samples, -1, 1), rate, subtype="PCM_16", format="WAV")
    except soundfile.LibsndfileError as error:
        raise OSError(str(error)) from error
