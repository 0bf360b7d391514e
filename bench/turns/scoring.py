"""What a tape says: latencies, false starts, missed replies, ducking and silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from mia.audio.levels import audible
from mia.conversation.ports import Samples

#: A channel is down when it is this much quieter than it was, dB.
DUCKED_BY = 12.0
#: … back when it is no more than this below what it was, dB …
BACK_WITHIN = 3.0
#: … and silent below this, dBFS, for as long as SILENT_FOR, seconds.
SILENT = -60.0
SILENT_FOR = 0.1
#: Shorter falls than this are a sound card that was late, not somebody who gives way.
DROPOUT = 0.05
#: Levels over MIA's sound are taken every millisecond, over this many seconds.
WINDOW = 0.005
HOP = 0.001


@dataclass(frozen=True, slots=True)
class Answer:
    """What followed one utterance. latency: seconds from its last sample to the first audible one
    of the answer, None where there was none."""

    file: str
    latency: float | None
    false_start: bool

    @property
    def missed(self) -> bool:
        """Nothing at all was answered; who cut in and went on has at least answered."""
        return self.latency is None and not self.false_start


def answers(path: Path, spoken: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """An entry for each utterance of a stereo tape. Raises OSError."""
    sound, rate = soundfile.read(path, dtype="float32")
    return answers_on(sound[:, 1], rate, spoken)


def answers_on(right: Samples, rate: int, spoken: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The same, of the assistant's channel alone.

    A false start is sound that begins while the user is speaking; sound that began before counts
    for the utterance it began in.
    """
    onsets = [begin for begin, _ in audible(right, rate)]
    ends = [*(line["start"] for line in spoken[1:]), float("inf")]
    found = []
    for line, until in zip(spoken, ends, strict=True):
        mine = [at for at in onsets if line["start"] <= at < until]
        after = [at - line["end"] for at in mine if at >= line["end"]]
        early = any(at < line["end"] for at in mine)
        found.append(Answer(line["file"], after[0] if after else None, early))
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """NaN where there is nothing."""
    return float(np.percentile(values, share)) if len(values) else float("nan")


@dataclass(frozen=True, slots=True)
class Loudness:
    """The level of a stretch of sound, millisecond by millisecond, in dBFS.

    The level at a moment is that of the WINDOW seconds that begin there, so a fall is dated to
    the first sample of the quieter sound.
    """

    level: np.ndarray

    @classmethod
    def of(cls, channel: Samples, rate: int) -> Loudness:
        hop, size = int(rate * HOP), int(rate * WINDOW)
        power = np.concatenate([[0.0], np.cumsum(channel.astype(np.float64) ** 2)])
        starts = np.arange(0, max(0, len(channel) - size), hop)
        mean = (power[starts + size] - power[starts]) / size
        return cls(10 * np.log10(mean + 1e-12))

    def before(self, at: float) -> float:
        """The level until `at`: the middle one of the 300 ms before."""
        index = round(at / HOP)
        return percentile(list(self.level[max(0, index - 300) : index]), 50)

    def ducked(self, onset: float) -> float | None:
        """The first moment from `onset` on from which the level is DUCKED_BY below what it was,
        and does not come back before she is silent: a hole in the sound is no ducking."""
        quiet = self.level <= self.before(onset) - DUCKED_BY
        silent = self.silent(onset)
        if silent is None:
            return _first(quiet, onset)
        first = round(onset / HOP)
        loud = np.flatnonzero(~quiet[first : round(silent / HOP)])
        return onset + float(loud[-1] + 1) * HOP if len(loud) else onset

    def silent(self, onset: float) -> float | None:
        """The first moment from `onset` on from which there is silence for SILENT_FOR."""
        quiet = self.level < SILENT
        lasting = round(SILENT_FOR / HOP)
        run = np.convolve(quiet, np.ones(lasting), "full")[lasting - 1 :] >= lasting
        return _first(run, onset)

    def low(self, onset: float, until: float) -> list[tuple[float, float]]:
        """(begin, end) of each stretch from `onset` to `until` in which she is not at the level
        of before; what is shorter than DROPOUT is an underrun, and counted as such elsewhere."""
        first, end = round(onset / HOP), round(until / HOP)
        quiet = self.level[first:end] < self.before(onset) - BACK_WITHIN
        edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
        pairs = edges.reshape(-1, 2) * HOP + onset
        return [(float(a), float(b)) for a, b in pairs if b - a >= DROPOUT]

    def gap(self, onset: float, end: float, until: float) -> float:
        """Seconds from `end` until she is at full level for good; 0 when she was by then."""
        low = self.low(onset, until)
        return max(0.0, low[-1][1] - end) if low else 0.0


def _first(mask: np.ndarray, since: float) -> float | None:
    index = round(since / HOP)
    found = np.flatnonzero(mask[index:])
    return since + float(found[0]) * HOP if len(found) else None
