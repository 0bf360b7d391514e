"""A real server on a free port, round a fake conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mia.channels.realtime.talk import Talk
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import EventBus
from mia.telemetry.metrics import Metrics
from mia.telemetry.turns import TurnReports
from mia.web import Access, Health, Services, bind, create_app, serve
from mia.web.model_file import ModelFile
from tests.channels.realtime.fakes import FakeTalk


@dataclass
class World:
    """What the server is given, for a test to change."""

    ui: Path
    bus: EventBus = field(default_factory=EventBus)
    stage: FakeTalk | None = None
    guests: list[FakeTalk] = field(default_factory=list)
    made: asyncio.Queue[FakeTalk] = field(default_factory=lambda: asyncio.Queue(100))
    health: Health = field(default_factory=lambda: Health("ok"))
    access: Access = field(default_factory=Access)
    holds: bool = False
    model: ModelFile | None = None
    further: dict[str, Any] = field(default_factory=dict)
    """Further services."""

    def __post_init__(self) -> None:
        self.stage = FakeTalk("stage", self.bus)

    async def make(self) -> Talk:
        self.guests.append(FakeTalk(f"guest-{len(self.guests)}", self.bus, holds=self.holds))
        self.made.put_nowait(self.guests[-1])
        return self.guests[-1]

    def services(self, **more: Any) -> Services:
        found = Services(
            bus=self.bus,
            stage=lambda: self.stage,
            make_talk=self.make,
            health=lambda: self.health,
            metrics=Metrics(self.bus),
            turns=TurnReports(self.bus),
            log=EventLog(self.bus),
            access=self.access,
            config=lambda: {"language": "es"},
            ui=self.ui,
            model=self.model,
        )
        return replace(found, **self.further, **more)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world whose pages are two small files."""
    (tmp_path / "index.html").write_text("<!doctype html><title>MIA</title>", "utf-8")
    (tmp_path / "page.js").write_text("export const x = 1;\n" * 200, "utf-8")
    return World(tmp_path)


@dataclass(frozen=True)
class Running:
    port: int

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/realtime"


@asynccontextmanager
async def running(world: World, port: int = 0) -> AsyncIterator[Running]:
    """The server, until the block ends. port: 0 for a free one."""
    listener = bind("127.0.0.1", port)
    port = listener.getsockname()[1]
    app = create_app(world.services())
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, listener=listener))
    try:
        yield Running(port)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
