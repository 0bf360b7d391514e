"""The whole schema: MIA's own keys and the options of every backend that was found.

The result is a subclass of `Config`, so code that reads it is typed; each port's section has one
more section for each backend, named as the backend is, and `backend` takes their names only.
"""

from __future__ import annotations

import copy
import functools
import logging
import types
from collections.abc import Mapping
from typing import Any, Literal, cast

from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo

from mia.backends import Backend, Port, backends
from mia.config.memory import Embedder, Index, Memory
from mia.config.outputs import Outputs
from mia.config.schema import (
    Avatar,
    BackendSection,
    Config,
    Llm,
    Models,
    Stt,
    Tts,
    Vad,
    field_of,
)

log = logging.getLogger(__name__)

Found = Mapping[Port, Mapping[str, Backend]]
PORTS: tuple[Port, ...] = ("vad", "stt", "llm", "tts", "avatar", "embedding", "index")


def discovered() -> Found:
    """Every backend of this installation, by port and name."""
    return {port: backends(port) for port in PORTS}


@functools.cache
def installed() -> type[Config]:
    """The schema of this installation. Made once: backends do not come and go while MIA runs."""
    return compose(discovered())


def compose(found: Found) -> type[Config]:
    """The schema with the sections of these backends."""
    models = _with(
        Models,
        "Models",
        llm=_section(Llm, found.get("llm", {}), ()),
        stt=_section(Stt, found.get("stt", {}), ()),
        tts=_section(Tts, found.get("tts", {}), ("auto",)),
    )
    vad = _section(Vad, found.get("vad", {}), ())
    outputs = _section(Outputs, found.get("avatar", {}), ())
    avatar = _with(Avatar, "Avatar", outputs=outputs)
    memory = _with(
        Memory,
        "Memory",
        embedder=_section(Embedder, found.get("embedding", {}), ("auto",)),
        index=_section(Index, found.get("index", {}), ("auto",)),
    )
    sections = {"models": models, "vad": vad, "avatar": avatar, "memory": memory}
    return cast("type[Config]", _with(Config, "Config", **sections))


def _with(base: type[BaseModel], name: str, **sections: type[BaseModel]) -> type[BaseModel]:
    """`base` with some of its sections exchanged for more exact ones."""
    fields: dict[str, Any] = {}
    for key, model in sections.items():
        field = copy.copy(base.model_fields[key])
        field.default_factory = model
        fields[key] = (model, field)
    return cast("type[BaseModel]", create_model(name, __base__=base, **fields))


def _section(
    base: type[BackendSection], found: Mapping[str, Backend], also: tuple[str, ...]
) -> type[BackendSection]:
    taken = {name for name in found if name in base.model_fields}
    for name in taken:
        log.error("backend %s of %s is left out: its name is a key", name, base.__name__)
    usable = {name: backend for name, backend in found.items() if name not in taken}
    names = (*also, *usable)
    fields: dict[str, Any] = {}
    if names and "backend" in base.model_fields:
        fields["backend"] = (_choice(names), _copied(base, "backend"))
        if "fallback" in base.model_fields and usable:
            fields["fallback"] = (
                types.GenericAlias(list, _choice(tuple(usable))),
                _copied(base, "fallback"),
            )
    for name, backend in usable.items():
        # Only its own docstring: the one it inherits says nothing about it.
        described = (backend.options.__dict__.get("__doc__") or "").split("\n\n")[0]
        fields[field_of(name)] = (
            backend.options | None,
            Field(default=None, alias=name, description=" ".join(described.split())),
        )
    made = cast("type[BackendSection]", create_model(base.__name__, __base__=base, **fields))
    made.available = dict(usable)
    return made


def _choice(names: tuple[str, ...]) -> Any:
    """The type of a name out of these, which are known at run time only."""
    return Literal[names]


def _copied(base: type[BaseModel], name: str) -> FieldInfo:
    return copy.copy(base.model_fields[name])
