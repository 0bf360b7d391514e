"""The first start: what was found here, what was chosen, and that it is done.

Choices go through the configuration's saving code, so comments stay; keys go into `.env`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from mia import main as program
from mia.blocking import run_blocking
from mia.config import Loaded, load, save
from mia.conversation import Parts
from mia.errors import BackendUnavailable, MiaError
from mia.home import Home, made
from mia.panel import servers
from mia.panel.estimates import answer_s, feel
from mia.panel.machine import Machine, look
from mia.panel.secrets import remember
from mia.panel.shelf import Shelf
from mia.panel.speed import Speed, SpeedCache, fingerprint, measure
from mia.redaction import hide

_GGUF = b"GGUF"
_MARK = "set-up"
#: It takes two or three on a quiet machine; what takes this long says nothing about its speed.
LONGEST_MEASURE_S = 40.0


class Desk:
    """Implements `mia.web.desk.Desk`.

    loaded: the configuration in use. parts: those that are loaded, None while they are not.
    reload: begins anew with what is in the file.
    """

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        parts: Callable[[], Parts | None],
        reload: Callable[[], Awaitable[None]],
        shelf: Shelf,
        home: Home,
    ) -> None:
        self._loaded = loaded
        self._parts = parts
        self._reload = reload
        self.shelf = shelf
        self._home = home
        self._cache = SpeedCache(home.cache)
        self._machine: Machine | None = None
        self._measuring = asyncio.Lock()

    @property
    def fresh(self) -> bool:
        """Nobody has been here before: no configuration, and the set-up was not left."""
        return not self._loaded().path.exists() and not (self._home.data / _MARK).exists()

    async def done(self) -> None:
        """The set-up was finished or skipped; it does not come up by itself again."""
        await run_blocking(lambda: (made(self._home.data) / _MARK).touch())

    async def machine(self) -> Machine:
        if self._machine is None:
            self._machine = await run_blocking(look, self._home.models)
        return self._machine

    async def speed(self) -> Speed | None:
        """What was measured on this machine with these parts, None if nothing was."""
        return await run_blocking(self._cache.read, await self._fingerprint())

    async def measure(self) -> Speed:
        """Time the loaded parts; a few seconds. Raises MiaError: `setup.not_ready` while they are
        loading, `setup.too_busy`."""
        parts = self._parts()
        if parts is None:
            raise BackendUnavailable("setup.not_ready")
        async with self._measuring:
            config = self._loaded().config
            try:
                async with asyncio.timeout(LONGEST_MEASURE_S):
                    speed = await measure(parts, program.languages_of(config)[0])
            except TimeoutError as error:
                raise BackendUnavailable("setup.too_busy") from error
            await run_blocking(self._cache.write, await self._fingerprint(), speed)
            return speed

    async def _fingerprint(self) -> str:
        machine, config = await self.machine(), self._loaded().config
        models: Any = config.models
        mind = models.llm.options(models.llm.backend)
        facts = [getattr(mind, name, "") for name in ("model", "path", "base_url")]
        stt, size = self.shelf.measured_with(config)
        tts = (models.tts.backend, models.tts.voice)
        return fingerprint(
            machine.processor, machine.cores, models.llm.backend, *facts, size, stt, *tts
        )

    async def state(self) -> dict[str, Any]:
        """Everything the first page shows, as plain data."""
        config: Any = self._loaded().config
        machine, speed = await self.machine(), await self.speed()
        seconds = answer_s(speed) if speed else None
        return {
            "fresh": self.fresh,
            "language": config.language,
            "machine": machine.as_dict(),
            "speed": speed.as_dict() if speed else None,
            "answer_s": round(seconds, 1) if seconds is not None else None,
            "feel": feel(seconds) if seconds is not None else None,
            "brain": self._brain(config),
            "voice": {"backend": config.models.tts.backend, "voice": config.models.tts.voice},
            "can_measure": self._parts() is not None,
        }

    @staticmethod
    def _brain(config: Any) -> dict[str, Any]:
        llm = config.models.llm
        options = llm.options(llm.backend)
        path = getattr(options, "path", "")
        return {
            "backend": llm.backend,
            # The file's name is enough: its folder is nobody's business on a stream.
            "model": Path(path).name if path else getattr(options, "model", ""),
            "url": getattr(options, "base_url", ""),
            "embedded": program.embedded_brain(config),
        }

    async def found(self) -> dict[str, Any]:
        """Programs on this machine that could serve."""
        minds, studio = await asyncio.gather(
            servers.look(self._loaded().config.web.port), servers.vtube_studio()
        )
        return {"servers": [one.as_dict() for one in minds], "vtube_studio": studio}

    async def ask(self, url: str) -> dict[str, Any]:
        return (await servers.ask(url)).as_dict()

    async def check_key(self, key: str) -> dict[str, Any]:
        """Whether OpenRouter takes this key. It is kept nowhere."""
        options: Any = self._loaded().config.models.llm.options("openrouter")
        return await servers.check_key(key, options.base_url)

    async def choose(self, changes: Mapping[str, object], *, begin_anew: bool) -> None:
        """Write these keys; where it matters, begin anew with them. Raises InvalidConfig."""
        loaded = self._loaded()
        await run_blocking(lambda: save(loaded.path, changes))
        await run_blocking(lambda: load(loaded.path, env=os.environ))
        if begin_anew:
            await self._reload()

    async def choose_brain(self, kind: str, wish: Mapping[str, str]) -> None:
        """kind: embedded, catalogue (`model`), file (`path`), server (`backend`, `url`,
        `model`) or openrouter (`model`, `key`). Raises MiaError; then nothing has changed."""
        changes: dict[str, object]
        match kind:
            case "catalogue":
                await run_blocking(self.shelf.store.path, wish["model"])
                changes = _own(wish["model"], "")
            case "file":
                path = await run_blocking(_checked_gguf, wish["path"])
                changes = _own("auto", str(path))
            case "server":
                backend = "lmstudio" if wish.get("backend") == "lmstudio" else "openai"
                changes = {
                    "models.llm.backend": backend,
                    f"models.llm.{backend}.base_url": wish["url"],
                    f"models.llm.{backend}.model": wish.get("model", ""),
                }
            case "openrouter":
                if key := wish.get("key", ""):
                    await self.check_key(key)
                    hide(key)
                    folder = self._loaded().path.parent
                    await run_blocking(remember, folder, "OPENROUTER_API_KEY", key)
                changes = {"models.llm.backend": "openrouter"}
                if model := wish.get("model", ""):
                    changes["models.llm.openrouter.model"] = model
            case _:
                changes = _own("auto", "")
        await self.choose(changes, begin_anew=True)

    async def choose_ears(self, model: str) -> None:
        """A Whisper of the catalogue, by its id. Raises MiaError."""
        await run_blocking(self.shelf.store.path, model)
        size = model.removeprefix("whisper-")
        changes = {"models.stt.backend": "faster-whisper", "models.stt.faster-whisper.model": size}
        await self.choose(changes, begin_anew=True)


def _own(model: str, path: str) -> dict[str, object]:
    return {
        "models.llm.backend": "llamacpp",
        "models.llm.llamacpp.model": model,
        "models.llm.llamacpp.path": path,
    }


def _checked_gguf(named: str) -> Path:
    """The file somebody named, perhaps in quotes as Windows copies paths.

    Raises MiaError `setup.no_file` or `setup.not_gguf`.
    """
    path = Path(named.strip().strip('"'))
    try:
        path = path.expanduser()
        with path.open("rb") as file:
            head = file.read(len(_GGUF))
    except (OSError, ValueError, RuntimeError) as error:
        raise MiaError("setup.no_file", path=path.name) from error
    if head != _GGUF:
        raise MiaError("setup.not_gguf", path=path.name)
    return path
