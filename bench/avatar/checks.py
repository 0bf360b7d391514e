"""What is asked of the face, each with its target (issue 4), as checks with a number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.avatar import measures
from bench.avatar.room import RATE, Take, take
from bench.avatar.voices import Reading
from mia.avatar.eyes import Attention
from mia.avatar.face import LiveFace
from mia.conversation.tuning import DEFAULT
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus, Phase

MINUTES = 10
HOUR = 3600.0
#: What a second's blinks are looked for at.
LOOKS = 30.0
STATES: dict[Attention, Phase] = {
    "idle": "idle",
    "listening": "listening",
    "speaking": "speaking",
    "thinking": "committed",
}
#: Blinks a minute: well within Doughty's (2001) 95 % ranges for primary gaze (8 … 21) and
#: conversation (10.5 … 32.5); fewer in thought, as in reading (Bentivoglio and others, 1997).
HUMAN = {"idle": (12, 20), "listening": (12, 20), "speaking": (18, 30), "thinking": (4, 14)}


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    found: str
    target: str
    kept: bool


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


@dataclass(frozen=True, slots=True)
class Sync:
    """How one way of making the mouth fits one voice."""

    label: str
    fits: Sequence[measures.Fit]
    turns: float
    still: float
    onset: float
    cpu: float

    def row(self) -> str:
        offsets = [fit.offset for fit in self.fits]
        low, mid, high = np.percentile(offsets, [5, 50, 95]) * 1000
        corr = np.median([fit.as_played for fit in self.fits])
        return (
            f"| {self.label} | {len(offsets)} | {mid:.0f} ({low:.0f} … {high:.0f}) | {corr:.2f} | "
            f"{self.turns:.1f} | {self.onset * 1000:.0f} | {self.still:.1%} | {self.cpu:.2%} |"
        )


SYNC_HEAD = (
    "| voice, what it tells | replies | offset ms, median (p5 … p95) | correlation as played | "
    "turns/s | onset → motion ms | shut in silence | CPU of a core |\n" + "|---" * 8 + "|"
)


def synced(label: str, made: Take) -> Sync:
    fits = [measures.fit(made, begin, end) for begin, end in measures.replies(made)]
    return Sync(
        label,
        fits,
        measures.turns_a_second(made),
        measures.still(made),
        float(np.median(measures.onset(made))),
        made.cpu / (len(made.frames) / RATE),
    )


def mouth(told: Sequence[Sync]) -> Iterator[Check]:
    """told: of voices that tell phonemes or words, by default settings."""
    offsets = np.array([fit.offset for one in told for fit in one.fits])
    low, mid, high = np.percentile(offsets, [5, 50, 95])
    yield Check(
        f"mouth − sound, median of {len(offsets)} replies",
        ms(mid),
        "−40 … 0 ms",
        -0.04 <= mid <= 0,
    )
    yield Check(
        "…, p5 and p95",
        f"{ms(low)}, {ms(high)}",
        "−60 … +15 ms",
        low >= -0.06 and high <= 0.015,
    )
    corr = float(np.median([fit.as_played for one in told for fit in one.fits]))
    yield Check("correlation with the loudness, as played", f"{corr:.2f}", "≥ 0.85", corr >= 0.85)
    turns = float(np.mean([one.turns for one in told]))
    yield Check("changes of direction while speaking", f"{turns:.1f}/s", "≤ 12/s", turns <= 12)
    still = min(one.still for one in told)
    yield Check("shut (< 0.02) in silence", f"{still:.1%} of frames", "≥ 99 %", still >= 0.99)
    onset = float(np.median([one.onset for one in told]))
    yield Check("first sound → first motion", ms(onset), "≤ 50 ms", onset <= 0.05)
    cpu = max(one.cpu for one in told)
    yield Check(
        "frames and facts at 60 Hz, worst voice", f"{cpu:.1%} of a core", "≤ 5 %", cpu <= 0.05
    )


def lips(takes: Sequence[Take]) -> Iterator[Check]:
    counted = [measures.bilabials(made) for made in takes]
    count = sum(n for n, _, _ in counted)
    met = sum(m for _, m, _ in counted) / count
    time = sum(n * share for n, _, share in counted) / count
    yield Check(
        f"lips meet (≤ 0.1) on p, b, m of ≥ 40 ms ({count})", f"{met:.0%}", "≥ 90 %", met >= 0.9
    )
    yield Check("…, share of their time", f"{time:.0%}", "≥ 90 %", time >= 0.9)


def drift(reading: Reading) -> Iterator[Check]:
    """One reply of ten minutes: its first minute against its last."""
    clauses = [clause for reply in reading.replies["plain"] for clause in reply.split("\n")]
    one = sum(
        len(sound.samples) / sound.rate for sounds in reading.spoken.values() for sound in sounds
    )
    rounds = math.ceil(MINUTES * 60 / (one / 2)) + 1
    tuning = replace(DEFAULT, longest_reply=10**9)
    made = take(reading, ["\n".join(clauses * rounds)], until=MINUTES * 60 + 5, tuning=tuning)
    begin = measures.first_sound(made)
    first = measures.fit(made, begin, begin + 60).offset
    last = measures.fit(made, begin + MINUTES * 60 - 65, begin + MINUTES * 60 - 5).offset
    apart = abs(last - first)
    yield Check(f"drift in {MINUTES} minutes", f"{apart * 1000:.1f} ms", "≤ 5 ms", apart <= 0.005)


def barge_in(reading: Reading) -> Iterator[Check]:
    """The user begins to speak at ten moments of a reply."""
    reply = "\n".join(reading.replies["plain"])
    took = []
    for moment in np.arange(2.0, 4.0, 0.2):
        voices = ((float(moment), float(moment) + 3.0),)
        made = take(reading, [reply], voices=voices, until=float(moment) + 2.5)
        gone = made.of(facts.Paused)[0].at
        times, opened = made.mouth()
        late = times[(times >= gone) & (opened >= measures.SHUT)]
        took.append(float(late[-1]) + 1 / RATE - gone if len(late) else 0.0)
    worst = max(took)
    yield Check("barge-in: sound gone → shut, worst of 10", ms(worst), "≤ 120 ms", worst <= 0.12)


def cues(reading: Reading) -> Iterator[Check]:
    """A tag at a word in the middle of each reply."""
    names = ("joy", "sad", "angry", "surprised", "thinking", "shy")
    late: list[float] = []
    for name, reply in zip(names, reading.replies["plain"], strict=False):
        words = reply.split(" ")
        at = len(words) // 2
        tagged = " ".join((*words[:at], f"[{name}]", *words[at:]))
        made = take(reading, [tagged])
        due = measures.word_heard(made, reply, at)
        shown = [frame.at for frame in made.frames if frame.expressions.get(name, 0) > 0]
        late.append(shown[0] - due if shown else math.inf)
    worst = max(late, key=abs)
    yield Check(f"tag → look, worst of {len(late)}", ms(worst) if math.isfinite(worst) else "never",
                "within 100 ms", abs(worst) <= 0.1)  # fmt: skip


def blinks() -> Iterator[Check]:
    for state, phase in STATES.items():
        begins = np.array(_hour(phase))
        intervals = np.diff(begins)
        rate = len(begins) / (HOUR / 60)
        low, high = HUMAN[state]
        yield Check(f"blinks, {state}", f"{rate:.1f}/min", f"{low} … {high}", low <= rate <= high)
        single = intervals[intervals > 0.5]
        median, spread, distance, likely = measures.ks_log_normal(single)
        yield Check(
            f"…, intervals against a log-normal (median {median:.1f} s, σ {spread:.2f})",
            f"KS {distance:.3f}, p {likely:.2f}",
            "p > 0.05",
            likely > 0.05,
        )
        least = float(intervals.min())
        yield Check("…, shortest interval", f"{least:.2f} s", "≥ 0.3 s", least >= 0.3)


def _hour(phase: Phase) -> list[float]:
    """When the eyes shut in an hour of one phase, as an output sees it."""
    now = [0.0]
    bus = EventBus()
    face = LiveFace(bus, lambda: None, seed=7, conversation="c", clock=lambda: now[0])
    bus.publish(facts.PhaseChanged(at=0.0, conversation="c", phase=phase, before="idle"))
    shut, begins = False, []
    for number in range(int(HOUR * LOOKS)):
        now[0] = number / LOOKS
        frame = face.frame(now[0])
        if frame.eye_open_left < 0.5 and not shut:
            begins.append(now[0])
        shut = frame.eye_open_left < 0.5
    face.close()
    return begins
