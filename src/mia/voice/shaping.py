"""The sound of a clause, ready to be joined with its neighbours: trimmed, faded, levelled.

Voices begin with up to a third of a second of silence, which the listener would wait for, and
end with as much, which makes stumbles between clauses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mia.conversation.ports import Samples

#: Frames of this length are voiced when they are within so many dB of the loudest one. The end
#: has a lower limit: endings die away, beginnings do not.
FRAME_SECONDS = 0.005
BEGINNING_DB = -38.0
ENDING_DB = -44.0
#: Below this (-66 dBFS) nothing is voice, whatever the loudest frame is.
FLOOR = 5e-4

LEAD_SECONDS = 0.01
FADE_IN_SECONDS = 0.005
FADE_OUT_SECONDS = 0.01
#: Silence after the last voiced sample, by the mark the text ends with.
PAUSE_SECONDS = {
    ",": 0.09, ";": 0.12, ":": 0.12, "—": 0.12,
    ".": 0.19, "!": 0.19, "?": 0.2, "…": 0.24,
}  # fmt: skip
NO_MARK_SECONDS = 0.03

#: Loudness all voices are brought to (RMS of the voiced frames, about -20 dBFS), and the limits
#: within which that is done, so that a whisper stays one and nothing is clipped.
LEVEL = 0.1
LEAST_GAIN, MOST_GAIN = 0.15, 4.0
HIGHEST_PEAK = 0.97


@dataclass(frozen=True, slots=True)
class Shaped:
    """samples: trimmed sound. cut: seconds taken off its beginning."""

    samples: Samples
    cut: float


def shape(samples: Samples, rate: int, text: str) -> Shaped:
    """Trim the silence around a clause, fade its ends, bring it to the common loudness.

    samples: mono float32 of any length, finite or not. text: its last mark decides the pause that
    is left (or added) at the end. A clause without any voice comes back empty.
    """
    samples = np.nan_to_num(np.asarray(samples, np.float32).ravel())
    frame = max(int(rate * FRAME_SECONDS), 1)
    loudness = _loudness(samples, frame)
    if not loudness.size or loudness.max() < FLOOR:
        return Shaped(np.zeros(0, np.float32), 0.0)
    peak = float(loudness.max())
    begin = int(np.argmax(loudness > max(FLOOR, peak * _ratio(BEGINNING_DB)))) * frame
    loud = np.flatnonzero(loudness > max(FLOOR, peak * _ratio(ENDING_DB)))
    end = min((int(loud[-1]) + 1) * frame, len(samples))
    begin = max(begin - int(rate * LEAD_SECONDS), 0)
    until = end + int(rate * pause_after(text))
    out = np.zeros(until - begin, np.float32)
    kept = samples[begin:until]
    out[: len(kept)] = kept
    out *= _gain(loudness[loudness > peak * _ratio(-30.0)], float(np.abs(kept).max()))
    fade_in = min(int(rate * FADE_IN_SECONDS), len(out))
    fade_out = min(int(rate * FADE_OUT_SECONDS), len(out))
    out[:fade_in] *= np.linspace(0, 1, fade_in, dtype=np.float32)
    out[len(out) - fade_out :] *= np.linspace(1, 0, fade_out, dtype=np.float32)
    return Shaped(out, begin / rate)


def pause_after(text: str) -> float:
    """Seconds of silence after a clause, by the mark it ends with."""
    bare = text.rstrip().rstrip("\"'”’»)]")
    return PAUSE_SECONDS.get(bare[-1:], NO_MARK_SECONDS)


def _loudness(samples: Samples, frame: int) -> Samples:
    """RMS of each whole or last frame."""
    count = -(-len(samples) // frame)
    padded = np.zeros(count * frame, np.float32)
    padded[: len(samples)] = samples
    rms: Samples = np.sqrt(np.mean(padded.reshape(count, frame) ** 2, axis=1)).astype(np.float32)
    return rms


def _ratio(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def _gain(voiced: Samples, peak: float) -> float:
    wanted = LEVEL / float(np.sqrt(np.mean(voiced**2)))
    return min(max(wanted, LEAST_GAIN), MOST_GAIN, HIGHEST_PEAK / peak)
