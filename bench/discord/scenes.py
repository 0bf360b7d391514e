"""What is played: the microphone and a call in turn, company, changes of keys, and a crowd."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench.discord.call import Call
from bench.machine import resident_mib
from bench.turns.lines import Line
from bench.turns.room import room
from mia.audio.levels import audible
from mia.conversation import Parts
from mia.telemetry.events import ReplyEnded

AFTER_ANSWER = 1.5
PATIENCE = 25.0


@dataclass(frozen=True, slots=True)
class Said:
    """Who said what."""

    name: str
    file: Path
    text: str


async def at_the_microphone(parts: Parts, lines: Sequence[Line]) -> list[float | None]:
    """Voice to voice of each line into this machine's own microphone, seconds; None: no answer."""
    found: list[float | None] = []
    async with room(parts) as here:
        for line in lines:
            here.scene()
            at = here.seconds
            here.say((line.samples / 32768).astype(np.float32))
            await here.until(lambda: bool(here.of(ReplyEnded)), PATIENCE)
            _, right, rate = here.channels()
            ended = at + line.end
            onsets = [begin for begin, _ in audible(right, rate) if begin >= ended]
            found.append(onsets[0] - ended if onsets else None)
            print("microphone", line.file, found[-1], here.understood(), file=sys.stderr)
            await asyncio.sleep(AFTER_ANSWER)
    return found


async def in_the_call(
    call: Call, name: str, lines: Sequence[Line], folder: Path
) -> list[float | None]:
    """The same, said by one person in the call and heard by them."""
    loop = asyncio.get_running_loop()
    found: list[float | None] = []
    await call.link.do("heard")
    for line in lines:
        before = loop.time()
        said = await call.link.do("say", name=name, file=str(folder / line.file))
        await call.until_answered(before)
        await asyncio.sleep(AFTER_ANSWER)
        ended = said["begun"] + line.end
        stretches = (await call.link.do("heard"))["stretches"]
        onsets = [begin for begin, _ in stretches if begin >= ended]
        found.append(onsets[0] - ended if onsets else None)
        print("call", line.file, found[-1], call.lines(before), file=sys.stderr)
    return found


async def company(call: Call, said: Sequence[Said]) -> dict[str, Any]:
    """Several people, one after the other and then two at a time."""
    since = asyncio.get_running_loop().time()
    for one in said:
        await call.link.do("say", name=one.name, file=str(one.file))
        await asyncio.sleep(1.2)
    together = list(zip(said, [*said[1:], said[0]], strict=True))
    for pair in together:
        if pair[0].name == pair[1].name:
            continue
        async with asyncio.TaskGroup() as group:
            for one in pair:
                group.create_task(call.link.do("say", name=one.name, file=str(one.file)))
        await asyncio.sleep(1.2)
    await asyncio.sleep(4.0)
    truth = [(one.name, one.text) for one in said]
    truth += [
        (one.name, one.text) for pair in together for one in pair if pair[0].name != pair[1].name
    ]
    return {"truth": truth, "lines": [(name, text) for _, name, text in call.lines(since)]}


async def changes_of_keys(
    call: Call, name: str, file: Path, times: int, *, eager: bool
) -> list[float]:
    """Somebody comes or goes while `name` talks: the longest pause between two frames heard of
    `name` from the change on, ms; one for each change."""
    loop = asyncio.get_running_loop()
    heard: list[float] = []
    end = call.spy(lambda at, frame: heard.append(at) if frame.kind == "voice" else None)
    await call.link.do("eager", on=eager)
    talking = asyncio.create_task(call.link.do("say", name=name, file=str(file)))
    found = []
    try:
        await asyncio.sleep(1.0)
        for number in range(times):
            at = loop.time()
            await call.link.do("leave" if number % 2 else "join", name="Visita")
            await asyncio.sleep(0.6)
            near = [h for h in heard if at - 0.1 <= h <= at + 0.6]
            pauses = [b - a for a, b in itertools.pairwise(near)]
            found.append(1000 * max(pauses, default=0.6))
            if talking.done():
                break
    finally:
        end()
    if times % 2:
        await call.link.do("leave", name="Visita")
    await talking
    await call.link.do("eager", on=False)
    return found


@dataclass(slots=True)
class Cost:
    """cpu: seconds of processor time in both processes, MIA's and the other side's."""

    seconds: float
    cpu: float
    other: float
    memory: float


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def crowd(
    call: Call, files: Sequence[Path], seconds: float, pauses: tuple[float, float]
) -> Any:
    """Everybody who is there talks: whether she keeps up, and what it costs."""
    loop = asyncio.get_running_loop()
    late: list[float] = []

    async def watch() -> None:
        while True:
            due = loop.time() + 0.05
            await asyncio.sleep(0.05)
            late.append(1000 * (loop.time() - due))

    since = loop.time()
    own = resource.getrusage(resource.RUSAGE_SELF)
    before = own.ru_utime + own.ru_stime
    other = _cpu_of(call.link.pid)
    watching = asyncio.create_task(watch())
    told = await call.link.do(
        "chatter", files=[str(f) for f in files], seconds=seconds, pauses=list(pauses)
    )
    spoken = loop.time() - since
    # What was said last is understood within seconds, or she has fallen behind.
    await call.until(lambda: False, 15.0)
    watching.cancel()
    own = resource.getrusage(resource.RUSAGE_SELF)
    cost = Cost(
        loop.time() - since,
        own.ru_utime + own.ru_stime - before,
        _cpu_of(call.link.pid) - other,
        resident_mib(os.getpid()),
    )
    said = sorted(
        (one["begun"] + soundfile.info(one["file"]).duration, one["name"]) for one in told["said"]
    )
    return {"said": said, "since": since, "spoken": spoken, "late": late, "cost": cost}
