"""What the web application is given by the program: everything it shows and can set going."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import mia
from mia.audio.devices import Device, fresh_devices
from mia.channels.realtime.session import no_usage
from mia.channels.realtime.talk import CountUsage, MakeTalk, Talk
from mia.conversation.panic import Panic
from mia.errors import MiaError
from mia.personas.face import Worn
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import EventBus
from mia.telemetry.journal import Journal
from mia.telemetry.metrics import Metrics
from mia.telemetry.timings import Timings
from mia.telemetry.turns import TurnReports
from mia.web.access import Access
from mia.web.desk import Desk
from mia.web.lan import Lan
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


async def nothing_to_reload() -> None:
    """For programs whose configuration does not change."""


class SettingsControl(Protocol):
    """The configuration as pages change it (`mia.panel.settings.Settings`)."""

    async def describe(self) -> dict[str, Any]: ...

    async def change(
        self, wish: Mapping[str, object], reset: Collection[str], how: str
    ) -> dict[str, Any]: ...

    async def secret(self, name: str, value: str) -> None: ...

    async def check_file(self) -> None: ...


class Mix(Protocol):
    """A WAV file that is made while it is sent (`mia.mind.memory.mixing.Mix`)."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def blocks(self) -> Iterator[bytes]:
        """The file, piece by piece; each takes a while."""
        ...


Record = Literal["none", "hers", "both"]
"""Whose sound is kept."""


class SoundControl(Protocol):
    """What keeps the sound of the stage's conversation (`mia.mind.memory.taping.Taping`)."""

    @property
    def record(self) -> Record:
        """Whose is kept now."""
        ...

    @property
    def possible(self) -> bool:
        """Whether any can be."""
        ...

    @property
    def used(self) -> int:
        """Bytes that are kept now …"""
        ...

    @property
    def most(self) -> int:
        """… and at most."""
        ...

    def record_of(self, conversation: str) -> Record: ...

    def choose(self, record: Record) -> None:
        """Keep this of the running conversation. Raises MiaError `conversations.not_kept`."""
        ...

    async def count(self) -> None:
        """Look how much is kept."""
        ...


class MemoryControl(Protocol):
    """What she remembers (`mia.mind.memory.library.Library`). Rows are plain data. Raises
    MiaError. `wanted`: conditions by name, as `mia.mind.memory.records.Wanted` has them."""

    async def stats(self) -> dict[str, Any]: ...
    async def search(
        self, text: str, wanted: Mapping[str, Any], limit: int
    ) -> list[dict[str, Any]]: ...
    async def newest(
        self, wanted: Mapping[str, Any], limit: int, before: int | None
    ) -> list[dict[str, Any]]: ...
    async def count(self, wanted: Mapping[str, Any]) -> int: ...
    async def context(self, memory: int, reach: int) -> dict[str, Any]: ...
    async def map(self) -> dict[str, Any]: ...
    async def edit(self, memory: int, text: str) -> dict[str, Any]: ...
    async def pin(self, memory: int, pinned: bool) -> dict[str, Any]: ...
    async def forget(self, wanted: Mapping[str, Any]) -> int: ...
    async def remember(
        self, *, speaker: str | None = None, persona: str | None = None, remembered: bool
    ) -> None: ...
    def switch(self, enabled: bool) -> None: ...
    def private(self, conversation: str, private: bool) -> None: ...
    async def read_in(self, lines: Sequence[str]) -> int: ...
    async def export(self, wanted: Mapping[str, Any]) -> list[str]: ...
    async def rebuild(self) -> None: ...
    async def sessions(self) -> list[dict[str, Any]]: ...
    async def session(self, session: int) -> dict[str, Any]: ...
    async def rename(self, session: int, title: str) -> dict[str, Any]: ...
    async def sound(self, session: int, side: Literal["hers", "both"]) -> Mix: ...
    async def forget_sound(self, session: int) -> None: ...
    async def export_session(self, session: int, form: Literal["md", "json", "srt"]) -> str: ...
    async def resume(self, session: int | None) -> bool: ...
    async def begin(self) -> None: ...


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
    reload: read the configuration anew and begin again with it; returns once she is loading,
    raises ConfigError and changes nothing where the file is wrong.
    journal: the newest log lines. timings: where each turn's time went.
    settings: the configuration. feel: shows an expression for some seconds.
    desk: the set-up and the models.
    lan: how she is reached from the same network, None while she does not listen there.
    memory: what she remembers. sound: what keeps the sound of it.
    devices: looks for the microphones and loudspeakers of this machine; blocking, raises
    DeviceUnavailable.
    worn: the face of the persona she is now. dress: look again what that is, and show it.
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
    reload: Callable[[], Awaitable[None]] = nothing_to_reload
    become: Callable[[], Awaitable[None]] | None = None
    """As `reload`, for another persona: what stays the same need not be loaded again."""
    journal: Journal | None = None
    timings: Timings | None = None
    desk: Desk | None = None
    lan: Callable[[], Lan | None] = lambda: None
    settings: SettingsControl | None = None
    feel: Callable[[str, float], None] | None = None
    memory: Callable[[], MemoryControl | None] = lambda: None
    sound: Callable[[], SoundControl | None] = lambda: None
    panic: Panic = field(default_factory=Panic)
    devices: Callable[[], Sequence[Device]] = fresh_devices
    worn: Callable[[], Worn] = Worn
    dress: Callable[[], Awaitable[None]] = nothing_to_reload
