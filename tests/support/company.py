"""A conversation in company on the virtual clock: each person has a loudness of their own, by which
the scripted recogniser knows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mia.conversation import Company, Conversation, Speaker
from mia.conversation.ports import HEARING_RATE, Samples, Transcript
from mia.telemetry.events import Event, EventBus
from tests.support import virtual
from tests.support.fakes import FakeLoudspeaker, Fakes

FRAME_SECONDS = 0.02

ANA = Speaker("discord:1", "Ana")
BEN = Speaker("discord:2", "Ben")
CYD = Speaker("discord:3", "Cyd")
LOUD = {ANA.id: 0.3, BEN.id: 0.5, CYD.id: 0.7}


@dataclass
class RoomStt:
    """Knows by the loudness who speaks, and by how often what: `says[id]` in order of utterance;
    the last one stays. Words come with the voice they were said in."""

    says: Mapping[str, Sequence[str]]
    takes: float = 0.2
    running: int = 0
    most: int = 0
    asked: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """How long each sound was."""

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        loud = float(np.abs(samples).max())
        who = min(LOUD, key=lambda one: abs(LOUD[one] - loud))
        self.asked.append(who)
        self.seconds.append(len(samples) / HEARING_RATE)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.running -= 1
        # The script gives each utterance a length: as many tenths of a second as its place.
        voiced = int((np.abs(samples) > 0.1).sum()) / HEARING_RATE
        lines = self.says[who]
        at = min(range(len(lines)), key=lambda i: abs(voiced - (1.0 + 0.5 * i)))
        return Transcript(lines[at], language or "es")

    async def aclose(self) -> None: ...


@dataclass
class Met:
    events: list[Event] = field(default_factory=list)
    speaker: FakeLoudspeaker = field(default_factory=FakeLoudspeaker)
    conversation: Conversation | None = None
    fakes: Fakes | None = None

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def utterance(at: float, which: int = 0) -> tuple[float, float]:
    """From when to when somebody says the `which`-th of their lines."""
    return (at, at + 1.0 + 0.5 * which)


def meet(
    voices: Mapping[Speaker, Sequence[tuple[float, float]]],
    says: Mapping[Speaker, Sequence[str]],
    *,
    company: Callable[[Company], None] = lambda _company: None,
    at: Sequence[tuple[float, Callable[[Conversation], Any]]] = (),
    people: Sequence[Speaker] | None = None,
    until: float = 15.0,
    takes: float = 0.2,
    gap: float = 0.8,
) -> Met:
    """Let these people speak from when to when (seconds), and MIA hear them."""
    fakes = Fakes(stt=RoomStt({who.id: lines for who, lines in says.items()}, takes))  # type: ignore[arg-type]
    met = Met(fakes=fakes)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        there = Company(loop.time, ("MIA",), 18.0, gap=gap)
        there.people = {who.id: who for who in (people or list(says))}
        company(there)
        bus = EventBus()
        bus.listen(met.events.append)
        room = Conversation("room", fakes.parts(), bus, company=there)
        met.conversation = room
        room.attach(met.speaker)

        async def microphones() -> None:
            count = int(HEARING_RATE * FRAME_SECONDS)
            for frame in range(int(until / FRAME_SECONDS)):
                begin = frame * FRAME_SECONDS
                await asyncio.sleep(begin + FRAME_SECONDS - loop.time())
                for who, stretches in voices.items():
                    loud = any(a <= begin + 1e-9 and begin < b - 1e-9 for a, b in stretches)
                    level = LOUD[who.id] if loud else 0.0
                    room.hear_from(who, np.full(count, level, np.float32))

        async def script() -> None:
            for when, action in sorted(at, key=lambda entry: entry[0]):
                await asyncio.sleep(max(0.0, when - loop.time()))
                action(room)

        async with asyncio.TaskGroup() as group:
            life = group.create_task(room.run())
            group.create_task(script())
            await group.create_task(microphones())
            life.cancel()

    virtual.run(main())
    return met
