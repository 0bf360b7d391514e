"""A conversation on the virtual clock in which one part breaks, and somebody who asks on.

Engine, chain of minds, voices and recognisers with their rests and switches are the real ones; what
breaks is scripted, at the port.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from bench.faults.outcome import Outcome
from mia.conversation import Conversation, Mouth, Parts
from mia.conversation.ports import (
    HEARING_RATE,
    LanguageModel,
    Memory,
    SpeechSynthesizer,
    SpeechToText,
    TurnDetector,
)
from mia.errors import BackendUnavailable, MiaError
from mia.hearing.several import Recognisers
from mia.mind.chain import Chain, Switched
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from mia.voice import VoiceWording
from mia.voice.voices import Candidate, Voices
from tests.support import virtual
from tests.support.fakes import (
    FakeLlm,
    FakeLoudspeaker,
    FakeStt,
    FakeTts,
    FakeTurnDetector,
    FakeVad,
    same,
)

FRAME = 0.02
SAID = 1.2
"""Seconds that somebody speaks for a turn."""
ASKED = ("Cuéntame algo.", "¿Y después?", "¿Sigues ahí?", "¿Qué tal?")
PATIENCE = 90.0
"""Seconds after which who asks gives up on a turn and asks again."""


T = TypeVar("T")
Report = Callable[[MiaError], None]
Remembers = Callable[[EventBus, Report], AbstractAsyncContextManager[Memory]]


async def _given(part: T) -> T:
    return part


@dataclass
class Scene:
    """llms, voices, ears: name and part, best first."""

    part: str
    fault: str
    llms: Sequence[tuple[str, LanguageModel]] = ()
    voices: Sequence[tuple[str, SpeechSynthesizer]] = ()
    ears: Sequence[tuple[str, SpeechToText]] = ()
    turn_detector: TurnDetector = field(default_factory=FakeTurnDetector)
    spoken: bool = False
    real: bool = False
    """On the machine's own clock, with real sockets."""
    turns: int = 3
    asked: Sequence[str] = ASKED
    pause: float = 1.0
    """Seconds before the first turn and after each."""
    at_once: bool = False
    """The fault is there from the beginning."""
    remembers: Remembers | None = None
    """The memory, told what to report to; it lives as long as the conversation."""
    during: Callable[[Conversation, FakeLoudspeaker, Scene], None] | None = None
    """Called in the middle of the second answer, to do what is to be done then."""
    struck: float | None = None
    """When the fault struck, on the loop's clock."""
    events: list[Event] = field(default_factory=list)
    history: tuple[tuple[str, str], ...] = ()
    speaker: FakeLoudspeaker = field(default_factory=FakeLoudspeaker)
    """Where she is heard; a new one's sound counts from when it was put here."""

    def strike(self) -> None:
        """The fault is here."""
        if self.struck is None:
            self.struck = asyncio.get_running_loop().time()

    def play(self) -> Outcome:
        if self.real:
            asyncio.run(self._main())
        else:
            virtual.run(self._main())
        return self._outcome()

    # ── the conversation ─────────────────────────────────────────────────────────────────────

    def _report(self, bus: EventBus) -> Report:
        def report(error: MiaError) -> None:
            now = asyncio.get_running_loop().time()
            notice = facts.Notice(
                at=now,
                conversation="",
                level="warning",
                code=error.code,
                parameters=error.parameters,
            )
            bus.publish(notice)

        return report

    def _parts(self, bus: EventBus, memory: Memory | None) -> Parts:
        report = self._report(bus)

        def switched(to: Switched) -> None:
            report(BackendUnavailable("llm.switched", name=to.name, before=to.before))

        llms = list(self.llms) or [("mind", FakeLlm())]
        voices = [
            Candidate(name, functools.partial(_given, part))
            for name, part in self.voices or [("voice", FakeTts())]
        ]
        ears = [
            (name, functools.partial(_given, part))
            for name, part in self.ears or [("ears", FakeStt())]
        ]
        return Parts(
            mouth=Mouth(
                Chain(llms, switched),
                Voices({"es": voices[0]}, voices[1:], report),
                VoiceWording(150, {}),
                same,
            ),
            stt=Recognisers(ears, report),
            turn_detector=self.turn_detector,
            voice_detector=FakeVad,
            system_prompt=lambda _language: "",
            memory=memory,
        )

    async def _main(self) -> None:
        bus = EventBus()
        bus.listen(self.events.append)
        if self.at_once:
            self.strike()
        async with contextlib.AsyncExitStack() as stack:
            memory = None
            if self.remembers is not None:
                living = self.remembers(bus, self._report(bus))
                memory = await stack.enter_async_context(living)
            await self._talk(bus, memory)

    async def _talk(self, bus: EventBus, memory: Memory | None) -> None:
        conversation = Conversation("c", self._parts(bus, memory), bus)
        conversation.attach(self.speaker)
        async with asyncio.TaskGroup() as group:
            life = group.create_task(conversation.run())
            speech: asyncio.Queue[float] = asyncio.Queue(4)
            microphone = group.create_task(self._microphone(conversation, speech))
            await asyncio.sleep(self.pause)
            for number in range(self.turns):
                await self._turn(conversation, speech, number)
                await asyncio.sleep(self.pause)
            self.history = tuple((item.role, item.text) for item in conversation.history)
            for task in (microphone, life):
                task.cancel()
            for _, llm in self.llms:
                await llm.aclose()

    async def _microphone(self, conversation: Conversation, speech: asyncio.Queue[float]) -> None:
        loop = asyncio.get_running_loop()
        until, frames = 0.0, 0
        while True:
            frames += 1
            await asyncio.sleep(frames * FRAME - loop.time())
            with contextlib.suppress(asyncio.QueueEmpty):
                until = loop.time() + speech.get_nowait()
            level = 0.5 if loop.time() < until else 0.0
            conversation.hear(np.full(int(FRAME * HEARING_RATE), level, np.float32))

    async def _turn(
        self, conversation: Conversation, speech: asyncio.Queue[float], number: int
    ) -> None:
        """Ask, and wait until she has finished (or not begun) to answer."""
        over = asyncio.Event()

        def watch(event: Event) -> None:
            if isinstance(event, facts.ReplyEnded | facts.TurnDropped):
                over.set()
            if isinstance(event, facts.PlaybackStarted) and number == 1 and self.during:
                call = self.during
                asyncio.get_running_loop().call_later(0.5, call, conversation, self.speaker, self)

        leave = conversation.bus.listen(watch)
        if self.spoken:
            speech.put_nowait(SAID)
        else:
            conversation.type(self.asked[number % len(self.asked)])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await over.wait()
        leave()

    # ── what came of it ──────────────────────────────────────────────────────────────────────

    def _outcome(self) -> Outcome:
        codes = tuple(
            dict.fromkeys(event.code for event in self.events if isinstance(event, facts.Notice))
        )
        done = {
            event.reply
            for event in self.events
            if isinstance(event, facts.ReplyEnded) and event.status == "completed"
        }
        again: float | None = None
        if self.struck is not None:
            sounds = [
                start
                for start, block in self.speaker.heard
                if start >= self.struck and block.reply in done
            ]
            again = min(sounds) - self.struck if sounds else None
        finals = [e for e in self.events if isinstance(e, facts.Heard) and e.final]
        asked = [text for role, text in self.history if role == "user"]
        kept = all(event.text in asked for event in finals)
        lost = self.turns - len(asked)
        words = "every turn" if not lost else f"all but {lost} unheard of {self.turns} turns"
        return Outcome(
            self.part,
            self.fault,
            survived=self.struck is not None and again is not None and kept,
            seen=codes,
            kept=words,
            seconds=again,
            clock="real" if self.real else "virtual",
        )
