"""The face's scorer, on mouths with a known answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.avatar import measures
from bench.avatar.room import RATE, Take
from mia.avatar.frame import Frame
from mia.conversation.ports import PLAYING_RATE
from mia.telemetry import events as facts

SECONDS = 6.0


def a_take(lead: float, *, lips: bool = False) -> Take:
    """Noise that swells and ebbs, and a mouth that does the same `lead` seconds sooner."""
    random = np.random.default_rng(1)
    time = np.arange(round((SECONDS + 1) * PLAYING_RATE)) / PLAYING_RATE

    def swell(at: np.ndarray) -> np.ndarray:
        wave = 0.5 + 0.3 * np.sin(2 * np.pi * 3.1 * at) + 0.2 * np.sin(2 * np.pi * 4.7 * at)
        return np.where((at > 1) & (at < SECONDS), np.maximum(wave, 0), 0)

    sound = (0.2 * swell(time) * random.standard_normal(len(time))).astype(np.float32)
    frames = []
    for number in range(round((SECONDS + 1) * RATE)):
        at = number / RATE
        opened = float(swell(np.array([at + lead]))[0])
        shut = lips and 2.0 <= at <= 2.1
        frames.append(Frame(at=at, mouth_open=0.0 if shut else opened))
    about: dict[str, Any] = {"conversation": "c", "turn": "t", "reply": "r"}
    begun = facts.PlaybackStarted(at=1.0, **about)
    ended = facts.ReplyEnded(at=SECONDS, text="", heard="", heard_ms=0, status="completed", **about)
    placed = facts.SegmentPlaced(
        at=0.9, sequence=0, text="m", begin=0, finish=5, phonemes=(("m", 1.0, 1.1),), **about
    )
    return Take(frames, [placed, begun, ended], sound)


@pytest.mark.parametrize("lead", [-0.08, 0.0, 0.03])
def test_a_mouth_that_leads_or_lags_is_measured_to_a_few_ms(lead: float) -> None:
    made = a_take(lead)
    found = measures.fit(made, *measures.replies(made)[0])
    assert found.offset == pytest.approx(-lead, abs=0.006)
    assert found.best > 0.9
    assert found.as_played <= found.best


@pytest.mark.parametrize("lips", [False, True])
def test_lips_that_meet_are_told_from_lips_that_do_not(lips: bool) -> None:
    count, met, share = measures.bilabials(a_take(0.0, lips=lips))
    assert (count, met) == (1, int(lips))
    assert (share > 0.9) == lips


@pytest.mark.parametrize(("kind", "fits"), [("log-normal", True), ("uniform", False)])
def test_log_normal_intervals_are_told_from_others(kind: str, fits: bool) -> None:
    random = np.random.default_rng(2)
    if kind == "uniform":
        intervals = random.uniform(1, 6, 900)
    else:
        intervals = random.lognormal(np.log(3.4), 0.6, 900)
    median, spread, _, likely = measures.ks_log_normal(intervals)
    assert (likely > 0.05) == fits
    if fits:
        assert median == pytest.approx(3.4, rel=0.05)
        assert spread == pytest.approx(0.6, rel=0.1)
