"""The turn detector's slot: asked at the lull, adopted at the gap, the newest question only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np

from mia.conversation.recognition import Judge, Judgement
from tests.support import virtual
from tests.support.fakes import FakeTurnDetector

SOUND = np.zeros(1600, np.float32)


def told(script: Callable[[Judge], Awaitable[None]]) -> list[tuple[int, float, float]]:
    """(revision, score, loop time) of each judgement that was told."""
    found: list[tuple[int, float, float]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        judge = Judge(
            FakeTurnDetector(score=0.7, takes=0.1),
            lambda revision, score: found.append((revision, score, round(loop.time(), 3))),
            lambda _error: None,
        )
        task = asyncio.create_task(judge.run())
        await script(judge)
        await asyncio.sleep(1)
        task.cancel()

    virtual.run(main())
    return found


def test_what_was_judged_at_the_lull_is_known_at_the_gap() -> None:
    async def script(judge: Judge) -> None:
        judge.ask(Judgement(1600, SOUND))
        await asyncio.sleep(0.3)
        assert judge.adopt(1500, 4)

    assert told(script) == [(4, 0.7, 0.3)]


def test_what_is_still_being_judged_at_the_gap_is_told_when_it_is_done() -> None:
    async def script(judge: Judge) -> None:
        judge.ask(Judgement(1600, SOUND))
        await asyncio.sleep(0.05)
        assert judge.adopt(1600, 4)

    assert told(script) == [(4, 0.7, 0.1)]


def test_words_said_after_the_lull_are_judged_anew() -> None:
    async def script(judge: Judge) -> None:
        judge.ask(Judgement(1600, SOUND))
        await asyncio.sleep(0.3)
        assert not judge.adopt(3200, 5)
        judge.ask(Judgement(3200, SOUND, 5))

    assert told(script) == [(5, 0.7, 0.4)]


def test_a_judgement_that_became_no_guess_is_told_nobody() -> None:
    async def script(judge: Judge) -> None:
        judge.ask(Judgement(1600, SOUND))

    assert told(script) == []
