"""What the web application is given by the program: everything it shows and can set going."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import mia
from mia.channels.realtime.session import no_usage
from mia.channels.realtime.talk import CountUsage, MakeTalk, Talk
from mia.conversation.panic import Panic
from mia.errors import MiaError
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import EventBus
from mia.telemetry.metrics import Metrics
from mia.telemetry.turns import TurnReports
from mia.web.access import Access
from mia.web.model_file import ModelFile

UI = Path(__file__).parent / "ui"


@dataclass(frozen=True, slots=True)
class Health:
    """Whether she can talk.

    waiting: names of the parts that are still loading. missing: what keeps her from talking.
    """

    status: Literal["ok", "loading", "failed"]
    waiting: tuple[str, ...] = ()
    missing: tuple[MiaError, ...] = ()


class Shown(Protocol):
    """How an avatar output is doing (`mia.avatar.output.OutputState`)."""

    @property
    def status(self) -> str: ...

    @property
    def problem(self) -> MiaError | None: ...

    @property
    def details(self) -> Mapping[str, object]: ...


class VoiceControl(Protocol):
    """Her voice while she runs. Raises MiaError for a voice that is not to be had."""

    def now(self) -> Mapping[str, object]:
        """`backend`, `voice` (None: the backend's own), `speed`, `semitones`."""
        ...

    async def offered(self) -> list[dict[str, str]]:
        """`id`, `name`, `language`, `gender`, `backend`, `licence` of every voice."""
        ...

    async def change(self, wish: Mapping[str, Any]) -> None:
        """From the next clause on."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """stage: the stage's conversation, None until there is one; it is run by the program.

    make_talk: builds a conversation that does not run yet, for a foreign realtime client; its
    session runs and ends it.
    config: the settings a page may see, plain data without secrets.
    avatar: each output of her face that is on, by name.
    voice: her voice, None until she has one.
    usage: token counts of the newest reply. source: where this version's source is, as the
    AGPL asks; whoever changes MIA and serves it sets it. sounds_here: this machine's own
    loudspeaker plays the stage while no page does. max_pages, max_sessions: how many pages, and
    clients with a conversation of their own, there may be at a time. model: where the user's own
    avatar is kept. panic: the switch that silences her everywhere.
    """

    bus: EventBus
    stage: Callable[[], Talk | None]
    make_talk: MakeTalk
    health: Callable[[], Health]
    metrics: Metrics
    turns: TurnReports
    log: EventLog
    config: Callable[[], Mapping[str, object]] = dict
    avatar: Callable[[], Mapping[str, Shown]] = dict
    access: Access = field(default_factory=Access)
    usage: CountUsage = no_usage
    voice: Callable[[], VoiceControl | None] = lambda: None
    source: str = mia.SOURCE_URL
    ui: Path = UI
    sounds_here: bool = False
    max_pages: int = 16
    max_sessions: int = 4
    model: ModelFile | None = None
    panic: Panic = field(default_factory=Panic)
