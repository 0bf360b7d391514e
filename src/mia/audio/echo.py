"""Takes MIA's own voice out of what the microphone hears, for a loudspeaker without a browser.

Browsers cancel echo themselves; a sound card does not. This is WebRTC's canceller, which finds
out by itself how the room sounds and how late it is, from the `livekit` package: of those with
it the only one that has wheels for Linux, macOS and Windows, and the better one (33 dB within two
seconds against 30, 129 µs for 10 ms of sound; decision 12).

Nothing of LiveKit but that module is used: no server, no network.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from mia.conversation.ports import HEARING_RATE, Samples

#: What WebRTC takes at a time: 10 ms.
FRAME = HEARING_RATE // 100
FULL_SCALE = 32767.0


def available() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec("livekit") is not None


class EchoCanceller:
    """One microphone beside one loudspeaker. Not for several threads."""

    def __init__(self, playing_rate: int) -> None:
        """playing_rate: samples a second of what the loudspeaker plays. Raises ImportError."""
        from livekit import rtc

        self._rtc: Any = rtc
        self._module: Any = rtc.AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._playing_rate = playing_rate
        self._far: Samples = np.zeros(0, np.float32)
        self._near: Samples = np.zeros(0, np.float32)

    def played(self, samples: Samples) -> None:
        """The loudspeaker plays this now (silence too); before the microphone hears it."""
        self._far = np.concatenate([self._far, samples])
        frame = self._playing_rate // 100
        whole = len(self._far) // frame * frame
        for at in range(0, whole, frame):
            # At its own rate: a resampler of ours would hand it on later than the echo comes.
            played = self._frame(self._far[at : at + frame], self._playing_rate)
            self._module.process_reverse_stream(played)
        self._far = self._far[whole:]

    def heard(self, samples: Samples) -> Samples:
        """What of this (16 kHz, any length) is not MIA; whole frames, so up to 10 ms late."""
        self._near = np.concatenate([self._near, samples])
        whole = len(self._near) // FRAME * FRAME
        clean = [self._clean(self._near[at : at + FRAME]) for at in range(0, whole, FRAME)]
        self._near = self._near[whole:]
        return np.concatenate(clean) if clean else np.zeros(0, np.float32)

    def _clean(self, samples: Samples) -> Samples:
        frame = self._frame(samples, HEARING_RATE)
        self._module.process_stream(frame)
        cleaned: Samples = np.array(frame.data, np.int16).astype(np.float32) / FULL_SCALE
        return cleaned

    def _frame(self, samples: Samples, rate: int) -> Any:
        pcm = np.rint(np.clip(samples, -1, 1) * FULL_SCALE).astype(np.int16)
        return self._rtc.AudioFrame(pcm.tobytes(), rate, 1, len(pcm))
