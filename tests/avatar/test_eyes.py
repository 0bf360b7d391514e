"""Lids, gaze, head and breath: alive within human bounds, and the same again with the same seed."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from mia.avatar.body import Breath, Head
from mia.avatar.eyes import Attention, Gaze, Lids

HOUR = 3600.0


def an_hour(attention: Attention, seed: int = 3) -> Lids:
    lids = Lids(Random(seed), 0.0)
    lids.blinks = type(lids.blinks)(maxlen=10_000)
    lids.attend(0.0, attention)
    lids.shut(HOUR)
    return lids


@pytest.mark.parametrize(
    ("attention", "least", "most"),
    [("idle", 12, 20), ("listening", 12, 20), ("speaking", 18, 30), ("thinking", 5, 14)],
)
def test_she_blinks_as_often_as_people_do(attention: Attention, least: int, most: int) -> None:
    assert least < len(an_hour(attention).blinks) / 60 < most


def test_intervals_are_skewed_and_some_blinks_come_twice() -> None:
    begins = np.array([blink.begin for blink in an_hour("idle").blinks])
    intervals = np.diff(begins)
    double = intervals < 0.5
    assert 0.05 < double.mean() < 0.15
    assert intervals.min() > 0.3
    logs = np.log(intervals[~double])
    assert np.exp(logs.mean()) == pytest.approx(3.4, rel=0.1)
    skew = np.mean(((logs - logs.mean()) / logs.std()) ** 3)
    assert abs(skew) < 0.3, "symmetric in the logarithm"
    assert np.mean(intervals[~double]) > np.median(intervals[~double]) * 1.1


def test_a_blink_shuts_faster_than_it_opens() -> None:
    for blink in list(an_hour("idle").blinks)[:50]:
        assert 0.15 <= blink.end - blink.begin <= 0.25
        assert blink.shutting < blink.opening
        assert blink.depth(blink.begin + blink.shutting + blink.shut / 2) == 1
        assert blink.depth(blink.end) == 0


def test_the_same_seed_gives_the_same_hour() -> None:
    def begins(seed: int) -> list[float]:
        return [blink.begin for blink in an_hour("speaking", seed).blinks]

    assert begins(1) == begins(1)
    assert begins(1) != begins(2)


def test_how_often_one_looks_changes_nothing() -> None:
    seldom, often = Lids(Random(5), 0.0), Lids(Random(5), 0.0)
    for step in range(6000):
        often.shut(step / 100)
    seldom.shut(60.0)
    assert [b.begin for b in seldom.blinks] == [b.begin for b in often.blinks]


def test_the_eyes_come_back_to_the_viewer() -> None:
    gaze = Gaze(Random(1), 0.0)
    gaze.glances = type(gaze.glances)(maxlen=10_000)
    looks = [gaze.at(at / 10) for at in range(6000)]
    away = [max(abs(x), abs(y)) > 0.1 for x, y in looks]
    assert 0.05 < np.mean(away) < 0.4
    longest = max(len(run) for run in "".join("x" if a else " " for a in away).split())
    assert longest < 40, "never for more than four seconds"


def test_in_thought_the_eyes_are_elsewhere() -> None:
    gaze = Gaze(Random(1), 0.0)
    gaze.attend(10.0, "thinking", 0.35)
    assert gaze.at(10.3)[1] < 0.2, "a moment's thought does not show"
    assert gaze.at(11.0)[1] > 0.1


def test_the_head_follows_the_eyes_later_and_slower() -> None:
    gaze = Gaze(Random(2), 0.0)
    first = next(at for at in np.arange(0, 60, 0.01) if abs(gaze.at(at)[0]) > 0.1)
    assert abs(gaze.head(first)[0]) < 0.05
    assert abs(gaze.head(first + 0.4)[0]) > 0.05


def test_the_head_is_never_still_and_never_far() -> None:
    head = Head(Random(1))
    poses = np.array([head.at(at / 20, 0.0, (0.0, 0.0)) for at in range(20 * 120)])
    moved = np.abs(np.diff(poses[:, :3], axis=0)) * 20
    assert (moved.max(axis=0) < 15).all(), "degrees a second"
    assert (poses[:, :3].std(axis=0) > 0.3).all()
    assert (np.abs(poses[:, :3]) < 5).all()


def test_she_nods_with_what_she_stresses_and_when_spoken_to() -> None:
    head = Head(Random(1))
    assert head.at(5.0, 0.9, (0, 0))[1] < head.at(5.0, 0.3, (0, 0))[1] - 1
    before = head.at(8.2, 0.0, (0, 0))[1]
    head.nod(8.0)
    assert head.at(8.2, 0.0, (0, 0))[1] < before - 2


def test_she_breathes_fourteen_times_a_minute() -> None:
    breath = Breath(Random(1))
    air = np.array([breath.at(at / 20) for at in range(20 * 60)])
    assert air.min() >= 0
    assert air.max() <= 1
    tops = np.count_nonzero((air[1:-1] > air[:-2]) & (air[1:-1] >= air[2:]))
    assert 13 <= tops <= 15


def test_air_that_was_drawn_to_speak_is_held_until_she_does() -> None:
    breath = Breath(Random(1))
    breath.draw(10.0)
    assert breath.at(10.5) == pytest.approx(1.0)
    assert breath.at(13.0) == pytest.approx(1.0)
    breath.let_go(13.0)
    assert min(breath.at(at) for at in np.arange(15, 20, 0.1)) < 0.1
