"""Who may use the processor next."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from mia.conversation.cores import (
    AT_ONCE,
    BACKGROUND,
    FINAL_STT,
    FIRST_CLAUSE,
    LATER_CLAUSE,
    SPECULATION,
    WRITING,
    Cores,
)
from tests.support import virtual


def order(*work: tuple[float, int, float]) -> list[tuple[int, float]]:
    """(arrives at, rank, takes seconds) of each piece of work; its rank and when it began."""
    begun: list[tuple[int, float]] = []

    async def one(cores: Cores, arrives: float, rank: int, takes: float) -> None:
        await asyncio.sleep(arrives)
        async with cores.claim(rank):
            begun.append((rank, asyncio.get_running_loop().time()))
            await asyncio.sleep(takes)

    async def main() -> None:
        cores = Cores()
        async with asyncio.TaskGroup() as group:
            for arrives, rank, takes in work:
                group.create_task(one(cores, arrives, rank, takes))

    virtual.run(main())
    return begun


def test_what_is_more_important_begins_beside_what_runs() -> None:
    begun = order((0, SPECULATION, 2), (1, FIRST_CLAUSE, 1))
    assert begun == [(SPECULATION, 0), (FIRST_CLAUSE, 1)]


def test_what_is_less_important_waits() -> None:
    begun = order((0, FIRST_CLAUSE, 2), (1, LATER_CLAUSE, 1), (1, FINAL_STT, 1))
    assert begun == [(FIRST_CLAUSE, 0), (FINAL_STT, 2), (LATER_CLAUSE, 3)]


def test_others_work_beside_the_mind() -> None:
    begun = order((0, WRITING, 5), (1, LATER_CLAUSE, 1), (2, BACKGROUND, 1))
    assert begun == [(WRITING, 0), (LATER_CLAUSE, 1), (BACKGROUND, 2)]


def test_whoever_gives_up_waiting_holds_nobody_up() -> None:
    async def main() -> None:
        cores = Cores()
        async with cores.claim(FIRST_CLAUSE):
            waiting = asyncio.ensure_future(_claim(cores, FINAL_STT))
            await asyncio.sleep(1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), cores.claim(BACKGROUND):
            pass

    virtual.run(main())


async def _claim(cores: Cores, rank: int) -> None:
    async with cores.claim(rank):
        await asyncio.sleep(1)


work = st.tuples(st.integers(0, 8), st.integers(FIRST_CLAUSE, BACKGROUND), st.integers(1, 4))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(work, max_size=12), st.data())
def test_everybody_gets_a_turn_and_no_rank_gets_too_many(
    jobs: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    cancelled = data.draw(st.sets(st.integers(0, 11), max_size=4))
    running: list[int] = []
    finished: set[int] = set()

    async def one(cores: Cores, number: int, arrives: int, rank: int, takes: int) -> None:
        await asyncio.sleep(arrives)
        async with cores.claim(rank):
            running.append(rank)
            assert running.count(rank) <= AT_ONCE
            try:
                await asyncio.sleep(takes)
            finally:
                running.remove(rank)
        finished.add(number)

    async def main() -> None:
        cores = Cores()
        tasks = [asyncio.ensure_future(one(cores, number, *job)) for number, job in enumerate(jobs)]
        await asyncio.sleep(3.5)
        for number in cancelled & set(range(len(jobs))):
            tasks[number].cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError)

    virtual.run(main())
    assert finished >= set(range(len(jobs))) - cancelled
