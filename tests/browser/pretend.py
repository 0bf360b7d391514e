"""MIA's web server round a conversation without models, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from mia.web.model_file import ModelFile
from mia.web.services import UI
from tests.browser.house import House
from tests.channels.realtime.fakes import FakeTalk
from tests.web.conftest import World, running


class _Telling(FakeTalk):
    """Tells of the key as well, so that a test can wait for it."""

    def press(self) -> None:
        super().press()
        self._mode_changed()

    def release(self) -> None:
        super().release()
        self._mode_changed()


class Pretend:
    """A stage on which everything happens at once, and only what a test asks for.

    Its conversation lives in the server's thread: `do` is the way to it.
    """

    def __init__(self, world: World, url: str, loop: asyncio.AbstractEventLoop) -> None:
        assert world.stage is not None
        self.talk: FakeTalk = world.stage
        self.url = url
        self._loop = loop

    def do(self, *whats: Callable[[FakeTalk], Any]) -> Any:
        """Call each with the stage's conversation, where it lives; the last one's result."""

        async def call() -> Any:
            return [what(self.talk) for what in whats][-1]

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(10)

    def until(self, condition: Callable[[FakeTalk], bool]) -> None:
        """Wait, told by the bus, until the stage's conversation is as it should be."""

        async def wait() -> None:
            changed = asyncio.Event()
            unlisten = self.talk.bus.listen(lambda _: changed.set())
            try:
                while not condition(self.talk):
                    await changed.wait()
                    changed.clear()
            finally:
                unlisten()

        asyncio.run_coroutine_threadsafe(wait(), self._loop).result(10)


@contextmanager
def pretending(
    model: ModelFile | None = None, port: int = 0, house: House | None = None
) -> Iterator[Pretend]:
    """A server with the real pages, until the block ends.

    model: where the user's own avatar is kept. port: 0 for a free one. house: its settings, voice
    and outputs; without one there are none.
    """
    world = World(UI, model=model)
    world.stage = _Telling("stage", world.bus, holds=True)
    started: list[Pretend] = []
    is_up = threading.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        inhabited = house.inhabited(world) if house else nullcontext()
        async with inhabited, running(world, port) as server:
            started.append(Pretend(world, server.http, loop))
            ends = asyncio.Event()
            stop.append(lambda: loop.call_soon_threadsafe(ends.set))
            is_up.set()
            await ends.wait()

    stop: list[Callable[[], object]] = []
    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="pretend")
    thread.start()
    try:
        assert is_up.wait(30)
        yield started[0]
    finally:
        for call in stop:
            call()
        thread.join(30)
