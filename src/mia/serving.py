"""MIA as a program that stays: the page at once, the conversation as soon as the models are in."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import itertools
import logging
import os
from collections.abc import Callable, Sequence

from starlette.types import ASGIApp

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
from mia.conversation import Conversation, Parts
from mia.conversation.panic import Panic
from mia.conversation.ports import Role, Usage
from mia.errors import MiaError
from mia.home import Home
from mia.kept import Kept
from mia.memory import StageMemory
from mia.mind.memory.digesting import Digesting
from mia.panel.desk import Desk
from mia.panel.live import Live, live
from mia.panel.secrets import hidden
from mia.panel.settings import Settings
from mia.panel.shelf import Shelf
from mia.panel.shown import shown
from mia.redaction import hide
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import EventBus
from mia.telemetry.journal import Journal
from mia.telemetry.metrics import Metrics
from mia.telemetry.timings import Timings
from mia.telemetry.turns import TurnReports
from mia.voice import Voices
from mia.voicing import Voicing
from mia.web import lan as network
from mia.web.access import Access
from mia.web.app import create_app
from mia.web.lan import Lan
from mia.web.model_file import ModelFile
from mia.web.security import Doorway
from mia.web.server import bind, serve, until_signal
from mia.web.services import Health, Services

log = logging.getLogger(__name__)

STAGE = "stage"


class Serving:
    """One MIA: her web server, her stage, and whoever else talks to her."""

    def __init__(self, loaded: Loaded, home: Home) -> None:
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
        self._showing = Showing(
            program.outputs_of(self._config),
            program.context_of(self._config, home),
            lambda problem: program.report(self._bus, problem),
        )
        self._voicing: Voicing | None = None
        self._can_talk = asyncio.Event()
        self._memory = self._remembering()
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
                program.outputs_of,
                lambda: self._memory,
            ).apply,
        )
        self._lan: Lan | None = None
        self._shelf = Shelf(lambda: self._config, home)
        self._desk = Desk(
            lambda: self._loaded, lambda: self._parts, self._reload, self._shelf, home
        )

    async def run(
        self,
        *,
        lan: int | None = None,
        listening: Callable[[int], None] = lambda _port: None,
        reachable: Callable[[Lan], None] = lambda _lan: None,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve until cancelled or told to stop by a signal.

        lan: a port to speak HTTPS on in the local network as well, 0 for a free one.
        listening: called with the port once the page answers. reachable: with the way in from
        the local network. ready: called once she can talk.
        Raises MiaError: the port is taken, or a part cannot be loaded.
        """
        web = self._config.web
        token = web.token.get_secret_value() if web.token else None
        access = Access(web.host, token, origins=tuple(web.allowed_origins))
        listener = bind(web.host, web.port)
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
                access=access,
                usage=self._usage,
                avatar=lambda: self._showing.states,
                voice=lambda: self._voicing,
                sounds_here=self._config.audio.microphone,
                max_pages=web.max_pages,
                max_sessions=web.max_sessions,
                model=self._model(),
                reload=self._reload,
                lan=lambda: self._lan,
                journal=self._journal,
                timings=self._timings,
                desk=self._desk,
                settings=self._settings,
                feel=self._feel,
                memory=lambda: self._memory,
                panic=self._panic,
            )
        )
        self._hub = app.state.hub
        root = logging.getLogger()
        root.addHandler(self._journal)
        try:
            async with asyncio.TaskGroup() as group:
                server = group.create_task(
                    serve(app, web.host, web.port, listener=listener, ready=listening)
                )
                talking = group.create_task(self._stay(ready))
                tasks = [server, talking, group.create_task(self._shelf.downloads.run())]
                if lan is not None:
                    tasks.append(group.create_task(self._open(app, lan, token, reachable)))
                until_signal(*tasks)
        except* MiaError as errors:
            raise errors.exceptions[0] from None
        finally:
            root.removeHandler(self._journal)
            self._journal.close()
            await self._kept.aclose()

    async def _open(
        self, app: ASGIApp, port: int, token: str | None, reachable: Callable[[Lan], None]
    ) -> None:
        """Serve the local network as well, encrypted and with a token, until cancelled."""
        folder = self._home.data
        found = await run_blocking(network.addresses)
        shown = token if token else await run_blocking(network.token, folder)
        tls, fingerprint = await run_blocking(network.context, folder, (*found, *network.names()))
        listener = bind("0.0.0.0", port)
        bound = listener.getsockname()[1]
        ways = [network.url(address, bound) for address in found] or [
            network.url("127.0.0.1", bound)
        ]
        access = Access("0.0.0.0", shown, hosts=network.names())
        hide(shown)
        self._lan = Lan(ways[0], tuple(ways[1:]), shown, fingerprint)
        reachable(self._lan)
        await serve(Doorway(app, access), "0.0.0.0", bound, listener=listener, tls=tls)

    async def _reload(self, *, keep: bool = False) -> None:
        """Begin anew with the configuration as it is in the file now. Raises ConfigError.

        keep: parts that would be loaded just the same need not be; otherwise they are, since
        what does not work may work then."""
        loaded = await run_blocking(lambda: load(self._loaded.path, env=os.environ))
        # Where she listens was decided when the program began.
        loaded.config.web = self._config.web
        self._loaded, self._config = loaded, loaded.config
        hide(*hidden(loaded.config))
        self._anew = self._anew or not keep
        self._changed.set()

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
            self._showing = Showing(
                program.outputs_of(self._config),
                program.context_of(self._config, self._home),
                lambda problem: program.report(self._bus, problem),
            )
            self._can_talk.clear()
            self._memory = self._remembering()

    async def _talk(self, ready: Callable[[], None]) -> None:
        folder, config = self._loaded.path.parent, self._config
        memories = self._memory.memories
        async with (
            memories.living(),
            program.assembled(
                self._config,
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
                self._voicing = Voicing(self._config, parts.mouth.tts, self._home)
            self._stage = program.conversation(STAGE, parts, self._config, self._bus)
            stage = self._stage
            remembers = self._config.memory.enabled
            if not remembers:
                for role, text in self._said:
                    stage.add_message(role, text)
            face = self._face = program.face_of(stage, self._config, self._bus)
            self._memory.stage = stage
            memories.attend(STAGE)
            self._can_talk.set()
            ready()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(stage.run())
                    group.create_task(self._showing.run(face))
                    if program.makes_facts(self._config):
                        group.create_task(Digesting(memories, parts.mouth.llm).run())
                    if remembers and (self._config.memory.resume or self._said):
                        group.create_task(self._memory.go_on(self._trouble))
                    if self._config.audio.microphone:
                        group.create_task(Microphone(self._devices(), self._trouble).run(stage))
                    if self._config.discord.enabled:
                        here = self._devices() if self._config.audio.microphone else None
                        host = calling.host_of(
                            self._config,
                            parts,
                            self._bus,
                            self._home,
                            voice=lambda: self._voicing,
                            on_stage=calling.Limelight(stage, self._show, here, self._bus, group),
                            characters=people.Characters(
                                self._settings,
                                self._config.persona.name,
                                functools.partial(self._reload, keep=True),
                            ),
                            knowledge=people.Knowledge(self._memory),
                            between=self._calls,
                        )
                        group.create_task(calling.acquaint(self._bus, memories.meet))
                        group.create_task(calling.discord(host, self._config))
            finally:
                self._face = None
                face.close()
                if self._voicing is not None:
                    languages = program.languages_of(config)
                    self._kept.became("tts", (self._voicing.section.model_dump(), languages))
                self._said = [(item.role, item.text) for item in stage.history]
                self._stage = self._parts = self._voicing = None

    def _remembering(self) -> StageMemory:
        memories = memory.memories_of(
            self._config,
            self._home,
            self._bus,
            program.context_of(self._config, self._home),
            self._trouble,
            self._can_talk.wait,
            self._forget_words,
        )
        able = functools.partial(program.makes_facts, self._config)
        return StageMemory(memories, self._forgotten, makes_facts=able)

    def _trouble(self, error: MiaError) -> None:
        program.report(self._bus, error)

    def _forgotten(self, memories: Sequence[int], items: Sequence[str]) -> None:
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

    def _model(self) -> ModelFile:
        """Where the user's own avatar is: as configured, or wherever the page puts it."""
        named = self._config.web.avatar_model
        fixed = self._loaded.path.parent / named.expanduser() if named else None
        return ModelFile(self._home.data / "avatar" / "model.vrm", fixed)

    def _feel(self, expression: str, seconds: float) -> None:
        if self._face is not None:
            self._face.feel(expression, seconds)

    def _usage(self) -> Usage | None:
        return self._parts.mouth.llm.usage if self._parts else None
