"""Twenty simulated minutes of talk: nothing grows, nothing drifts, nothing understood is lost."""

from __future__ import annotations

import pytest

from bench.long import simulated
from bench.long.report import leaks
from bench.long.simulated import Hours
from bench.long.slopes import Slope, slope

MINUTES = 20


@pytest.fixture(scope="module")
def talked(tmp_path_factory: pytest.TempPathFactory) -> Hours:
    with pytest.MonkeyPatch.context() as patch:
        # Small enough that twenty minutes fill it several times.
        patch.setattr(simulated, "LOG_BYTES", 50_000)
        return simulated.simulate(MINUTES / 60, tmp_path_factory.mktemp("long"))


@pytest.mark.parametrize("what", ["tasks", "threads", "files", "sockets"])
def test_no_task_thread_file_or_socket_is_left_behind(talked: Hours, what: str) -> None:
    held = [row[what] for _, row in talked.counts]
    assert len(held) >= 4
    assert set(held[1:]) == {held[1]}


def test_every_turn_is_answered_and_nothing_understood_is_lost(talked: Hours) -> None:
    assert talked.turns > 40
    assert talked.answered + talked.interrupted >= talked.turns
    assert talked.lost == 0


def test_the_mouth_stays_with_the_sound(talked: Hours) -> None:
    lags = [lag for _, lag in talked.offsets]
    assert len(lags) >= 4
    assert max(lags) - min(lags) <= 0.0025
    assert all(-0.03 <= lag <= 0.01 for lag in lags)


def test_the_log_is_rotated(talked: Hours) -> None:
    assert talked.log_files == 4
    assert talked.log_bytes <= 4 * 50_000


def test_a_leak_is_told_from_noise() -> None:
    times = [number * 15.0 for number in range(240)]
    flat = slope(times, [10.0 + number % 3 for number in range(240)])
    steep = slope(times, [10.0 + number // 40 for number in range(240)])
    assert not flat.grows
    assert steep.grows
    assert steep.an_hour == pytest.approx(6, abs=0.5)
    still = Slope(0.0, 0.0, 10, 10, 240)
    assert leaks({"files": still, "tasks": steep, "sockets": flat}) == ["tasks"]
