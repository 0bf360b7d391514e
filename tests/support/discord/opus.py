"""Sound to opus frames of 20 ms and back, through the libopus that discord.py finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from discord import opus

RATE = 48_000
FRAME = 960
"""Samples of 20 ms."""

Samples = npt.NDArray[np.float32]


def encode(samples: Samples) -> list[bytes]:
    """Frames of a mono sound at 48 kHz, the last one filled up with silence."""
    _load()
    coder = opus.Encoder(application="voip", bitrate=64, signal_type="voice")
    padded = np.pad(samples, (0, -len(samples) % FRAME))
    stereo = np.repeat((np.clip(padded, -1, 1) * 32767).astype(np.int16), 2)
    step = 2 * FRAME
    return [
        coder.encode(stereo[at : at + step].tobytes(), FRAME) for at in range(0, len(stereo), step)
    ]


def decode(frames: Iterable[bytes | None]) -> Samples:
    """A mono sound at 48 kHz; None stands for a frame that was lost."""
    _load()
    coder = opus.Decoder()  # type: ignore[no-untyped-call]
    heard = [np.frombuffer(coder.decode(frame, fec=False), np.int16) for frame in frames]
    if not heard:
        return np.zeros(0, np.float32)
    stereo = np.concatenate(heard).astype(np.float32) / 32768
    mono: Samples = stereo.reshape(-1, 2).mean(axis=1)
    return mono


def tone(hertz: float, seconds: float, level: float = 0.3) -> Samples:
    """A sine at 48 kHz."""
    at = np.arange(int(seconds * RATE), dtype=np.float32) / RATE
    made: Samples = (level * np.sin(2 * np.pi * hertz * at)).astype(np.float32)
    return made


def pitch(samples: Samples) -> float:
    """The strongest frequency in a sound, hertz; 0 where there is none."""
    if len(samples) < FRAME or float(np.abs(samples).max()) < 1e-3:
        return 0.0
    loud = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(loud) * RATE / len(samples))


def _load() -> None:
    if not opus.is_loaded():
        assert opus._load_default(), "libopus is missing: apt-get install libopus0"


def joined(frames: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Several sounds, one after the other."""
    return [frame for part in frames for frame in part]
