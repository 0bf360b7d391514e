"""What memories are found by, as configured: the embedder, its index, and those chosen before."""

from __future__ import annotations

import dataclasses
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from mia import backends
from mia.backends import Context, Options
from mia.blocking import run_blocking
from mia.config import Config
from mia.errors import BackendUnavailable, MiaError
from mia.mind.memory.changing import Engine
from mia.mind.memory.ports import Embedder, VectorIndex

#: Chosen by `auto`, and what is fallen back to.
EMBEDDER = "use"
INDEX = "builtin"
#: Where versions before kept an embedded Chroma, beside MIA's own index.
FORMER_CHROMA = "chroma"

log = logging.getLogger(__name__)


def embedders_of(config: Config) -> list[str]:
    """The chosen embedder, and the one that takes its place."""
    chosen = config.memory.embedder.backend
    return list(dict.fromkeys([EMBEDDER if chosen == "auto" else chosen, EMBEDDER]))


class Embedders:
    """Implements `Former`. folder: where the memories lie. trouble: told of a choice that cannot
    be had, and has something else in its place."""

    def __init__(
        self, config: Config, folder: Path, context: Context, trouble: Callable[[MiaError], None]
    ) -> None:
        self._config = config
        self._context = context
        self._own = dataclasses.replace(context, cache=folder / "index")
        self._trouble = trouble
        self._recipe: str | None = None

    async def load(self) -> Engine:
        """The chosen one, or what takes its place. Raises MiaError."""
        names = embedders_of(self._config)
        for name in names:
            options = self._options(name)
            try:
                embedder: Embedder = await backends.load("embedding", name, options, self._context)
            except MiaError as error:
                if name == names[-1]:
                    raise
                self._trouble(error)
            else:
                self._recipe = _written(name, options) if name == names[0] else None
                return embedder, await self.index(embedder.name, embedder.dimensions)
        raise AssertionError("there is always the embedded one")

    def recipe(self) -> str | None:
        return self._recipe

    async def again(self, recipe: str) -> Engine:
        try:
            name, kept = json.loads(recipe)
            options = _with_secrets(self._options(name), kept)
        except (ValueError, TypeError, KeyError, ValidationError) as error:
            # Written by another version of MIA, or by a plug-in that is gone.
            raise BackendUnavailable("memory.embedder_damaged", reason=error) from error
        embedder: Embedder = await backends.load("embedding", name, options, self._context)
        return embedder, await self.index(embedder.name, embedder.dimensions)

    async def index(self, embedder: str, dimensions: int) -> VectorIndex | None:
        section: Any = self._config.memory.index
        chosen = INDEX if section.backend == "auto" else section.backend
        await run_blocking(_drop_former_chroma, self._own.cache / FORMER_CHROMA)
        for name in dict.fromkeys([chosen, INDEX]):
            try:
                opens = await backends.load("index", name, section.options(name), self._own)
                index: VectorIndex = await run_blocking(opens, embedder, dimensions)
            except MiaError as error:
                self._trouble(error)
            except OSError as error:
                self._trouble(MiaError("memory.unwritable", path=self._own.cache, reason=error))
            else:
                return index
        return None

    def _options(self, name: str) -> Options:
        """Raises KeyError for a backend that is not there, pydantic's ValidationError."""
        section: Any = self._config.memory.embedder
        options: Options = section.options(name)
        return options


def _drop_former_chroma(folder: Path) -> None:
    """Delete a Chroma on the disk: it keeps vectors of what is forgotten, whichever index is
    chosen now. Chroma itself lives in memory alone."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("%s holds vectors of memories, and cannot be deleted: %s", folder, error)


def _written(name: str, options: Options) -> str:
    """How an embedder is loaded, without any secret: this is kept."""
    open_ones = {key for key, value in dict(options).items() if not isinstance(value, SecretStr)}
    return json.dumps([name, options.model_dump(mode="json", include=open_ones)])


def _with_secrets(now: Options, kept: dict[str, Any]) -> Options:
    """The options of before. A key is not kept, so today's is taken, and only for the server it
    was meant for. Raises ValidationError."""
    same_server = getattr(now, "base_url", None) == kept.get("base_url")
    secrets = {
        key: value
        for key, value in dict(now).items()
        if isinstance(value, SecretStr) and same_server
    }
    return type(now).model_validate({**kept, **secrets})
