"""How a backend describes itself, and how the described ones are found.

A backend is one module (or package) in the folder of its port with a `BACKEND = Backend(...)`:
its options, what it needs, and how it is loaded. The config schema, the panel's form, `mia
doctor` and the docs are composed from these descriptions. Third parties register theirs through
an entry point of group `mia.<port>` that resolves to a `Backend`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from mia.errors import BackendUnavailable

Port = Literal["vad", "stt", "llm", "tts", "embedding", "index", "avatar", "channel"]

#: Where MIA's own backends of each port live.
FOLDERS: Mapping[Port, str] = {
    "vad": "mia.hearing.vad",
    "stt": "mia.hearing.stt",
    "llm": "mia.mind.llm",
    "tts": "mia.voice.tts",
    "embedding": "mia.mind.memory.embedders",
    "index": "mia.mind.memory.indexes",
    "avatar": "mia.avatar.outputs",
}

log = logging.getLogger(__name__)


class Options(BaseModel):
    """Base of every backend's options: unknown keys are errors, every field is described."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class ModelFiles(Protocol):
    """Where a backend gets its weights: the model store, seen from a backend."""

    def path(self, model_id: str) -> Path:
        """The folder (or file) of an installed model. Raises ModelUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a backend is given when it is loaded."""

    models: ModelFiles
    languages: tuple[str, ...]
    """Languages MIA is to speak, first one first (ISO 639-1)."""
    cache: Path
    """A folder the backend may write to; its own, kept between runs."""
    voices: Path | None = None
    """Where the user's own voices are kept, if anywhere."""
    names: tuple[str, ...] = ()
    """What she is called: words that ears do well to expect."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One implementation of a port.

    load: builds it from its options; heavy imports belong inside. Raises BackendUnavailable.
    needs: catalogue ids of the models it would load for these options and languages.
    modules: import names that must be there; `extra` is the pip extra that brings them.
    """

    port: Port
    name: str
    options: type[Options]
    load: Callable[[Any, Context], Awaitable[Any]]
    needs: Callable[[Any, tuple[str, ...]], tuple[str, ...]] = field(default=lambda _o, _l: ())
    modules: tuple[str, ...] = ()
    extra: str = ""

    def missing(self) -> tuple[str, ...]:
        """The modules this backend lacks on this machine."""
        return tuple(name for name in self.modules if importlib.util.find_spec(name) is None)


@functools.cache
def backends(port: Port) -> Mapping[str, Backend]:
    """Every backend of a port by name, MIA's own first, then those of other packages."""
    found: dict[str, Backend] = {}
    folder = importlib.import_module(FOLDERS[port])
    for entry in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{FOLDERS[port]}.{entry.name}")
        for backend in getattr(module, "BACKENDS", ()) or (getattr(module, "BACKEND", None),):
            if isinstance(backend, Backend):
                found[backend.name] = backend
    for point in metadata.entry_points(group=f"mia.{port}"):
        try:
            plugin = point.load()
        except Exception:  # a stranger's package may fail in any way; MIA goes on without it
            log.exception("plugin %s (%s) could not be loaded", point.name, point.value)
            continue
        if isinstance(plugin, Backend) and plugin.port == port:
            found.setdefault(plugin.name, plugin)
        else:
            log.error("plugin %s (%s) is not a %s backend", point.name, point.value, port)
    return found


async def load(port: Port, name: str, options: Options, context: Context) -> Any:
    """Load a backend by name. Raises BackendUnavailable with what to do about it."""
    backend = backends(port).get(name)
    if backend is None:
        raise BackendUnavailable(
            "backend.unknown", port=port, name=name, known=", ".join(backends(port))
        )
    if missing := backend.missing():
        raise BackendUnavailable(
            "backend.not_installed",
            name=name,
            missing=", ".join(missing),
            extra=backend.extra or backend.name,
        )
    return await backend.load(options, context)
