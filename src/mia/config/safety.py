"""The keys about what she does not say."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from mia.config.sections import Section


class Safety(Section):
    level: Literal["off", "mild", "strict"] = Field(
        "mild",
        description="What she does not say: nothing is kept back (off), hatred and calls to "
        "self-harm (mild), swear words and sexual ones too (strict, for streams).",
    )
    lists: Path | None = Field(
        None,
        description="Folder of your own lists, *.txt, read again when you save one; null: words/ "
        "beside this file. es.txt and en.txt take the place of hers, others add to them.",
    )
    replacement: str | None = Field(
        None, max_length=300, description="What she says instead; null: a line of her own."
    )
    incoming: bool = Field(
        True, description="Also leave out what strangers (chat, Discord) write with such words."
    )
