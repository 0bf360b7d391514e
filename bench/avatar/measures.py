"""Numbers out of takes. Times in seconds; a negative offset is a mouth that leads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.avatar.room import Take
from mia.conversation.ports import PLAYING_RATE, Samples
from mia.telemetry import events as facts

GRID = 0.0025
#: What mouths follow of a sound: its loudness over about a syllable's third, both ways in time.
ENVELOPE_SPREAD = 0.03
FARTHEST = 0.2
CLOSED = 0.1
SHUT = 0.05
LONG_ENOUGH = 0.04


def envelope(sound: Samples) -> np.ndarray:
    """RMS of the sound on the grid, smoothed the same way forwards and backwards (no lag)."""
    size = round(PLAYING_RATE * GRID)
    power = np.mean(sound[: len(sound) // size * size].reshape(-1, size).astype(float) ** 2, axis=1)
    reach = round(4 * ENVELOPE_SPREAD / GRID)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * GRID / ENVELOPE_SPREAD) ** 2)
    smoothed: np.ndarray = np.sqrt(np.convolve(power, kernel / kernel.sum(), "same"))
    return smoothed


@dataclass(frozen=True, slots=True)
class Fit:
    """offset: of the mouth against the sound, at the best correlation; as_played: correlation at
    no shift."""

    offset: float
    as_played: float
    best: float


def replies(take: Take) -> list[tuple[float, float]]:
    """When each reply was audible."""
    begins = [event.at for event in take.of(facts.PlaybackStarted)]
    ends = [event.at for event in take.of(facts.ReplyEnded)]
    return list(zip(begins, ends, strict=True))


def fit(take: Take, begin: float, end: float) -> Fit:
    """Cross-correlation of mouth and loudness within [begin, end)."""
    loud = envelope(take.sound)
    times, opened = take.mouth()
    around = 0.25
    grid = np.arange(begin - around, end + around, GRID)
    mouth = np.interp(grid, times, opened)
    shifts = np.arange(-FARTHEST, FARTHEST + GRID / 2, GRID)
    # The hop's middle is half a step after its beginning.
    at = (np.arange(len(loud)) + 0.5) * GRID
    found = np.array(
        [np.corrcoef(mouth, np.interp(grid - shift, at, loud))[0, 1] for shift in shifts]
    )
    top = int(np.argmax(found))
    offset = float(shifts[top])
    if 0 < top < len(shifts) - 1:
        before, peak, after = found[top - 1 : top + 2]
        bend = before - 2 * peak + after
        offset += float(0.5 * (before - after) / bend) * GRID if bend else 0.0
    return Fit(offset, float(found[len(shifts) // 2]), float(found[top]))


def bilabials(take: Take) -> tuple[int, int, float]:
    """How many p, b and m of LONG_ENOUGH there were, in how many the lips met, and for what share
    of their time."""
    times, opened = take.mouth()
    begins = {e.reply: e.at for e in take.of(facts.PlaybackStarted)}
    count = met = 0
    shares: list[float] = []
    for event in take.of(facts.SegmentPlaced):
        for symbol, begin, finish in event.phonemes:
            if symbol[0] not in "pbm" or finish - begin < LONG_ENOUGH:
                continue
            start = begins[event.reply]
            inside = opened[(times >= start + begin) & (times < start + finish)]
            if not len(inside):
                continue
            count += 1
            met += bool(inside.min() <= CLOSED)
            shares.append(float(np.mean(inside <= CLOSED)))
    return count, met, float(np.mean(shares)) if shares else float("nan")


def turns_a_second(take: Take) -> float:
    """How often the mouth changes its direction while she speaks, a second."""
    times, opened = take.mouth()
    total = changes = 0.0
    for begin, end in replies(take):
        inside = opened[(times >= begin) & (times < end)]
        steps = np.diff(inside)
        steps = steps[np.abs(steps) > 1e-3]
        changes += np.count_nonzero(np.diff(np.sign(steps)))
        total += end - begin
    return changes / total


def still(take: Take) -> float:
    """Share of frames with a shut mouth (< 0.02) where nothing is heard within 0.15 s."""
    times, opened = take.mouth()
    quiet = np.ones(len(times), bool)
    for begin, end in replies(take):
        quiet &= (times < begin - 0.15) | (times > end + 0.15)
    return float(np.mean(opened[quiet] < 0.02))


def onset(take: Take) -> list[float]:
    """From the first audible sound (-40 dB of the loudest) of each reply to the mouth's first
    motion (> 0.05)."""
    loud = envelope(take.sound)
    times, opened = take.mouth()
    found = []
    for begin, end in replies(take):
        grid = np.arange(len(loud)) * GRID
        inside = (grid >= begin) & (grid < end)
        level = loud[inside]
        first = grid[inside][int(np.argmax(level > 0.02 * level.max()))]
        moved = times[(times >= begin - 0.2) & (times < end) & (opened > 0.05)]
        found.append(float(moved[0] - first))
    return found


def ks_log_normal(intervals: np.ndarray) -> tuple[float, float, float, float]:
    """Median and spread of the log-normal fitted to intervals; Kolmogorov and Smirnov's distance
    to it, and how likely a larger one would be (asymptotic)."""
    from math import erf, sqrt

    logs = np.sort(np.log(intervals))
    mean, spread = float(logs.mean()), float(logs.std())
    model = np.array([0.5 * (1 + erf((x - mean) / spread / sqrt(2))) for x in logs])
    n = len(logs)
    steps = np.arange(n + 1) / n
    distance = float(max(np.max(steps[1:] - model), np.max(model - steps[:-1])))
    x = (sqrt(n) + 0.12 + 0.11 / sqrt(n)) * distance
    likely = 2 * sum((-1) ** (k - 1) * np.exp(-2 * k * k * x * x) for k in range(1, 101))
    return float(np.exp(mean)), spread, distance, float(min(max(likely, 0.0), 1.0))


def first_sound(take: Take) -> float:
    """When the first reply began to be heard."""
    return take.of(facts.PlaybackStarted)[0].at


def word_heard(take: Take, reply: str, number: int) -> float:
    """When the `number`-th word (by spaces) of the newest reply was heard."""
    place = len(" ".join(reply.split(" ")[:number])) + bool(number)
    at = 0
    last = {event.sequence: event for event in take.of(facts.SegmentPlaced) if event.text}
    for clause, sequence in zip(reply.split("\n"), sorted(last), strict=True):
        if place < at + len(clause) + 1:
            words = last[sequence].words
            begin = next(word[2] for word in words if word[1] > place - at)
            return first_sound(take) + begin
        at += len(clause) + 1
    raise ValueError(f"there are not {number} words")
