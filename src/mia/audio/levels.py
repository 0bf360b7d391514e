"""How loud, and when: levels of a mono float32 channel, in frames of 10 ms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mia.conversation.ports import Samples

FRAME_SECONDS = 0.01
#: A frame is audible above this, and this far above the channel's own noise floor.
AUDIBLE_DBFS = -45.0
ABOVE_FLOOR_DB = 12.0
#: Sound lasts: of the 8 frames from an onset on, this many are audible; a click has fewer.
LASTING = 5
LASTING_OF = 8
#: Silence that separates two stretches of sound, seconds.
GAP_SECONDS = 0.2
#: Loudness of the loudest frame below which there is nobody in a recording, dBFS.
LEAST_VOICE = -55.0


def levels(channel: Samples, rate: int) -> npt.NDArray[np.float64]:
    """The level of each whole frame of 10 ms, in dBFS (full-scale RMS 1 is 0)."""
    size = int(rate * FRAME_SECONDS)
    frames = channel[: len(channel) // size * size].reshape(-1, size).astype(np.float64)
    power: npt.NDArray[np.float64] = (frames**2).mean(axis=1) if len(frames) else np.zeros(0)
    return 10 * np.log10(power + 1e-12)


def loudest_frame(channel: Samples, rate: int) -> float:
    """Level of the loudest frame in dBFS; -120 where there is none."""
    found = levels(channel, rate)
    return float(found.max()) if len(found) else -120.0


def audible(channel: Samples, rate: int) -> list[tuple[float, float]]:
    """(start, end) in seconds of every stretch of sound a listener would notice.

    Stretches less than `GAP_SECONDS` apart are one.
    """
    level = levels(channel, rate)
    if not len(level):
        return []
    floor = float(np.percentile(level, 20))
    loud = level > max(AUDIBLE_DBFS, floor + ABOVE_FLOOR_DB)
    lasting = np.convolve(np.append(loud, np.zeros(LASTING_OF - 1)), np.ones(LASTING_OF), "valid")
    stretches: list[list[int]] = []
    gap = round(GAP_SECONDS / FRAME_SECONDS)
    for frame in np.flatnonzero(loud):
        at = int(frame)
        if stretches and at - stretches[-1][1] < gap:
            stretches[-1][1] = at + 1
        elif lasting[at] >= LASTING:
            stretches.append([at, at + 1])
    return [(first * FRAME_SECONDS, end * FRAME_SECONDS) for first, end in stretches]
