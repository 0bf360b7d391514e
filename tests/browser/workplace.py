"""A house with what stands behind the set-up, models, timings, log and phone pages; no models.

Desk, shelf, journal and timings are the real ones; the catalogue has one small model that lies in
a folder, so that it is fetched without a network.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mia.home import Home
from mia.models import Model, ModelStore, Progress
from mia.models.entry import Grant, ModelFile
from mia.models.progress import Listener, nobody
from mia.panel.desk import Desk
from mia.panel.shelf import Shelf
from mia.panel.speed import Speed, SpeedCache
from mia.telemetry import events as bus
from mia.telemetry.journal import Journal
from mia.telemetry.timings import Timings
from mia.web.lan import Lan
from tests.browser.house import House
from tests.web.conftest import World

WEIGHTS = b"GGUF" + bytes(3_000_000)
LESSAC = Grant("base", "lessac: research only", "https://example.org/lessac", False)
SMALL = Model(
    id="pequeño",
    kind="llm",
    name="Modelo pequeño",
    languages=("es", "en"),
    files=(
        ModelFile(
            "small.gguf",
            len(WEIGHTS),
            hashlib.sha256(WEIGHTS).hexdigest(),
            url="http://127.0.0.1:9/x",
        ),
    ),
    licence=(Grant("weights", "Apache-2.0", "https://example.org/licence", True), LESSAC),
)


FINE = dataclasses.replace(SMALL, id="fino", kind="embedding", name="Recuerdos finos")


class HeldStore(ModelStore):
    """Holds a model back half-way until a test lets it go, as a slow line would."""

    def __init__(self, home: Home, source: Path, catalogue: Mapping[str, Model]) -> None:
        super().__init__(home, source=source, catalogue=catalogue)
        self.held = True

    def install(self, model_id: str, progress: Listener = nobody) -> Path:
        half = len(WEIGHTS) // 2
        while self.held:
            progress(Progress(model_id, "download", half, len(WEIGHTS)))
        return super().install(model_id, progress)


class Workplace(House):
    """fresh: nobody has set anything up yet. catalogue: what there is to fetch."""

    def __init__(
        self,
        folder: Path,
        *,
        fresh: bool = False,
        catalogue: Mapping[str, Model] = MappingProxyType({SMALL.id: SMALL, FINE.id: FINE}),
    ) -> None:
        super().__init__(folder)
        if fresh:
            self.path.unlink()
        source = folder / "source"
        source.mkdir()
        (source / "small.gguf").write_bytes(WEIGHTS)
        self.home = Home(folder / "home")
        self.store = HeldStore(self.home, source, catalogue)
        self.shelf = Shelf(lambda: self.loaded.config, self.home, self.store)
        self.desk = Desk(lambda: self.loaded, lambda: None, self._reload, self.shelf, self.home)
        self.bus: bus.EventBus | None = None

    async def measured(self, speed: Speed) -> None:
        """As if this machine had been timed."""
        mark = await self.desk._fingerprint()
        SpeedCache(self.home.cache).write(mark, speed)

    @asynccontextmanager
    async def inhabited(self, world: World) -> AsyncIterator[None]:
        self.bus = world.bus
        journal = Journal(world.bus)
        timings = Timings(world.bus)
        root = logging.getLogger()
        root.addHandler(journal)
        lan = Lan("https://192.168.7.5:8443", (), "a-token-for-the-phone", "AA:BB:CC")
        world.further.update(journal=journal, timings=timings, desk=self.desk, lan=lambda: lan)
        downloads = asyncio.create_task(self.shelf.downloads.run())
        try:
            async with super().inhabited(world):
                yield
        finally:
            self.store.held = False
            downloads.cancel()
            await asyncio.gather(downloads, return_exceptions=True)
            root.removeHandler(journal)
            journal.close()

    def talk(self, count: int, *, at: float, v2v: float = 1500.0) -> None:
        """So many spoken turns, as the bus would tell of them; call it in the server's loop."""
        assert self.bus is not None
        for number in range(count):
            mark: Any = {"conversation": "stage", "turn": f"turno-{number}"}
            end = v2v + number * 7 % 24 * 10
            zero = at - end / 1000
            self.bus.publish(bus.Speculated(at=zero + 0.3, revision=1, **mark))
            self.bus.publish(
                bus.Heard(
                    at=zero + 0.6,
                    revision=1,
                    text=f"Pregunta número {number}",
                    language="es",
                    final=True,
                    **mark,
                )
            )
            self.bus.publish(
                bus.SpeculationEnded(at=zero + 0.6, revision=1, committed=True, **mark)
            )
            stages = {
                "stt": 220.0,
                "gate": 600.0,
                "first_piece": 180.0,
                "first_clause": 240.0,
                "first_sound": end - 740.0,
                "v2v": end,
            }
            self.bus.publish(bus.TurnTimed(at=at, stages=stages, **mark))
