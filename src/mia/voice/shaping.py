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


#: How many seconds of voice the loudness of a voice is learned from; older ones count less.
LEARNED_SECONDS = 10.0


class Loudness:
    """How loud a voice is by itself, over its clauses: the beginning of one alone says little."""

    def __init__(self) -> None:
        self._power = 0.0
        self._seconds = 0.0

    def hear(self, power: float, seconds: float) -> float:
        """Take in a stretch of voice (mean square); the RMS of all that was heard."""
        all_seconds = self._seconds + seconds
        self._power += (power - self._power) * seconds / all_seconds
        self._seconds = min(all_seconds, LEARNED_SECONDS)
        return float(np.sqrt(self._power))


class Shaper:
    """Shapes one clause whose sound comes in parts: trims the silence around it, fades its ends,
    brings it to the common loudness.

    rate: samples a second. text: its last mark decides the pause that is left (or added) at the
    end. loudness: of the voice, where it is known over several clauses; None: each clause alone
    is brought to the common one.
    """

    def __init__(self, rate: int, text: str, loudness: Loudness | None = None) -> None:
        self.cut = 0.0
        """Seconds taken off the beginning."""
        self.begun = False
        """Whether there was voice."""
        self._rate = rate
        self._frame = max(int(rate * FRAME_SECONDS), 1)
        self._pause = int(rate * pause_after(text))
        self._loudness = loudness
        self._waiting: Samples = np.zeros(0, np.float32)
        """Silence in which the voice may yet have begun."""
        self._peak = 0.0
        """Loudness of the loudest frame so far."""
        self._gain = 1.0
        self._quiet = 0
        """Samples handed out since the last loud one."""

    def feed(self, samples: Samples, *, last: bool) -> Samples:
        """The next part, as much of it as is kept; with the last one, the pause after it.

        samples: mono float32 of any length, finite or not. A clause without any voice comes back
        empty.
        """
        samples = np.nan_to_num(np.asarray(samples, np.float32).ravel())
        first = not self.begun
        if first:
            samples = np.concatenate([self._waiting, samples])
        loudness = _loudness(samples, self._frame)
        self._peak = max(self._peak, float(loudness.max(initial=0.0)))
        if first:
            if self._peak < FLOOR:
                self._waiting = samples
                return np.zeros(0, np.float32)
            samples, loudness = self._begin(samples, loudness)
        loud = np.flatnonzero(loudness > max(FLOOR, self._peak * _ratio(ENDING_DB)))
        end = min((int(loud[-1]) + 1) * self._frame, len(samples)) if loud.size else 0
        quiet = 0 if loud.size else self._quiet
        until = end + max(self._pause - quiet, 0) if last else len(samples)
        self._quiet = quiet + until - end
        out = np.zeros(until, np.float32)
        kept = samples[:until]
        out[: len(kept)] = kept
        out *= self._gains(out, ramp=not first)
        np.clip(out, -1, 1, out=out)
        if first:
            count = min(int(self._rate * FADE_IN_SECONDS), len(out))
            out[:count] *= np.linspace(0, 1, count, dtype=np.float32)
        if last:
            count = min(int(self._rate * FADE_OUT_SECONDS), len(out))
            out[len(out) - count :] *= np.linspace(1, 0, count, dtype=np.float32)
        return out

    def _begin(self, samples: Samples, loudness: Samples) -> tuple[Samples, Samples]:
        """Without the silence before the voice; the gain is known then."""
        self.begun = True
        begin = int(np.argmax(loudness > max(FLOOR, self._peak * _ratio(BEGINNING_DB))))
        skipped = begin * self._frame
        at = max(skipped - int(self._rate * LEAD_SECONDS), 0)
        self.cut = at / self._rate
        voiced = loudness[loudness > self._peak * _ratio(-30.0)]
        power = float(np.mean(voiced**2))
        rms = float(np.sqrt(power))
        if self._loudness is not None:
            rms = self._loudness.hear(power, len(voiced) * FRAME_SECONDS)
        self._gain = min(max(LEVEL / rms, LEAST_GAIN), MOST_GAIN)
        return samples[at:], _loudness(samples[at:], self._frame)

    def _gains(self, samples: Samples, *, ramp: bool) -> Samples:
        """The gain of each sample: lower from here on where it would be clipped."""
        before = self._gain
        peak = float(np.abs(samples).max(initial=0.0))
        if peak * before > HIGHEST_PEAK:
            self._gain = HIGHEST_PEAK / peak
        gains = np.full(len(samples), self._gain, np.float32)
        if ramp:
            count = min(int(self._rate * FADE_IN_SECONDS), len(gains))
            gains[:count] = np.linspace(before, self._gain, count, dtype=np.float32)
        return gains


@dataclass(frozen=True, slots=True)
class Shaped:
    """samples: trimmed sound. cut: seconds taken off its beginning."""

    samples: Samples
    cut: float


def shape(samples: Samples, rate: int, text: str) -> Shaped:
    """A clause whose sound is all there."""
    shaper = Shaper(rate, text)
    return Shaped(shaper.feed(samples, last=True), shaper.cut)


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
