"""What this channel needs of the program it runs in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from mia.channels.discord.conversation import RoomConversation
from mia.conversation import Company, Item
from mia.conversation.company import CompanyMode
from mia.conversation.ports import Asking, Prompt, Recollection, Samples
from mia.errors import MiaError
from mia.telemetry.events import EventBus


class Voice(Protocol):
    """Her voice while she runs (`mia.web.services.VoiceControl`)."""

    def now(self) -> Mapping[str, object]: ...

    async def offered(self) -> list[dict[str, str]]: ...

    async def change(self, wish: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Character:
    """A persona she can be. id: what it is chosen by."""

    id: str
    name: str
    current: bool


class Characters(Protocol):
    """Whom she can be."""

    async def every(self) -> list[Character]: ...

    async def choose(self, character: str) -> Character:
        """Settle that she is this one. She becomes it with `begin_anew`. Raises MiaError."""
        ...

    async def begin_anew(self) -> None:
        """Begin anew as whom was chosen; whoever runs in her ends with it. Raises MiaError."""
        ...


Extent = Literal["me", "day", "last"]
"""What of a person is meant: everything, what was said within the last 24 hours, the last they
said and what she answered."""


class Knowledge(Protocol):
    """What she knows of people. `speaker`: their id."""

    willing: Callable[[str], bool]
    """Asked before anything of somebody is remembered or recalled."""

    def attend(self, conversation: str) -> None:
        """Remember this conversation, which begins now."""
        ...

    async def recall(self, text: str, asking: Asking) -> Recollection:
        """What fits these words. Never raises."""
        ...

    def forgets(self, text: str) -> bool:
        """Whether these words ask to forget what their speaker said last."""
        ...

    async def count(self, speaker: str, extent: Extent) -> int:
        """How many memories that is. Raises MiaError."""
        ...

    async def forget(self, speaker: str, extent: Extent) -> int:
        """Forget it for good; how many memories that was, with those made from them. What still
        runs is told as well, by `Between.running`. Raises MiaError."""
        ...


@dataclass(frozen=True, slots=True)
class Stay:
    """A call she was in when she began anew, and goes on with. persona: who she was."""

    channel: int
    manner: CompanyMode
    persona: str
    items: tuple[Item, ...]


class Forgets(Protocol):
    def __call__(
        self, memories: frozenset[int], items: frozenset[str], speaker: str | None = None, /
    ) -> None:
        """Take these memories and lines, and all lines of this person, out of what runs."""
        ...


@dataclass(slots=True)
class Between:
    """What outlives a beginning anew. running: of whatever is on Discord now."""

    stays: dict[int, Stay] = field(default_factory=dict)
    """By server."""
    running: Forgets = lambda _memories, _items, _speaker=None: None


@dataclass(frozen=True, slots=True)
class Host:
    """persona: her name. language: ISO 639-1 she speaks by default. names: what she answers to.
    data: folder of this channel's own. source: where this version's source is, as the AGPL asks.

    make_room: a conversation with this id in this company, not yet running. on_stage: the room
    takes the stage; None: gives it back. report: tells the operator of a problem. voice: None
    until she has one. prompt: what the mind is told in company, by language. write: what the mind
    writes to a prompt. shown: a text without markup and stage directions. admit: what somebody
    wrote as words for the mind, "" for what is left alone. keep_back: a written answer, or what
    stands in its place where it is not to be said. spoken: a text in a language in her voice, at
    PLAYING_RATE. characters, knowledge: None where there are none."""

    persona: str
    language: str
    names: tuple[str, ...]
    bus: EventBus
    data: Path
    source: str
    make_room: Callable[[str, Company], RoomConversation]
    on_stage: Callable[[RoomConversation | None], None]
    report: Callable[[MiaError], None]
    voice: Callable[[], Voice | None]
    prompt: Callable[[str], str]
    write: Callable[[Prompt], AsyncGenerator[str, None]]
    shown: Callable[[str], str]
    admit: Callable[[str], Awaitable[str]]
    keep_back: Callable[[str], Awaitable[str]]
    spoken: Callable[[str, str], AsyncGenerator[Samples, None]]
    characters: Characters | None = None
    knowledge: Knowledge | None = None
    between: Between = field(default_factory=Between)
