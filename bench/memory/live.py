"""`python -m bench.memory.live`: how long an answer waits for what comes to mind, in a talk.

MIA's own ears, mind, voice and memory in one process, spoken to with recordings of people in real
time; her memory holds so many made-up lines besides. Two things are read off every turn: how long
each question to the memory took, from the ask to the answer, beside all that the ears were doing;
and how long the answer waited for it, which is what somebody hears.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import machine
from bench.memory import speed
from bench.memory.room import PERSONA, embedder
from bench.talk import SPEECH
from mia import main as program
from mia import memory
from mia.audio.recording import read_recording
from mia.channels.recording import RecordedTalk
from mia.config.loading import interpret
from mia.conversation.ports import Asking, Recollection
from mia.heap import give_large_blocks_back
from mia.home import Home
from mia.mind.memory.memories import Memories
from mia.telemetry.events import EventBus, TurnTimed

NAME = "talk"


@dataclass
class Watched:
    """The memory of a conversation, and how long each of its questions took, in ms."""

    memories: Memories
    took: list[float] = field(default_factory=list)
    told: int = 0

    async def recall(self, text: str, asking: Asking) -> Recollection:
        begun = time.perf_counter()
        found = await self.memories.recall(text, asking)
        self.took.append((time.perf_counter() - begun) * 1000)
        self.told += bool(found.note)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.memories, name)


@dataclass(frozen=True)
class Lived:
    """Milliseconds of one talk. told: questions that found something worth telling."""

    took: list[float]
    waited: list[float]
    told: int


async def _talked(place: Path, name: str, language: str, rounds: int) -> Lived:
    # The made-up lines were said to this persona: memories of another are not told.
    text = f"language: {language}\npersona:\n  name: {PERSONA}\nmemory:\n  dir: memory\n"
    text += f"  embedder:\n    backend: {name}\n"
    config = interpret(text, place / "config.yaml", env={}).config
    home, bus = Home.find(), EventBus()
    waited: list[float] = []

    def note(event: object) -> None:
        if isinstance(event, TurnTimed) and "memory" in event.stages:
            waited.append(event.stages["memory"])

    async def at_once() -> None:
        """Nothing else has to be loaded before the embedder."""

    context = program.context_of(config, home)
    memories = memory.memories_of(config, home, bus, context, print, at_once)
    watched = Watched(memories)
    truth = json.loads((SPEECH / language / "truth.json").read_text("utf-8"))
    paths = [SPEECH / language / line["file"] for line in truth]
    recordings = [(path, read_recording(path)) for path in paths] * rounds
    async with (
        memories.living(),
        program.assembled(config, place, home, bus, None, watched) as parts,
    ):
        await memories.caught_up()
        conversation = program.conversation(NAME, parts, config, bus, measured=True)
        memories.attend(NAME)
        bus.listen(note)
        async with asyncio.TaskGroup() as group:
            life = group.create_task(conversation.run())
            await asyncio.sleep(0)
            await RecordedTalk().hold(conversation, recordings)
            life.cancel()
    return Lived(watched.took, waited, watched.told)


def lived(folder: Path, name: str, rounds: int, *, busy: bool) -> Lived:
    """Talks in both languages, with what lies in the folder's memory. busy: beside two loops."""
    took: list[float] = []
    waited: list[float] = []
    told = 0
    with speed.two_busy_loops() if busy else contextlib.nullcontext():
        for language in ("es", "en"):
            one = asyncio.run(_talked(folder, name, language, rounds))
            took, waited, told = took + one.took, waited + one.waited, told + one.told
    return Lived(took, waited, told)


def _cells(values: list[float]) -> str:
    p50, p95 = np.percentile(values, [50, 95])
    return f"{p50:.1f} | {p95:.1f} | {max(values):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.memory.live")
    parser.add_argument("--embedders", nargs="+", default=["use", "gemma"])
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=4, help="each recording is said so often")
    parser.add_argument("--busy", action="store_true", help="once more beside two busy loops")
    parser.add_argument("--file", action="store_true", help="keep the report in bench/results")
    options = parser.parse_args()
    give_large_blocks_back()  # as MIA does
    rows = [
        "| | turns | waited p50 | p95 | most | questions | took p50 | p95 | most | told |",
        "|---" * 10 + "|",
    ]
    for name in options.embedders:
        with tempfile.TemporaryDirectory(prefix="mia-bench-") as place:
            kept = Path(place) / "memory"
            kept.mkdir()
            speed.made_up(kept, options.memories, embedder(name))
            (kept / "vectors").unlink()  # MIA makes her own of what the journal holds
            for busy in [False, True] if options.busy else [False]:
                found = lived(Path(place), name, options.rounds, busy=busy)
                rows.append(
                    f"| `{name}`{', beside two busy loops' if busy else ''} | {len(found.waited)}"
                    f" | {_cells(found.waited)} | {len(found.took)} | {_cells(found.took)}"
                    f" | {found.told} |"
                )
    legend = (
        f"\nms, {options.memories:,} memories. waited: what an answer waited for its memory once it"
        " was begun. took: a question to the memory, from the ask to the answer, while ears, mind"
        " and voice of the same process were at work. told: questions that found something; beside"
        " the loops the talk of the row before is remembered too."
    )
    command = " ".join(["python -m bench.memory.live", *sys.argv[1:]])
    machine.file("memory-live", "Memory in a talk", command, "\n".join([*rows, legend]))


if __name__ == "__main__":
    main()
