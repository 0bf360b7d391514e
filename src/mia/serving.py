"""MIA as a program that stays: the page at once, the conversation as soon as the models are in."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import itertools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from mia import calling, memory, people
from mia import main as program
from mia.avatar.face import LiveFace
from mia.avatar.showing import Showing
from mia.blocking import run_blocking
from mia.channels.discord.host import Between
from mia.channels.microphone import Devices, Microphone
from mia.channels.realtime.hub import Hub
from mia.channels.realtime.talk import Talk
from mia.config import Loaded, load
from mia.config.schema import Web
from mia.conversation import Conversation, Parts
from mia.conversation.panic import Panic
from mia.conversation.ports import Role, Usage
from mia.doors import Doors, Told
from mia.errors import MiaError
from mia.heap import give_large_blocks_back
from mia.home import Home
from mia.kept import Kept
from mia.memory import StageMemory
from mia.mind.memory.digesting import Digesting
from mia.mind.memory.taping import Taping
from mia.panel.desk import Desk
from mia.panel.live import Live, live
from mia.panel.secrets import hidden
from mia.panel.settings import Settings
from mia.panel.shelf import Shelf
from mia.panel.shown import shown
from mia.panel.wardrobe import Wardrobe
from mia.redaction import hide
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import EventBus, Moved
from mia.telemetry.journal import Journal
from mia.telemetry.metrics import Metrics
from mia.telemetry.timings import Timings
from mia.telemetry.turns import TurnReports
from mia.voice import Voices
from mia.voicing import Voicing
from mia.web.access import Access
from mia.web.app import create_app
from mia.web.model_file import ModelFile
from mia.web.server import until_signal
from mia.web.services import Health, Services

log = logging.getLogger(__name__)

STAGE = "stage"


class Serving:
    """One MIA: her web server, her stage, and whoever else talks to her."""

    def __init__(
        self, loaded: Loaded, home: Home, fixed: Mapping[str, object] = MappingProxyType({})
    ) -> None:
        """fixed: what the command line says of `web`, whatever the file says."""
        self._fixed = fixed
        self._loaded = loaded
        self._config = loaded.config
        self._home = home
        self._bus = EventBus()
        self._metrics = Metrics(self._bus)
        self._turns = TurnReports(self._bus)
        self._log = EventLog(self._bus)
        self._timings = Timings(self._bus)
        self._journal = Journal(self._bus)
        hide(*hidden(loaded.config))
        self._loading = program.Loading()
        self._kept = Kept()
        self._anew = False
        """The next beginning loads everything anew, whether it could be kept or not."""
        self._panic = Panic()
        self._parts: Parts | None = None
        self._stage: Conversation | None = None
        self._wardrobe = Wardrobe(
            lambda: self._loaded,
            lambda: self._showing,
            lambda: self._hub.tell_all() if self._hub else None,
        )
        self._showing = self._outputs()
        self._voicing: Voicing | None = None
        self._can_talk = asyncio.Event()
        self._memory = self._remembering()
        self._taping: Taping | None = None
        self._hub: Hub | None = None
        self._guests = itertools.count(1)
        self._changed = asyncio.Event()
        self._said: list[tuple[Role, str]] = []
        """What was said before she began anew, for her to go on from where nothing is kept."""
        self._face: LiveFace | None = None
        self._calls = Between()
        self._settings = Settings(
            lambda: self._loaded,
            os.environ,
            live,
            Live(
                lambda: self._hub.stage if self._hub else None,
                lambda: self._voicing,
                lambda: self._showing,
                self._wardrobe.outputs,
                lambda: self._memory,
                lambda: self._taping,
                self._open_network,
            ).apply,
        )
        self._doors: Doors | None = None
        # Where the user's own avatar is: as configured, or wherever the page puts it.
        kept = home.data / "avatar" / "model.vrm"
        self._avatar_model = ModelFile(kept, self._fixed_model(self._config.web))
        self._shelf = Shelf(lambda: self._config, home)
        self._desk = Desk(
            lambda: self._loaded, lambda: self._parts, self._reload, self._shelf, home
        )

    async def run(
        self, told: Told | None = None, *, ready: Callable[[], None] = lambda: None
    ) -> None:
        """Serve until cancelled or told to stop by a signal.

        told: hears where she is reached, at first and whenever that changes. ready: called once
        she can talk. Raises MiaError: the port is taken, or a part cannot be loaded.
        """
        give_large_blocks_back()
        web = self._config.web
        self._doors = Doors(self._home, web, told)
        app = create_app(
            Services(
                bus=self._bus,
                stage=lambda: self._stage,
                make_talk=self._make_talk,
                health=self._health,
                metrics=self._metrics,
                turns=self._turns,
                log=self._log,
                config=lambda: shown(self._config),
                access=Access(web.host, "" if web.token is None else web.token.get_secret_value()),
                usage=self._usage,
                avatar=lambda: self._showing.states,
                voice=lambda: self._voicing,
                sounds_here=self._config.audio.microphone,
                max_pages=web.max_pages,
                max_sessions=web.max_sessions,
                model=self._avatar_model,
                reload=self._reload,
                become=functools.partial(self._reload, keep=True),
                lan=lambda: self._doors.lan if self._doors else None,
                journal=self._journal,
                timings=self._timings,
                desk=self._desk,
                settings=self._settings,
                feel=self._feel,
                memory=lambda: self._memory,
                sound=lambda: self._taping,
                panic=self._panic,
                worn=lambda: self._wardrobe.worn,
                dress=self._wardrobe.dress,
            )
        )
        self._hub = app.state.hub
        self._doors.open(app)
        root = logging.getLogger()
        root.addHandler(self._journal)
        try:
            async with asyncio.TaskGroup() as group:
                server = group.create_task(self._doors.run(app))
                talking = group.create_task(self._stay(ready))
                until_signal(server, talking, group.create_task(self._shelf.downloads.run()))
        except* MiaError as errors:
            raise errors.exceptions[0] from None
        finally:
            root.removeHandler(self._journal)
            self._journal.close()
            await self._kept.aclose()

    async def _reload(self, *, keep: bool = False) -> None:
        """Begin anew with the configuration as it is in the file now. Raises MiaError: it is
        wrong, or she cannot be reached as it says; then nothing has changed.

        keep: parts that would be loaded just the same need not be; otherwise they are, since
        what does not work may work then."""
        loaded = await run_blocking(lambda: load(self._loaded.path, env=os.environ))
        web = loaded.config.web
        for name, value in self._fixed.items():
            setattr(web, name, value)
        doors = self._doors
        if doors is not None and self._hub is not None:
            before = doors.place.port
            if await doors.move(web):
                place = doors.place
                self._bus.publish(
                    Moved(
                        at=asyncio.get_running_loop().time(),
                        conversation="",
                        host=place.host,
                        port=place.port,
                        before=before,
                    )
                )
            self._hub.limit(web.max_pages, web.max_sessions)
            self._avatar_model.fixed = self._fixed_model(web)
        self._loaded, self._config = loaded, loaded.config
        hide(*hidden(loaded.config))
        await self._wardrobe.dress()
        self._anew = self._anew or not keep
        self._changed.set()

    async def _open_network(self, wanted: bool) -> None:
        """Be reached from the local network, or no longer. Raises MiaError."""
        assert self._doors is not None
        web = self._config.web.model_copy(update={"lan": wanted})
        await self._doors.move(web)
        self._config.web = web

    async def _stay(self, ready: Callable[[], None]) -> None:
        """Talk; whenever the configuration has changed, with new parts.

        What cannot be loaded ends the program when it begins, since there is nothing to go back
        to; later it is told on the page, where another choice can be made.
        """
        again = False
        while True:
            self._changed.clear()
            if self._anew:
                self._anew = False
                await self._kept.aclose()
            talking = asyncio.create_task(self._talk(ready), name="talking")
            changed = asyncio.create_task(self._changed.wait(), name="configuration")
            try:
                await asyncio.wait({talking, changed}, return_when=asyncio.FIRST_COMPLETED)
                if not changed.done():
                    try:
                        await talking
                    except MiaError as error:
                        if not again:
                            raise
                        self._loading.failed.append(error)
                        program.report(self._bus, error)
                    await changed
            finally:
                if self._hub is not None:
                    self._hub.send_away()
                for task in (talking, changed):
                    task.cancel()
                await asyncio.wait({talking, changed})
                if not talking.cancelled():
                    talking.exception()  # told already, or on its way up
            again = True
            self._loading.failed.clear()
            self._showing = self._outputs()
            self._can_talk.clear()
            self._memory = self._remembering(self._memory)

    async def _talk(self, ready: Callable[[], None]) -> None:
        folder, config = self._loaded.path.parent, self._config
        memories = self._memory.memories
        taping = self._taping = memory.taping_of(memories, config, self._bus, STAGE, self._trouble)
        async with (
            memories.living(),
            taping.living(),
            program.assembled(
                config,
                folder,
                self._home,
                self._bus,
                self._loading,
                memories,
                self._kept,
            ) as parts,
        ):
            self._parts = parts = dataclasses.replace(parts, panic=self._panic)
            if isinstance(parts.mouth.tts, Voices):
                self._voicing = Voicing(config, parts.mouth.tts, self._home)
            self._stage = program.conversation(STAGE, parts, config, self._bus)
            stage = self._stage
            stage.overheard = taping.hear
            remembers = config.memory.enabled
            if not remembers:
                for role, text in self._said:
                    stage.add_message(role, text)
            face = self._face = program.face_of(stage, config, self._bus)
            self._memory.stage = stage
            memories.attend(STAGE)
            self._can_talk.set()
            ready()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(stage.run())
                    group.create_task(self._showing.run(face))
                    if program.makes_facts(config):
                        group.create_task(Digesting(memories, parts.mouth.llm).run())
                    if remembers and (config.memory.resume or self._said):
                        group.create_task(self._memory.go_on(self._trouble))
                    if config.audio.microphone:
                        group.create_task(Microphone(self._devices(), self._trouble).run(stage))
                    if config.discord.enabled:
                        self._answer_calls(group, stage, parts)
            finally:
                self._face = None
                face.close()
                if self._voicing is not None:
                    languages = program.languages_of(config)
                    self._kept.became("tts", (self._voicing.section.model_dump(), languages))
                self._said = [(item.role, item.text) for item in stage.history]
                self._stage = self._parts = self._voicing = None

    def _answer_calls(self, group: asyncio.TaskGroup, stage: Conversation, parts: Parts) -> None:
        """Be on Discord, too; a call has face and pages for as long as it lasts."""
        config = self._config
        here = self._devices() if config.audio.microphone else None
        reload = functools.partial(self._reload, keep=True)
        host = calling.host_of(
            config,
            parts,
            self._bus,
            self._home,
            voice=lambda: self._voicing,
            on_stage=calling.Limelight(stage, self._show, here, self._bus, group),
            characters=people.Characters(self._settings, config.persona.name, reload),
            knowledge=people.Knowledge(self._memory),
            between=self._calls,
        )
        group.create_task(calling.acquaint(self._bus, self._memory.memories.meet))
        group.create_task(calling.discord(host, config))

    def _outputs(self) -> Showing:
        context = program.context_of(self._config, self._home)
        return Showing(self._wardrobe.outputs(self._config), context, self._trouble)

    def _remembering(self, before: StageMemory | None = None) -> StageMemory:
        """A memory, with the conversations as private as they were."""
        memories = memory.memories_of(
            self._config,
            self._home,
            self._bus,
            program.context_of(self._config, self._home),
            self._trouble,
            self._can_talk.wait,
            self._forgotten,
        )
        if before is not None:
            memories.recorder.as_private_as(before.memories.recorder)
        able = functools.partial(program.makes_facts, self._config)
        return StageMemory(memories, self._forgotten, makes_facts=able)

    def _trouble(self, error: MiaError) -> None:
        program.report(self._bus, error)

    def _forgotten(self, memories: Sequence[int], items: Sequence[str] = ()) -> None:
        self._forget_words()
        self._calls.running(frozenset(memories), frozenset(items))
        if self._stage is not None and self._hub is not None and self._hub.stage is not None:
            memory.forget_in(self._stage, self._hub.stage.remove_message, memories, items)

    def _forget_words(self) -> None:
        """What pages look at may hold what was forgotten, word for word."""
        for store in (self._log, self._journal, self._turns, self._timings):
            store.forget()
        if self._hub is not None:
            self._hub.forget()

    def _show(self, talk: Conversation) -> None:
        """Face and pages show this conversation from now on."""
        self._stage = talk
        self._memory.shows(talk.id)
        if self._face is not None:
            self._face.follow(talk.id, lambda: talk.playhead)
        if self._hub is not None:
            self._hub.send_away()

    def _devices(self) -> Devices:
        audio = self._config.audio
        return Devices(
            audio.input_device,
            audio.output_device,
            audio.sample_rate,
            audio.channels,
            audio.chunk_ms,
            audio.playback_sample_rate,
            audio.echo_cancellation,
        )

    async def _make_talk(self) -> Talk:
        assert self._parts is not None
        name = f"guest{next(self._guests)}"
        # A foreign client is somebody's program: what is said to it is not MIA's to keep.
        parts = dataclasses.replace(self._parts, memory=None)
        return program.conversation(name, parts, self._config, self._bus)

    def _health(self) -> Health:
        if self._loading.failed:
            return Health("failed", missing=tuple(self._loading.failed))
        if self._stage is None:
            return Health("loading", waiting=tuple(sorted(self._loading.waiting)))
        return Health("ok")

    def _fixed_model(self, web: Web) -> Path | None:
        """The configuration's own avatar file."""
        named = web.avatar_model
        return self._loaded.path.parent / named.expanduser() if named else None

    def _feel(self, expression: str, seconds: float) -> None:
        if self._face is not None:
            self._face.feel(expression, seconds)

    def _usage(self) -> Usage | None:
        return self._parts.mouth.llm.usage if self._parts else None
