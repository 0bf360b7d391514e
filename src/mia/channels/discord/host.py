"""What this channel needs of the program it runs in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mia.channels.discord.conversation import RoomConversation
from mia.conversation import Company
from mia.conversation.ports import Prompt, Samples
from mia.errors import MiaError
from mia.telemetry.events import EventBus


class Voice(Protocol):
    """Her voice while she runs (`mia.web.services.VoiceControl`)."""

    def now(self) -> Mapping[str, object]: ...

    async def offered(self) -> list[dict[str, str]]: ...

    async def change(self, wish: Mapping[str, Any]) -> None: ...


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
    PLAYING_RATE."""

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
