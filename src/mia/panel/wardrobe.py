"""What she wears: the face of the persona she is, in page, overlay and every other output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mia import main as program
from mia.backends import Options
from mia.blocking import run_blocking
from mia.config import Config, Loaded
from mia.personas import Personas, Worn
from mia.personas.face import dressed


class Outputs(Protocol):
    """The outputs of her face that are on (`mia.avatar.showing.Showing`)."""

    def change(self, name: str, options: Options | None) -> None: ...


class Wardrobe:
    """loaded: the configuration in use. showing: the outputs, changed at once. tell: lets pages
    know that she wears something else."""

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        showing: Callable[[], Outputs],
        tell: Callable[[], None],
    ) -> None:
        self._loaded = loaded
        self._showing = showing
        self._tell = tell
        self._worn = self._look()

    @property
    def worn(self) -> Worn:
        return self._worn

    def outputs(self, config: Config) -> dict[str, Options]:
        """Name and options of every output that is on, with what shows her expressions there."""
        return dressed(program.outputs_of(config), self._worn.face)

    async def dress(self) -> None:
        """Show her persona's face as it is now, everywhere and at once."""
        config = self._loaded().config
        before = self.outputs(config)
        self._worn = await run_blocking(self._look)
        for name, options in self.outputs(config).items():
            if options != before[name]:
                self._showing().change(name, options)
        self._tell()

    def _look(self) -> Worn:
        loaded = self._loaded()
        base = loaded.path.absolute().parent
        return Personas(base).worn(base / loaded.config.prompt.dir.expanduser())
