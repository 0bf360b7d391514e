"""One MIA, and more and more people who talk to her at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from bench.load.client import Client, Turn, connected
from bench.long.real import SPEECH, Line, free_port, lines
from bench.turns import serving
from mia.home import Home
from mia.models.store import ModelStore

MODEL = "smollm2-135m-instruct"
PAUSE = 1.0
"""Seconds between an answer's end and the next thing said."""
PATIENCE = 30.0
"""A turn without an answer within this is one without."""
CONFIG = """\
language: en
input: {{filler: false}}
web: {{port: {port}, max_sessions: 64}}
avatar: {{outputs: {{osc: {{enabled: false}}, vts: {{enabled: false}}}}}}
models: {{llm: {llm}}}
"""


@dataclass
class Level:
    """V2V in seconds of every answered turn of `sessions` people, and how many were not."""

    sessions: int
    v2v: list[float] = field(default_factory=list)
    unanswered: int = 0
    each: list[int] = field(default_factory=list)
    """Answered turns of each person."""

    def at(self, share: float) -> float:
        """A percentile; turns without an answer count as endless."""
        found = sorted(self.v2v) + [math.inf] * self.unanswered
        if not found:
            return math.inf
        return found[min(len(found) - 1, math.ceil(share * len(found)) - 1)]


async def _person(url: str, number: int, said: Sequence[Line], until: float, into: Level) -> None:
    loop = asyncio.get_running_loop()
    answered = 0
    async with connected(url, seed=number) as client:
        await asyncio.sleep(1 + 0.7 * number)  # nobody begins in step
        turn_number = number
        while loop.time() < until:
            line = said[turn_number % len(said)]
            turn_number += 1
            turn = await _turn(client, line)
            if turn.v2v is None or turn.done is None:
                into.unanswered += 1
            else:
                into.v2v.append(turn.v2v)
                answered += 1
            await asyncio.sleep(PAUSE)
    into.each.append(answered)


async def _turn(client: Client, line: Line) -> Turn:
    return await client.say(line.samples, line.end, PATIENCE)


async def level(url: str, sessions: int, seconds: float) -> Level:
    said = [line for line in lines() if line.language == "en"]
    found = Level(sessions)
    until = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(sessions):
            group.create_task(_person(url, number, said, until, found))
    return found


@contextlib.contextmanager
def mia(folder: Path, llm: str) -> Iterator[str]:
    """A running MIA with this mind; where clients connect."""
    port = free_port()
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(port=port, llm=llm), "utf-8")
    command = [sys.executable, "-m", "mia.main", "run", "--config", str(config)]
    log = folder / "mia.log"
    with serving.process(command, log, {"MIA_LANGUAGE": "en"}) as running:
        serving.wait_for("MIA", running, log, f"http://127.0.0.1:{port}/healthz", seconds=300)
        yield f"ws://127.0.0.1:{port}/v1/realtime"


@contextlib.contextmanager
def llm_server(folder: Path, slots: int) -> Iterator[str]:
    """A llama.cpp server in a process of its own; its part of the configuration."""
    port = free_port()
    weights = next(ModelStore(Home.find()).path(MODEL).glob("*.gguf"))
    arguments = [str(weights), str(port), str(slots)]
    command = [sys.executable, "-m", "bench.load.llm_server", *arguments]
    log = folder / "llm.log"
    with serving.process(command, log) as running:
        serving.wait_for("llama.cpp", running, log, f"http://127.0.0.1:{port}/health")
        base = f"http://127.0.0.1:{port}/v1"
        yield f'{{backend: openai, openai: {{base_url: "{base}", max_tokens: 60}}}}'


def measure(where: str, sessions: Sequence[int], seconds: float) -> list[Level]:
    """where: `inside` (the embedded mind) or `server` (a llama.cpp server)."""
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        folder = Path(place)
        llm = "{backend: llamacpp, llamacpp: {max_tokens: 60}}"
        if where == "server":
            llm = stack.enter_context(llm_server(folder, max(sessions)))
        url = stack.enter_context(mia(folder, llm))
        found = []
        for number in sessions:
            found.append(asyncio.run(level(url, number, seconds)))
            print(json.dumps(asdict(found[-1])), flush=True)
        return found


def median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else math.inf


__all__ = ["SPEECH", "Level", "level", "measure"]
