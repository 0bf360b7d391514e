"""A conversation on a virtual clock, heard and seen: its sound as played, its face at 60 Hz.

Engine, playhead, loudspeaker's pacing and face are the real ones; ears and mind are scripted and
the voice is replayed. Nothing depends on the machine, so a number is the same in every run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from bench.avatar.voices import Reading, Replayed
from mia.audio.resample import StreamResampler
from mia.avatar import expressions
from mia.avatar.face import LiveFace
from mia.avatar.frame import Frame
from mia.avatar.lipsync import LipSync
from mia.conversation import Conversation, Mouth, Parts
from mia.conversation.ports import (
    HEARING_RATE,
    PLAYING_RATE,
    Block,
    Prompt,
    Samples,
    Transcript,
)
from mia.conversation.tuning import DEFAULT, Tuning
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from mia.voice import ClauseCutter, VoiceWording
from mia.voice.cues import folded
from tests.support import virtual

E = TypeVar("E", bound=Event)

RATE = 60.0
TAGS: Mapping[str, str] = {folded(tag): name for tag, name in expressions.tags().items()}


@dataclass
class Take:
    """What was heard and seen. sound: from loop time 0 on, at PLAYING_RATE."""

    frames: list[Frame] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    sound: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    cpu: float = 0.0
    """Seconds of processor time that the face took: frames and facts."""

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def mouth(self) -> tuple[np.ndarray, np.ndarray]:
        """(times, how far it is open)."""
        return (
            np.array([frame.at for frame in self.frames]),
            np.array([frame.mouth_open for frame in self.frames]),
        )


class Heard:
    """A loudspeaker that keeps what it played, by the loop's time."""

    lead = 0.2

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self._until = 0.0
        self._played: list[tuple[float, Samples]] = []
        self.hushed: list[float] = []

    def play(self, block: Block) -> None:
        start = max(_now() + self.latency, self._until)
        self._played.append((start, block.samples))
        self._until = start + len(block.samples) / PLAYING_RATE

    def hush(self) -> None:
        now = _now()
        kept = []
        for start, samples in self._played:
            room = round((now - start) * PLAYING_RATE)
            if room > 0:
                kept.append((start, samples[:room]))
        self._played, self._until = kept, min(self._until, now)
        self.hushed.append(now)

    def duck(self, gain: float, seconds: float) -> None: ...

    def sound(self, seconds: float) -> Samples:
        whole = np.zeros(round(seconds * PLAYING_RATE) + PLAYING_RATE, np.float32)
        for start, samples in self._played:
            at = round(start * PLAYING_RATE)
            whole[at : at + len(samples)] = samples
        return whole


class Mind:
    """Implements `LanguageModel`: writes the scripted reply at once."""

    usage = None

    def __init__(self, replies: Sequence[str]) -> None:
        self._replies = list(replies)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        text = self._replies.pop(0)
        for at in range(0, len(text), 5):
            yield text[at : at + 5]

    async def warm(self, prompt: Prompt) -> None: ...

    async def aclose(self) -> None: ...


class Lines(VoiceWording):
    """Every line is a clause, so that it is one of those that were read ahead."""

    def cutter(self, language: str) -> ClauseCutter:
        return _LineCutter(language)


class _LineCutter(ClauseCutter):
    def feed(self, piece: str) -> list[str]:
        self._text += piece
        *whole, self._text = self._text.split("\n")
        return [line for line in whole if line]


class Timed(EventBus):
    """The bus as the face sees it: what its listener costs is kept."""

    def __init__(self, bus: EventBus, take: Take) -> None:
        super().__init__()
        self._bus = bus
        self._take = take

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        def timed(event: Event) -> None:
            before = time.process_time()
            listener(event)
            self._take.cpu += time.process_time() - before

        return self._bus.listen(timed)


class Ears:
    """Loud is voice, and it is always a question."""

    frame_samples = 320

    def probability(self, frame: Samples) -> float:
        return float(np.abs(frame).max() > 0.1)

    def reset(self) -> None: ...

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        await asyncio.sleep(0.2)
        return Transcript("Espera, que tengo otra pregunta.", language or "es")

    async def aclose(self) -> None: ...


def take(
    reading: Reading,
    replies: Sequence[str],
    *,
    lipsync: LipSync | None = None,
    voices: Sequence[tuple[float, float]] = (),
    until: float | None = None,
    latency: float = 0.03,
    tuning: Tuning = DEFAULT,
) -> Take:
    """Have the replies spoken one after the other, a line of them a clause. voices: when the user
    is audible, for barge-in; until: end then, else after the last reply."""
    found = Take()
    ears = Ears()

    async def main() -> None:
        bus = EventBus()
        bus.listen(found.events.append)
        wording = Lines(tags=TAGS)
        parts = Parts(
            mouth=Mouth(Mind(replies), Replayed(reading), wording, StreamResampler),
            stt=ears,
            turn_detector=None,
            voice_detector=lambda: ears,
            system_prompt=lambda _language: "",
        )
        conversation = Conversation("c", parts, bus, language=reading.language, tuning=tuning)
        speaker = Heard(latency)
        conversation.attach(speaker)
        face = LiveFace(
            Timed(bus, found),
            lambda: conversation.playhead,
            seed=1,
            conversation="c",
            lipsync=lipsync,
            language=lambda _text: reading.language,
        )
        over = asyncio.Event()
        bus.listen(lambda e: over.set() if isinstance(e, facts.ReplyEnded) else None)
        async with asyncio.TaskGroup() as group:
            life = group.create_task(conversation.run())
            seen = group.create_task(_watch(face, found))
            said = group.create_task(_microphone(conversation, voices)) if voices else None
            await asyncio.sleep(0.5)
            for _ in replies:
                over.clear()
                conversation.type("?")
                if until is None:
                    await over.wait()
                    await asyncio.sleep(0.4)
            if until is not None:
                await asyncio.sleep(until - _now())
            for task in (life, seen, said):
                if task is not None:
                    task.cancel()
        face.close()
        found.sound = speaker.sound(_now())

    virtual.run(main())
    return found


async def _watch(face: LiveFace, take: Take) -> None:
    number = 0
    while True:
        before = time.process_time()
        take.frames.append(face.frame(_now()))
        take.cpu += time.process_time() - before
        number += 1
        await asyncio.sleep(max(0.0, number / RATE - _now()))


async def _microphone(conversation: Conversation, voices: Sequence[tuple[float, float]]) -> None:
    count = HEARING_RATE // 50
    for number in range(10**9):
        at = number / 50
        await asyncio.sleep(max(0.0, at + 0.02 - _now()))
        loud = any(begin <= at < end for begin, end in voices)
        conversation.hear(np.full(count, 0.5 if loud else 0.0, np.float32))


def _now() -> float:
    return asyncio.get_running_loop().time()
