"""The keys about what she remembers, and what is kept of a conversation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from mia.config.sections import BackendSection, Section


class Embedder(BackendSection):
    backend: str = Field(
        "auto",
        description="What memories are found by beside their words; auto: the embedded "
        "multilingual one. `gemma` finds the most by far, in both languages (1.1 GB to fetch).",
    )


class Index(BackendSection):
    backend: str = Field("auto", description="What finds the nearest memories; auto: MIA's own.")


class Memory(Section):
    enabled: bool = Field(
        True, description="Whether she remembers; off: she neither keeps nor recalls."
    )
    dir: Path | None = Field(
        None,
        description="Folder memories are kept in; a relative path counts from this file. null: "
        "MIA's own data folder.",
    )
    recalled: int = Field(
        4, ge=1, le=100, description="Memories told for one reply, at most; about 100 tokens."
    )
    max_memories: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Memories that are recalled at all, the newest and the pinned; older ones "
        "rest, readable on the page. null: all.",
    )
    threshold: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Least likeness of a memory to what was said; null: as measured for the "
        "embedder.",
    )
    facts: bool = Field(
        False,
        description="The chosen mind is able to make facts and summaries of what was said "
        "(7 billion parameters or more), and does, while nobody talks. The embedded one never is.",
    )
    resume: bool = Field(
        False, description="Begin where the last conversation ended, instead of anew."
    )
    embedder: Embedder = Field(
        default_factory=Embedder, description="Texts to vectors: what is meant alike lies close."
    )
    index: Index = Field(default_factory=Index, description="Where the vectors are searched.")


class Conversations(Section):
    record: Literal["none", "hers", "both"] = Field(
        "none",
        description="Whose sound is kept of a conversation: nobody's (none), MIA's (hers), or the "
        "user's as well (both). Each conversation can have its own choice; a Discord call is never "
        "kept.",
    )
    sound_mb: int = Field(
        2000,
        ge=10,
        le=1_000_000,
        description="Sound that is kept at most, of all conversations; an hour of speech takes "
        "about 80 MB. Beyond, no more is added.",
        json_schema_extra={"unit": "MB"},
    )


class Rag(Section):
    """The original's keys live in `memory` now; see `mia.config.original`."""
