"""`python -m bench.load.modelled [--file]`: V2V against people, on a modelled machine.

Engine, arbiter and rules are the real ones, on the virtual clock; a model's work is processor time
on two cores that all who work share evenly. What each work costs was measured on a quiet machine
(`bench/results/turns-3.md`: whisper-base 377 ms, SmolLM2-135M 277 ms to its first piece, Piper
293 ms for a first clause). So the numbers do not depend on who else uses this machine, and are as
good as that model: `bench.load` measures for real.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator

import numpy as np

from bench import machine
from bench.load.levels import Level
from bench.load.plot import picture
from mia.conversation import Conversation, Mouth, Parts
from mia.conversation.ports import (
    HEARING_RATE,
    PLAYING_RATE,
    Prompt,
    Samples,
    Sound,
    Transcript,
)
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from tests.support import virtual
from tests.support.fakes import FakeLoudspeaker, FakeVad, PlainWording, same

CORES = 2.0
STEP = 0.01
#: Core-seconds of each work; both engines run two threads wide.
HEAR, READ, WORD, SPEAK = 0.75, 0.55, 0.045, 0.1
"""An utterance; a prompt; a word written; a word spoken."""
REPLY = "That is a good one, I think. I would go there again next year, if I could."
SECONDS = 120.0
FRAME = 0.04
SAID, PAUSE = 2.0, 1.0
PEOPLE = (1, 2, 3, 4, 6)


class Machine:
    """Two cores, shared evenly by whoever works."""

    def __init__(self) -> None:
        self._busy = 0

    async def work(self, core_seconds: float) -> None:
        self._busy += 1
        try:
            while core_seconds > 0:
                await asyncio.sleep(STEP)
                core_seconds -= STEP * CORES / self._busy
        finally:
            self._busy -= 1


class Ears:
    def __init__(self, cores: Machine) -> None:
        self._cores = cores

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        await self._cores.work(HEAR)
        return Transcript("Where would you go on a holiday?", "en")

    async def aclose(self) -> None: ...


class Judge:
    async def completeness(self, samples: Samples) -> float:
        await asyncio.sleep(0.06)
        return 0.95

    async def aclose(self) -> None: ...


class Mind:
    """slots: replies written at once; elsewhere: on another machine, which costs this one none."""

    usage = None

    def __init__(self, cores: Machine, slots: int, *, elsewhere: bool) -> None:
        self._cores = Machine() if elsewhere else cores
        self._slots = asyncio.Semaphore(slots)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        async with self._slots:
            await self._cores.work(READ)
            for word in REPLY.split():
                await self._cores.work(WORD)
                yield f"{word} "

    async def warm(self, prompt: Prompt) -> None: ...

    async def aclose(self) -> None: ...


class Voice:
    def __init__(self, cores: Machine) -> None:
        self._cores = cores

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        words = len(text.split())
        await self._cores.work(SPEAK * words)
        yield Sound(np.full(int(words * 0.3 * PLAYING_RATE), 0.1, np.float32), PLAYING_RATE)

    async def aclose(self) -> None: ...


async def _person(conversation: Conversation, number: int, into: Level) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    turns: list[float] = []

    def tell(event: Event) -> None:
        if event.conversation != conversation.id:
            return
        if isinstance(event, facts.TurnTimed) and "v2v" in event.stages:
            turns.append(event.stages["v2v"] / 1000)
        if isinstance(event, facts.ReplyEnded):
            over.set()

    leave = conversation.bus.listen(tell)
    conversation.attach(FakeLoudspeaker())
    living = asyncio.create_task(conversation.run())
    await asyncio.sleep(0.37 * number + 0.1)
    count = int(HEARING_RATE * FRAME)
    while loop.time() < SECONDS:
        over.clear()
        until = loop.time() + SAID
        while not over.is_set() and loop.time() < until + 60:
            await asyncio.sleep(FRAME)
            level = 0.5 if loop.time() < until else 0.0
            conversation.hear(np.full(count, level, np.float32))
        into.unanswered += not over.is_set()
        await asyncio.sleep(PAUSE)
    leave()
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    into.v2v += turns
    into.each.append(len(turns))


def level(people: int, slots: int, *, elsewhere: bool = False) -> Level:
    found = Level(people)

    async def main() -> None:
        cores = Machine()
        parts = Parts(
            mouth=Mouth(
                Mind(cores, slots, elsewhere=elsewhere), Voice(cores), PlainWording(), same
            ),
            stt=Ears(cores),
            turn_detector=Judge(),
            voice_detector=FakeVad,
            system_prompt=lambda _language: "",
        )
        bus = EventBus()
        async with asyncio.TaskGroup() as group:
            for number in range(people):
                talk = Conversation(f"p{number}", parts, bus, language="en")
                group.create_task(_person(talk, number, found))

    virtual.run(main())
    return found


def modelled() -> dict[str, list[Level]]:
    return {
        "mind inside": [level(n, 1) for n in PEOPLE],
        "server, here": [level(n, max(PEOPLE)) for n in PEOPLE],
        "server, elsewhere": [level(n, max(PEOPLE), elsewhere=True) for n in PEOPLE],
    }


def main() -> None:
    series = modelled()
    rows = ["| mind | people | turns | V2V median | V2V p95 | fewest, most answers of one person |"]
    rows.append("|---|---|---|---|---|---|")
    for name, levels in series.items():
        rows += [
            f"| {name} | {one.sessions} | {len(one.v2v)} | {one.at(0.5):.2f} s | "
            f"{one.at(0.95):.2f} s | {min(one.each)}, {max(one.each)} |"
            for one in levels
        ]
    body = "\n".join(rows) + "\n\n![V2V against people](load-modelled.svg)\n"
    title = "People at the same time, on a modelled machine"
    machine.file("load-modelled", title, "python -m bench.load.modelled --file", body)
    if "--file" in sys.argv:
        svg = picture("Voice to voice, two modelled cores", series)
        (machine.RESULTS / "load-modelled.svg").write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
