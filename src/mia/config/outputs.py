"""The keys about where her face is shown, and those the original had for it."""

from __future__ import annotations

from pydantic import Field

from mia.config.sections import BackendSection, Section


class Outputs(BackendSection):
    """Every output has a section of its own; more than one may be on."""


class OscMapping(Section):
    """The original's keys live in `avatar.outputs.osc` now; see `mia.config.original`."""


class Osc(Section):
    """Likewise."""

    mapping: OscMapping = Field(
        default_factory=OscMapping,
        description="The original's names.",
        json_schema_extra={"hidden": True},
    )
