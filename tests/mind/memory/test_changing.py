"""Another embedder takes the place of the one there was, which answers until that one knows all."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mia.mind.memory import reading
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.library import Library
from mia.mind.memory.memories import Memories
from mia.mind.memory.ports import Question
from mia.mind.memory.records import Wanted
from mia.mind.memory.retrieval import Retriever
from mia.telemetry.events import EventBus
from tests.support.changing import Pace, Shop
from tests.support.memory import Clock, Talking, settled

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def remembering(shop: Shop) -> AsyncIterator[tuple[Memories, EventBus]]:
    bus = EventBus()
    memories = Memories(shop.folder, bus, Retriever, shop.load, former=shop, now=Clock())
    async with memories.living():
        memories.attend("c")
        await memories.caught_up()
        try:
            yield memories, bus
        finally:
            if isinstance(shop.pace, Pace):
                shop.pace.go_on()  # a thread that waits would be waited for


async def finds(memories: Memories, text: str) -> str:
    """The first memory found by its meaning, no word of which was asked for."""
    found = await memories.search(Question(text, limit=1, now=memories.now()))
    if not found:
        return ""
    with reading.opened(memories.folder) as connection:
        return reading.by_ids(connection, [found[0][0]])[0].text


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def how_far(memories: Memories) -> reading.Change | None:
    with reading.opened(memories.folder) as connection:
        return reading.change(connection)


def vectors_of(folder: Path) -> set[str]:
    with reading.opened(folder) as connection:
        return set(reading.embedders(connection))


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A memory of forty lines, found by the embedder "one"."""

    async def talk() -> None:
        async with remembering(Shop(tmp_path, "one")) as (memories, bus):
            talking = Talking(bus)
            talking.says("Mi perra se llama Luna.")
            for number in range(38):
                talking.says("Nada especial" + " de nada" * number)
            talking.says("Vivo en Sevilla.")
            await settled(memories)
            await until(lambda: vectors_of(tmp_path) == {"one"})

    run(talk())
    return tmp_path


def test_the_one_of_before_answers_until_the_other_knows_everything(folder: Path) -> None:
    async def test() -> None:
        pace = Pace(20)
        shop = Shop(folder, "two", pace)
        async with remembering(shop) as (memories, bus):
            await until(lambda: (how_far(memories) or reading.Change("", "", 0, 0)).done == 16)
            assert await finds(memories, "¿Tengo mascota?") == "Mi perra se llama Luna."
            assert memories.embedder is not None
            assert memories.embedder.name == "one"
            stats = await Library(memories).stats()
            assert stats["change"] == {"before": "one", "chosen": "two", "done": 16, "all": 40}
            assert len(shop.lent) == 2, "both are loaded"

            Talking(bus).says("Mi clave es Quetzal.")
            await memories.recorder.settled()
            pace.go_on()
            await until(lambda: how_far(memories) is None)
            await until(lambda: vectors_of(folder) == {"two"})
            assert memories.embedder.name == "two"
            assert [one.closed for one in shop.lent] == [False, True], "the other one is let go"
            assert await finds(memories, "¿Tengo mascota?") == "Mi perra se llama Luna."
            assert await finds(memories, "¿Qué secreto?") == "Mi clave es Quetzal."
            assert not BuiltinIndex(folder / "index" / "one.bytes", 256).ids()

    run(test())


def test_what_is_said_during_the_change_is_found_during_the_change(folder: Path) -> None:
    async def test() -> None:
        pace = Pace(16)
        async with remembering(Shop(folder, "two", pace)) as (memories, bus):
            await until(lambda: (how_far(memories) or reading.Change("", "", 0, 0)).done == 16)
            Talking(bus).says("Mi clave es Quetzal.")
            await memories.recorder.settled()
            pace.allow(16)  # the few it is at; then what was said has its turn
            index = memories.index
            assert index is not None
            await until(lambda: len(index.ids()) == 41)
            assert await finds(memories, "¿Qué secreto?") == "Mi clave es Quetzal."
            assert memories.embedder is not None
            assert memories.embedder.name == "one"

    run(test())


def test_a_change_that_was_broken_off_goes_on_where_it_was(folder: Path) -> None:
    made: list[int] = []

    async def first() -> None:
        pace = Pace(20)
        async with remembering(Shop(folder, "two", pace)) as (memories, _):
            await until(lambda: (how_far(memories) or reading.Change("", "", 0, 0)).done == 16)
            assert await finds(memories, "¿Tengo mascota?") == "Mi perra se llama Luna."

    async def second() -> None:
        done = how_far_in(folder)
        assert 16 <= done < 40
        shop = Shop(folder, "two", lambda: made.append(1))
        async with remembering(shop) as (memories, _):
            await until(lambda: vectors_of(folder) == {"two"})
            assert memories.embedder is not None
            assert memories.embedder.name == "two"
            assert len(made) == 40 - done, "nothing is embedded twice"

    def how_far_in(folder: Path) -> int:
        with reading.opened(folder) as connection:
            found = reading.change(connection)
        assert found is not None
        return found.done

    run(first())
    run(second())


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.mind.memory.test_changing import how_far, remembering, until
from tests.support.changing import Pace, Shop

async def change(folder):
    async with remembering(Shop(folder, "two", Pace(20))) as (memories, _):
        await until(lambda: (found := how_far(memories)) is not None and found.done == 16)
        print("in the middle", flush=True)
        await asyncio.Event().wait()

asyncio.run(change(Path(sys.argv[1])))
"""


def test_a_process_killed_in_the_middle_loses_nothing_of_the_change(folder: Path) -> None:
    made: list[int] = []

    async def again() -> None:
        async with remembering(Shop(folder, "two", lambda: made.append(1))) as (memories, _):
            await until(lambda: vectors_of(folder) == {"two"})
            assert memories.index is not None
            assert memories.index.ids() == set(range(1, 41))
            assert await finds(memories, "¿Tengo mascota?") == "Mi perra se llama Luna."

    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
    run(again())
    assert len(made) == 24


def test_what_is_forgotten_or_corrected_during_the_change_is_so_for_both(folder: Path) -> None:
    async def test() -> None:
        pace = Pace(16)
        shop = Shop(folder, "two", pace)
        async with remembering(shop) as (memories, _):
            await until(lambda: (how_far(memories) or reading.Change("", "", 0, 0)).done == 16)
            library = Library(memories)
            asyncio.get_running_loop().call_later(0.1, pace.go_on)
            assert await library.forget({"ids": [40]}) == 1
            await library.edit(1, "Mi mascota se llama Lúa.")
            await until(lambda: vectors_of(folder) == {"two"})
            await settled(memories)
            assert memories.index is not None
            assert memories.index.ids() == set(range(1, 40))
            assert await finds(memories, "¿Qué animal?") == "Mi mascota se llama Lúa."

    run(test())


def test_where_the_one_of_before_cannot_be_had_words_answer(folder: Path) -> None:
    async def test() -> None:
        pace = Pace(16)
        shop = Shop(folder, "two", pace)
        shop.gone.add("one")
        bus = EventBus()
        memories = Memories(folder, bus, Retriever, shop.load, former=shop, now=Clock())
        async with memories.living():
            memories.attend("c")
            await memories.opened()
            await until(lambda: (how_far(memories) or reading.Change("", "", 0, 0)).done == 16)
            assert await finds(memories, "¿Cómo se llama mi perra?") == "Mi perra se llama Luna."
            pace.go_on()
            await memories.caught_up()
            await until(lambda: vectors_of(folder) == {"two"})

    run(test())


def test_one_that_only_stands_in_takes_nobody_s_place(folder: Path) -> None:
    async def standing_in() -> None:
        shop = Shop(folder, "two")
        shop.stands_in = True
        async with remembering(shop) as (memories, _):
            assert await finds(memories, "¿Tengo mascota?") == "Mi perra se llama Luna."
            assert vectors_of(folder) == {"one", "two"}

    async def back() -> None:
        made: list[int] = []
        async with remembering(Shop(folder, "one", lambda: made.append(1))) as (memories, _):
            assert await finds(memories, "¿Tengo mascota?") == "Mi perra se llama Luna."
            await until(lambda: vectors_of(folder) == {"one"})
            assert not made

    run(standing_in())
    run(back())


def test_back_before_it_was_over_leaves_nothing_of_the_other(folder: Path) -> None:
    async def away() -> None:
        pace = Pace(20)
        async with remembering(Shop(folder, "two", pace)) as (memories, _):
            await until(lambda: (how_far(memories) or reading.Change("", "", 0, 0)).done == 16)

    async def back() -> None:
        async with remembering(Shop(folder, "one")) as (memories, _):
            await until(lambda: vectors_of(folder) == {"one"})
            await until(lambda: how_far(memories) is None)
            with reading.opened(folder) as connection:
                there = {row.id for row in reading.every(connection, Wanted())}
            assert memories.index is not None
            assert memories.index.ids() == there
        assert not BuiltinIndex(folder / "index" / "two.bytes", 384).ids()

    run(away())
    run(back())
