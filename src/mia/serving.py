"""MIA as a program that stays: the page at once, the conversation as soon as the models are in."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mia import main as program
from mia import memory
from mia.avatar.showing import Showing
from mia.channels.microphone import Devices, Microphone
from mia.channels.realtime.hub import Hub
from mia.channels.realtime.talk import Talk
from mia.config import Loaded
from mia.conversation import Conversation, Parts
from mia.conversation.ports import Usage
from mia.errors import MiaError
from mia.home import Home
from mia.memory import StageMemory
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import EventBus
from mia.telemetry.metrics import Metrics
from mia.telemetry.turns import TurnReports
from mia.voice import Voices
from mia.voicing import Voicing
from mia.web.access import Access
from mia.web.app import create_app
from mia.web.model_file import ModelFile
from mia.web.server import bind, serve
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
        self._loading = program.Loading()
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

    async def run(
        self,
        *,
        listening: Callable[[int], None] = lambda _port: None,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve until cancelled or told to stop by a signal.

        listening: called with the port once the page answers. ready: called once she can talk.
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
                config=self._shown,
                access=access,
                usage=self._usage,
                avatar=lambda: self._showing.states,
                voice=lambda: self._voicing,
                sounds_here=self._config.audio.microphone,
                model=self._model(),
                memory=lambda: self._memory,
            )
        )
        self._hub = app.state.hub
        try:
            async with asyncio.TaskGroup() as group:
                server = group.create_task(
                    serve(app, web.host, web.port, listener=listener, ready=listening)
                )
                talking = group.create_task(self._talk(ready))
                self._until_signal(server, talking)
        except* MiaError as errors:
            raise errors.exceptions[0] from None

    async def _talk(self, ready: Callable[[], None]) -> None:
        folder = self._loaded.path.parent
        memories = self._memory.memories
        async with (
            memories.living(),
            program.assembled(
                self._config, folder, self._home, self._bus, self._loading, memories
            ) as parts,
        ):
            self._parts = parts
            if isinstance(parts.mouth.tts, Voices):
                self._voicing = Voicing(self._config, parts.mouth.tts, self._home)
            self._stage = program.conversation(STAGE, parts, self._config, self._bus)
            stage = self._stage
            face = program.face_of(stage, self._config, self._bus)
            self._memory.stage = stage
            memories.attend(STAGE)
            self._can_talk.set()
            ready()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(stage.run())
                    group.create_task(self._showing.run(face))
                    if self._config.memory.resume:
                        group.create_task(self._resume())
                    if self._config.audio.microphone:
                        group.create_task(self._microphone().run(stage))
            finally:
                face.close()
                self._stage = self._parts = self._voicing = None

    def _remembering(self) -> StageMemory:
        memories = memory.memories_of(
            self._config,
            self._home,
            self._bus,
            program.context_of(self._config, self._home),
            lambda problem: program.report(self._bus, problem),
            self._can_talk.wait,
        )
        return StageMemory(memories, self._forgotten)

    async def _resume(self) -> None:
        """Go on where the last conversation ended."""
        try:
            await self._memory.resume(None)
        except MiaError as error:
            program.report(self._bus, error)

    def _forgotten(self, memories: Sequence[int], items: Sequence[str]) -> None:
        """What is forgotten leaves whatever runs as well: the talk, its pages, the log of facts."""
        self._log.forget()
        stage = self._hub.stage if self._hub is not None else None
        if self._stage is None or stage is None:
            return
        here = {item.id for item in self._stage.history}
        for item in {*items, *map(memory.item_of, memories)} & here:
            stage.remove_message(item)
        self._stage.forget_memories(frozenset(memories))

    def _microphone(self) -> Microphone:
        audio = self._config.audio
        devices = Devices(
            audio.input_device,
            audio.output_device,
            audio.sample_rate,
            audio.channels,
            audio.chunk_ms,
            audio.playback_sample_rate,
            audio.echo_cancellation,
        )
        return Microphone(devices, lambda error: program.report(self._bus, error))

    @staticmethod
    def _until_signal(*tasks: asyncio.Task[None]) -> None:
        """A first Ctrl-C (or SIGTERM) ends everything in order."""

        def stop() -> None:
            for task in tasks:
                task.cancel()

        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(name, stop)
            except (NotImplementedError, RuntimeError):
                # Windows' loops have none, and other threads may not: Ctrl-C then raises
                # KeyboardInterrupt, which asyncio.run turns into the same cancellation.
                return

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

    def _usage(self) -> Usage | None:
        return self._parts.mouth.llm.usage if self._parts else None

    def _shown(self) -> Mapping[str, object]:
        """The settings a page may see: pydantic masks secrets, paths stay on this machine."""
        config: Any = self._config
        models = config.models
        return {
            "language": config.language,
            "persona": config.persona.name,
            "wake_names": config.input.wake_names or [config.persona.name],
            "attention_s": config.input.attention_s,
            "llm": models.llm.backend,
            "stt": models.stt.backend,
            "tts": models.tts.backend,
            "embedded_brain": program.embedded_brain(config),
        }
