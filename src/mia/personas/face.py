"""The face a persona brings along: which avatar, in which colours, and what shows her expressions.

It is kept in her `persona.yaml`, with a model of her own (`model.vrm`) beside it, and travels in
character cards as `extensions.mia.face`. A stranger's file may hold anything there: what is no
face of ours is left out, never an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mia.backends import Options

Avatar = Literal["puppet", "vrm"]
Part = Literal["hair", "eyes", "skin", "clothes", "accent"]
"""The parts of the puppet that have a colour of their own (`js/puppet/paint.js`)."""
Output = Literal["web", "vts", "vmc", "osc"]
"""web: her model in page and overlay."""

Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Expression = Annotated[str, Field(min_length=1, max_length=40)]
#: A hotkey, a blend shape, an OSC address; "" shows nothing.
Shower = Annotated[str, Field(max_length=200)]


class PersonaFace(BaseModel):
    """wears: None leaves the avatar to what page and overlay show anyway. expressions: by output,
    what shows each; one that is not named stays as the configuration has it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    wears: Avatar | None = None
    colours: dict[Part, Colour] = Field(default_factory=dict)
    expressions: dict[Output, Annotated[dict[Expression, Shower], Field(max_length=64)]] = Field(
        default_factory=dict
    )

    def plain(self) -> dict[str, Any]:
        """As it is written: without what is as usual."""
        return self.model_dump(exclude_defaults=True)


USUAL = PersonaFace()


def face_from(found: object) -> PersonaFace:
    """A face out of a file, as far as it is one; each part counts by itself."""
    if not isinstance(found, Mapping):
        return USUAL
    kept: dict[str, Any] = {}
    for name in PersonaFace.model_fields:
        if name in found:
            try:
                PersonaFace.model_validate({name: found[name]})
            except ValidationError:
                continue
            kept[name] = found[name]
    return PersonaFace.model_validate(kept)


@dataclass(frozen=True, slots=True)
class Worn:
    """What she wears now. persona: "" where it is nobody's of ours. model: her own model's file,
    None without one."""

    persona: str = ""
    face: PersonaFace = field(default_factory=PersonaFace)
    model: Path | None = None

    def shown(self, address: str) -> dict[str, Any]:
        """For page and overlay, plain data. address: where a persona's model is, `{persona}` and
        `{version}` for whose and which. Blocking for a moment: looks at the model's file."""
        version = self.model_version
        return {
            "persona": self.persona,
            "wears": self.face.wears,
            "colours": dict(self.face.colours),
            "expressions": dict(self.face.expressions.get("web", {})),
            "model": address.format(persona=self.persona, version=version) if version else None,
        }

    @property
    def model_version(self) -> str:
        """Changes with the model's file; "" without one."""
        try:
            found = self.model.stat() if self.model else None
        except OSError:
            return ""
        facts = f"{found.st_mtime_ns} {found.st_size}" if found else ""
        return hashlib.sha256(facts.encode()).hexdigest()[:12] if facts else ""


def dressed(outputs: Mapping[str, Options], face: PersonaFace) -> dict[str, Options]:
    """The options of each output with what shows her expressions there."""
    return {name: _dressed(name, options, face) for name, options in outputs.items()}


def _dressed(name: str, options: Options, face: PersonaFace) -> Options:
    hers = next((shown for output, shown in face.expressions.items() if output == name), None)
    if not hers:
        return options
    data = options.model_dump()
    if "expressions" in data:
        data["expressions"] = {**data["expressions"], **hers}
    elif "addresses" in data:
        wished = {expression: [to] if to else [] for expression, to in hers.items()}
        data["addresses"] = {**data["addresses"], **wished}
    try:
        return type(options).model_validate(data)
    except ValidationError:
        return options  # an address that is none: this output goes on as the configuration says
