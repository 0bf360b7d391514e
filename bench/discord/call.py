"""MIA in the call: the real bot on the real models, and what she told of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from bench.discord.link import Link
from mia import calling
from mia.channels.discord.receiver import Frame
from mia.channels.discord.room import VoiceRoom
from mia.config import Config
from mia.conversation import Parts
from mia.home import Home
from mia.telemetry.events import Event, EventBus, Heard, Overheard, ReplyEnded

PATIENCE = 60.0


class Call:
    def __init__(self, link: Link, bus: EventBus, bots: list[Any]) -> None:
        self.link = link
        self.told: list[tuple[float, Event]] = []
        """What MIA told, and when."""
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        self._bots = bots
        bus.listen(self._note)

    def _note(self, event: Event) -> None:
        self.told.append((self._loop.time(), event))
        self._told.set()

    @property
    def room(self) -> VoiceRoom:
        """The room she is in."""
        room: VoiceRoom = next(iter(self._bots[-1].rooms.values()))
        return room

    def since(self, at: float, kind: type[Event]) -> list[Event]:
        return [event for told, event in self.told if told >= at and isinstance(event, kind)]

    async def until(self, so: Callable[[], Any], seconds: float = PATIENCE) -> bool:
        """Wait until it is so, looking at each fact; whether it came to be."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not so():
                    self._told.clear()
                    await self._told.wait()
        return bool(so())

    async def until_answered(self, since: float, seconds: float = 20.0) -> bool:
        return await self.until(lambda: self.since(since, ReplyEnded), seconds)

    def lines(self, since: float) -> list[tuple[str, str, str]]:
        """Every line that was understood since: id, name, words."""
        found: list[tuple[str, str, str]] = []
        for _, event in ((at, e) for at, e in self.told if at >= since):
            if isinstance(event, Overheard) or (isinstance(event, Heard) and event.final):
                found += event.lines
        return found

    def spy(self, seen: Callable[[float, Frame], None]) -> Callable[[], None]:
        """Be shown every frame she hears, too; call the result to end it."""
        assert self.room.voice is not None
        receiver = self.room.voice.receiver
        assert receiver is not None
        hear = receiver._hear

        def both(frame: Frame) -> None:
            seen(self._loop.time(), frame)
            hear(frame)

        receiver._hear = both

        def end() -> None:
            receiver._hear = hear

        return end


@contextlib.asynccontextmanager
async def in_call(
    link: Link, parts: Parts, config: Config, home: Home, bus: EventBus
) -> AsyncIterator[Call]:
    """MIA in the first voice channel; somebody is to be there already."""
    bots: list[Any] = []
    host = calling.host_of(config, parts, bus, home, measured=True)
    call = Call(link, bus, bots)
    living = asyncio.create_task(
        calling.discord(host, config, connector=link.connector, ready=bots.append)
    )
    try:
        await link.do("mia")
        yield call
    finally:
        living.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await living
