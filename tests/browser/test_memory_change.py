"""The memory page while one embedder takes another's place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mia.mind.memory.library import Library
from mia.mind.memory.memories import Memories
from mia.mind.memory.retrieval import Retriever
from tests.browser.conftest import Visitor
from tests.browser.pretend import pretending
from tests.browser.test_memory import SAID
from tests.support.changing import Pace, Shop
from tests.support.memory import Clock, Talking, settled
from tests.web.conftest import World


class Changing:
    """A memory of 36 lines; of these the next embedder sees 16, the others when it may."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pace = Pace(16)

    @asynccontextmanager
    async def inhabited(self, world: World) -> AsyncIterator[None]:
        for shop in (Shop(self.folder, "one"), Shop(self.folder, "two", self.pace)):
            memories = Memories(
                self.folder, world.bus, Retriever, shop.load, former=shop, now=Clock()
            )
            async with memories.living():
                memories.attend("c")
                await memories.caught_up()
                if shop.chosen == "two":
                    library = Library(memories)
                    world.further["memory"] = lambda library=library: library
                    try:
                        yield
                    finally:
                        self.pace.go_on()
                    return
                talking = Talking(world.bus)
                for says, hears in SAID * 6:
                    talking.says(says)
                    talking.hears(hears)
                await settled(memories)


@pytest.fixture
def house(tmp_path: Path) -> Changing:
    return Changing(tmp_path / "memory")


@pytest.fixture
def mia_url(house: Any) -> Iterator[str]:
    with pretending(house=house) as pretend:
        yield pretend.url


def test_how_far_it_is_shows_until_it_is_over(house: Changing, visit: Visitor) -> None:
    page = visit().page
    page.goto(page.url.split("#")[0] + "#/memory")
    page.wait_for_selector(".memory-change:has-text('16 de 36')")
    bar = page.locator(".memory-change [role=progressbar]")
    assert bar.get_attribute("aria-valuenow") == "44"
    house.pace.go_on()
    page.wait_for_selector(".memory-change", state="hidden")
