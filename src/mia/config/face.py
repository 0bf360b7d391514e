"""The keys about her face."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mia.config.sections import Section


class Lipsync(Section):
    mode: Literal["auto", "rms"] = Field(
        "auto",
        description="auto: by the sounds and words of her voice, as far as it tells them; rms: by "
        "its loudness alone.",
    )
    smoothing_alpha: float = Field(
        0.2,
        gt=0,
        le=1,
        description="With rms, weight of the newest loudness; 1 does not smooth.",
    )
    rms_min: float = Field(
        0.0, ge=0, le=1, description="With rms, loudness at which the mouth is closed."
    )
    rms_max: float = Field(
        0.3, gt=0, le=1, description="With rms, loudness at which the mouth is open."
    )


class Expressions(Section):
    teach: bool = Field(
        True,
        description="Tell the language model which expressions she has, unless it is the embedded "
        "one or a prompt file named *expres* does.",
    )
    linger_s: float = Field(
        4.0,
        ge=0,
        le=60,
        description="How long a look stays after her last word.",
        json_schema_extra={"unit": "s"},
    )
    tags: dict[str, list[str]] = Field(
        default_factory=dict,
        max_length=64,
        description="Further tags by expression, as joy: [yay]; a new name is an expression of "
        "your own.",
    )


class Avatar(Section):
    expressions: Expressions = Field(
        default_factory=Expressions, description="Looks that tags in her text ask for."
    )
