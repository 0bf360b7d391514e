"""What stands round a conversation, without models: a config file, a voice, outputs, a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from mia import main as program
from mia.avatar.frame import Frame
from mia.avatar.showing import Showing
from mia.backends import Context
from mia.blocking import run_blocking
from mia.channels.realtime.stage import Notices, Stage
from mia.config import Loaded, load
from mia.config.saving import save
from mia.panel.live import Live, live
from mia.panel.settings import Settings
from mia.panel.wardrobe import Wardrobe
from tests.avatar.vts import Expression, Hotkey, Model, VTubeStudio, served
from tests.channels.realtime.fakes import FakeTalk
from tests.web.conftest import World

CONFIG = """\
# La MIA de casa.
language: es

models:
  tts:
    speed: 1.1  # un poco viva
avatar:
  outputs:
    osc: {enabled: false}
    vts: {enabled: false}
"""
VOICES = (
    ("ef_dora", "Dora", "es", "female", "kokoro"),
    ("em_alex", "Álex", "es", "male", "kokoro"),
    ("af_heart", "Heart", "en", "female", "kokoro"),
    ("joe", "Joe", "en", "male", "piper"),
)


class Voice:
    """A `VoiceControl`."""

    def __init__(self) -> None:
        self.is_: dict[str, Any] = {
            "backend": "auto",
            "voice": None,
            "speed": 1.1,
            "semitones": 0.0,
        }

    def now(self) -> Mapping[str, object]:
        return self.is_

    async def offered(self) -> list[dict[str, str]]:
        names = ("id", "name", "language", "gender", "backend")
        return [{**dict(zip(names, row, strict=True)), "licence": "MIT"} for row in VOICES]

    async def change(self, wish: Mapping[str, Any]) -> None:
        self.is_.update(wish)


class Feeling:
    """A `Face` with her eyes on the viewer that shows what she is told to feel."""

    def __init__(self) -> None:
        self.felt: list[tuple[str, float]] = []
        self._until = 0.0

    def feel(self, expression: str, seconds: float) -> None:
        self.felt.append((expression, seconds))
        self._until = asyncio.get_running_loop().time() + seconds

    def frame(self, at: float) -> Frame:
        shown = {self.felt[-1][0]: 1.0} if at < self._until else {}
        return Frame(at=at, expressions=shown)

    @property
    def lively(self) -> bool:
        return True


def akari() -> Model:
    """A model with two toggles and an expression file without a key."""
    return Model(
        "Akari",
        [Hotkey("Sonrisa", file="Sonrisa.exp3.json"), Hotkey("Lágrimas", file="Llora.exp3.json")],
        [Expression("Sonrisa"), Expression("Llora"), Expression("Sonrojo")],
    )


class House:
    """folder: where its config.yaml is. vts: a VTube Studio lives there too."""

    def __init__(self, folder: Path, config: str = CONFIG, *, vts: bool = False) -> None:
        self.vts: VTubeStudio | None = None
        self._with_vts = vts
        self.path = folder / "config.yaml"
        self.path.write_text(config, "utf-8")
        self.loaded: Loaded = load(self.path, env={})
        self.voice = Voice()
        self.face = Feeling()
        self.restarts = 0
        self._folder = folder
        self._showing: Showing | None = None
        self._wardrobe: Wardrobe | None = None

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @asynccontextmanager
    async def inhabited(self, world: World) -> AsyncIterator[None]:
        """Live in it: the world's services are these."""
        assert world.stage is not None
        async with AsyncExitStack() as stack:
            if self._with_vts:
                self.vts = await stack.enter_async_context(VTubeStudio())
                self.vts.body.model = akari()
                reached = await stack.enter_async_context(served(self.vts))
                where = {"host": "127.0.0.1", "port": reached.port, "discover": False}
                wish = {f"avatar.outputs.vts.{name}": value for name, value in where.items()}
                await run_blocking(lambda: save(self.path, wish))
                self.loaded = load(self.path, env={})
            async with self._lived_in(world, world.stage):
                yield

    @asynccontextmanager
    async def _lived_in(self, world: World, talk: FakeTalk) -> AsyncIterator[None]:
        context = Context(models=None, languages=("es",), cache=self._folder)  # type: ignore[arg-type]
        showing = self._showing = Showing(program.outputs_of(self.loaded.config), context)
        stage = Stage(talk, Notices(world.bus))
        changes = Live(lambda: stage, lambda: self.voice, lambda: showing, program.outputs_of)
        # Every session is told of her state, whatever it was that changed.
        wardrobe = Wardrobe(lambda: self.loaded, lambda: showing, lambda: talk.mute(talk.muted))
        self._wardrobe = wardrobe
        world.further.update(
            worn=lambda: wardrobe.worn,
            dress=wardrobe.dress,
            settings=Settings(lambda: self.loaded, {}, live, changes.apply),
            voice=lambda: self.voice,
            avatar=lambda: showing.states,
            feel=self.face.feel,
            reload=self._reload,
        )
        shown = asyncio.create_task(showing.run(self.face))
        try:
            yield
        finally:
            shown.cancel()
            await asyncio.gather(shown, return_exceptions=True)
            stage.close()

    async def _reload(self) -> None:
        self.loaded = await run_blocking(lambda: load(self.path, env={}))
        self.restarts += 1
        if self._wardrobe is not None:
            await self._wardrobe.dress()
