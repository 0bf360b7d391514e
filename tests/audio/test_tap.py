"""The tap puts both sides on one clock; levels are read off it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mia.audio.levels import audible, loudest_frame
from mia.audio.tap import Tap
from mia.conversation.ports import HEARING_RATE, PLAYING_RATE


def noise(seconds: float, rate: int, level: float = 0.1) -> np.ndarray:
    samples = np.random.default_rng(0).normal(0, level, int(seconds * rate))
    return samples.astype(np.float32)


def test_an_answer_is_found_where_it_was_played(tmp_path: Path) -> None:
    tap = Tap()
    tap.user(noise(1.0, HEARING_RATE))
    tap.user(np.zeros(2 * HEARING_RATE, np.float32))
    tap.mia(1.7, noise(0.6, PLAYING_RATE))
    tap.write(tmp_path / "tap.wav")
    both, rate = soundfile.read(tmp_path / "tap.wav", dtype="float32")
    assert rate == HEARING_RATE
    (user,) = audible(both[:, 0], rate)
    (mia,) = audible(both[:, 1], rate)
    assert user == pytest.approx((0.0, 1.0), abs=0.02)
    assert mia == pytest.approx((1.7, 2.3), abs=0.02)


def test_blocks_that_come_early_follow_each_other() -> None:
    tap = Tap()
    tap.mia(1.0, np.ones(PLAYING_RATE, np.float32))
    tap.mia(1.1, np.ones(PLAYING_RATE, np.float32))
    assert tap.played_until == pytest.approx(3.0)


def test_what_is_hushed_was_never_heard() -> None:
    tap = Tap()
    tap.mia(1.0, np.full(2 * PLAYING_RATE, 0.5, np.float32))
    tap.hush(1.5)
    _, right = tap.channels()
    assert np.abs(right[: int(1.45 * HEARING_RATE)]).max() > 0.4
    assert len(right) <= 1.5 * HEARING_RATE + 1


def test_what_becomes_softer_is_what_was_not_heard_yet() -> None:
    tap = Tap()
    block = np.full(PLAYING_RATE, 0.5, np.float32)
    tap.mia(1.0, block)
    tap.mia(1.1, block)
    tap.scale(1.5, 0.25)
    _, right = tap.channels()
    assert right[int(1.4 * HEARING_RATE)] == pytest.approx(0.5, abs=0.01)
    assert right[int(1.6 * HEARING_RATE)] == pytest.approx(0.125, abs=0.01)
    assert right[int(2.5 * HEARING_RATE)] == pytest.approx(0.125, abs=0.01)
    assert block[-1] == 0.5


def test_a_click_is_not_a_beginning() -> None:
    rate = HEARING_RATE
    channel = np.zeros(3 * rate, np.float32)
    channel[rate : rate + rate // 100] = 0.5
    channel[2 * rate : 2 * rate + rate // 2] = noise(0.5, rate)
    stretches = audible(channel, rate)
    assert [round(start, 1) for start, _ in stretches] == [2.0]


def test_levels_are_in_decibels_of_full_scale() -> None:
    assert loudest_frame(np.full(1600, 0.1, np.float32), 16_000) == pytest.approx(-20, abs=0.1)
    assert loudest_frame(np.zeros(0, np.float32), 16_000) == -120
