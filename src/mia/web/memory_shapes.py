"""What the routes of memory and conversations are asked and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mia.web.shapes import Problem

MOST_IDS = 1000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MemoryRow(BaseModel):
    """A memory. `at`, `until`: Unix seconds, UTC."""

    id: int
    kind: Literal["turn", "fact", "summary"]
    session: int | None
    role: Literal["user", "assistant"]
    speaker: str
    persona: str
    language: str
    text: str
    at: float
    status: str
    pinned: bool
    dormant: bool = Field(description="Kept, but never recalled.")
    until: float | None = Field(default=None, description="A fact holds until then.")
    score: float | None = Field(default=None, description="How well it fits, in a search.")


class PersonRow(BaseModel):
    id: str
    name: str
    remembered: bool
    memories: int


class SessionRow(BaseModel):
    """A conversation that was had."""

    id: int
    conversation: str
    persona: str
    title: str | None
    first: str = Field(description="Its first words of the user's.")
    begun: float
    newest: float
    language: str
    lines: int
    running: bool = False
    sound: Literal["none", "hers", "both"] = Field("none", description="Whose sound was kept.")


class LineRow(MemoryRow):
    who: str


class SessionAnswer(SessionRow):
    version: Literal[1] = 1
    lines: list[LineRow]  # type: ignore[assignment]  # in full here, a count in the list


class SessionsAnswer(BaseModel):
    version: Literal[1] = 1
    conversations: list[SessionRow]


class ChangeRow(BaseModel):
    """An embedder is taking another's place, which answers meanwhile."""

    before: str
    chosen: str
    done: int = Field(description="Memories the chosen one has seen.")
    all: int


class StatsAnswer(BaseModel):
    version: Literal[1] = 1
    status: Literal["opening", "ready", "failed", "closed"]
    enabled: bool
    private: bool = Field(description="Nothing said on the stage is kept now.")
    embedder: str | None = Field(description="What memories are found by, beside their words.")
    change: ChangeRow | None = None
    makes_facts: bool = Field(description="Whether the mind is able to make facts of talk.")
    problem: Problem | None = None
    memories: int = 0
    turns: int = 0
    facts: int = 0
    pinned: int = 0
    resting: int = 0
    conversations: int = 0
    waiting: int = 0
    bytes: int = 0
    speakers: list[PersonRow] = Field(default_factory=list)
    personas: list[PersonRow] = Field(default_factory=list)


class MemoriesAnswer(BaseModel):
    version: Literal[1] = 1
    memories: list[MemoryRow]


class ContextAnswer(BaseModel):
    version: Literal[1] = 1
    memory: MemoryRow
    lines: list[MemoryRow]
    sources: list[MemoryRow]
    session: SessionRow | None


class PointRow(BaseModel):
    id: int
    x: float
    y: float
    kind: str
    role: str
    at: float
    text: str


class MapAnswer(BaseModel):
    version: Literal[1] = 1
    points: list[PointRow]
    told: list[int] = Field(description="Memories recalled last, the newest first.")


class ChangeRequest(_Body):
    """What is left out stays as it is."""

    text: Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"\S")] | None = None
    pinned: bool | None = None


class Wanted(_Body):
    """Which memories: all conditions together."""

    ids: Annotated[list[int], Field(max_length=MOST_IDS)] | None = None
    speaker: Annotated[str, Field(max_length=200)] | None = None
    persona: Annotated[str, Field(max_length=80)] | None = None
    session: int | None = None
    kind: Literal["turn", "fact", "summary"] | None = None
    since: float | None = Field(default=None, description="Unix seconds: said at or after it.")
    until: float | None = Field(default=None, description="Unix seconds: said before it.")

    def conditions(self) -> dict[str, Any]:
        """Only what was said."""
        told = self.model_dump(exclude_none=True)
        if "ids" in told:
            told["ids"] = tuple(told["ids"])
        return told


class ForgetRequest(Wanted):
    everything: bool = Field(
        default=False, description="Needed where no condition is given: forget all there is."
    )
    only_count: bool = Field(default=False, description="Forget nothing, tell how many there are.")


class ForgetAnswer(BaseModel):
    version: Literal[1] = 1
    count: int


class SwitchRequest(_Body):
    """What is left out stays as it is."""

    enabled: bool | None = Field(default=None, description="Whether she remembers at all.")
    private: bool | None = Field(default=None, description="Keep nothing said on the stage.")
    speaker: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Whether this person is remembered, by `remembered`."
    )
    persona: Annotated[str, Field(max_length=80)] | None = None
    remembered: bool = True


class ImportAnswer(BaseModel):
    version: Literal[1] = 1
    added: int


class RenameRequest(_Body):
    title: Annotated[str, Field(max_length=200)]


class RecordingRequest(_Body):
    record: Literal["none", "hers", "both"] = Field(
        description="Whose sound is kept of the running conversation from now on."
    )


class RecordingAnswer(BaseModel):
    version: Literal[1] = 1
    record: Literal["none", "hers", "both"] = Field(description="Whose sound is kept now.")
    possible: bool = Field(description="False: she remembers nothing now, so no sound either.")
    used: int = Field(description="Bytes of sound that are kept, of all conversations …")
    most: int = Field(description="… and at most.")
