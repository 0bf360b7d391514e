"""How many threads: the quickest of a few, tried once on each machine and for each model."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from mia.hearing import quickest as module
from mia.hearing.quickest import quickest


class Trials:
    """Seconds by number of threads, and which were tried."""

    def __init__(self, took: dict[int, float]) -> None:
        self.took = took
        self.tried: list[int] = []

    async def __call__(self, threads: int) -> float:
        self.tried.append(threads)
        return self.took[threads]


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)


def ask(model: str, path: Path, trials: Trials) -> int:
    return asyncio.run(quickest(model, path, trials))


@pytest.mark.parametrize(
    ("took", "best", "tried"),
    [
        ({1: 0.15, 2: 0.24, 4: 0.1}, 1, [1, 2]),  # slower with more: no further ones are tried
        ({1: 0.3, 2: 0.2, 4: 0.25}, 2, [1, 2, 4]),
        ({1: 0.3, 2: 0.2, 4: 0.1}, 4, [1, 2, 4]),
    ],
)
def test_the_quickest_number_is_used(
    tmp_path: Path, took: dict[int, float], best: int, tried: list[int]
) -> None:
    trials = Trials(took)
    assert ask("base", tmp_path / "threads.json", trials) == best
    assert trials.tried == tried


def test_it_is_tried_once_for_each_model_and_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = Trials({1: 0.1, 2: 0.2, 4: 0.3})
    path = tmp_path / "new" / "threads.json"
    for model in ("base", "base", "small"):
        ask(model, path, trials)
    assert trials.tried == [1, 2, 1, 2]
    monkeypatch.setattr(module, "machine", lambda: "another")
    ask("base", path, trials)
    assert trials.tried == [1, 2, 1, 2, 1, 2]


def test_a_damaged_memory_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "threads.json"
    path.write_text('{"base', "utf-8")
    assert ask("base", path, Trials({1: 0.2, 2: 0.1, 4: 0.3})) == 2
    assert ask("base", tmp_path, Trials({1: 0.1, 2: 0.2, 4: 0.3})) == 1  # a folder: not writable


def test_a_single_core_needs_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    trials = Trials({})
    assert ask("base", tmp_path / "threads.json", trials) == 1
    assert not trials.tried
