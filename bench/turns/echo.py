"""`python -m bench.turns.echo OUT.json`: MIA beside a loudspeaker, hearing herself.

Her own voice (Kokoro) comes back into the microphone late, softer, with reflections of a room and
noise, through the echo canceller a sound card gets. Mind and texts are scripted; voice, ears and
canceller are hers. Counted: replies in which she was made to stop by her own voice. Then people
speak over her all the same, and are to be heard.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.turns.barge_in import Overlap, interruptions
from mia import main as program
from mia.audio.echo import EchoCanceller
from mia.channels.realtime.pcm import Decimator
from mia.config import load as load_config
from mia.conversation import Conversation, Parts
from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Block, Prompt, Samples, Usage
from mia.home import Home
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus

FRAME_SECONDS = 0.02
CONFIG = """\
language: {language}
models:
  llm: {{backend: openai, openai: {{base_url: "http://127.0.0.1:9/v1", model: none}}}}
"""
SENTENCES = Path(__file__).parent.parent / "sentences.json"
REFLECTIONS = ((0.0, 1.0), (0.007, 0.5), (0.013, -0.3), (0.021, 0.2))
"""Seconds after the first, and weight."""
LATE = (0.010, 0.060)
LEVEL = (-20.0, -6.0)
NOISE = 1e-3
"""RMS of the room's noise: -60 dBFS."""
EACH = 3
"""Sentences of a reply."""
PATIENCE = 60.0
LONGEST = 120
"""Seconds of sound kept of a scene."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How her own voice comes back: seconds late, dB."""

    late: float
    level: float


class Reciter:
    """A mind that recites what it is told to. `LanguageModel`."""

    usage: Usage | None = None

    def __init__(self) -> None:
        self.text = ""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        del prompt
        for word in self.text.split():
            yield word + " "

    async def warm(self, prompt: Prompt) -> None: ...

    async def aclose(self) -> None: ...


class Air:
    """A loudspeaker, and what of it is in the air when. `Loudspeaker`."""

    lead = 0.04
    latency = 0.0

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._sound = np.zeros(LONGEST * PLAYING_RATE, np.float32)
        self._until = 0
        self._gain = np.float32(1)

    def _now(self) -> int:
        return int((self._loop.time() - self._begun) * PLAYING_RATE)

    def play(self, block: Block) -> None:
        at = max(self._now(), self._until)
        self._until = at + len(block.samples)
        self._sound[at : self._until] = block.samples * self._gain

    def hush(self) -> None:
        self._sound[self._now() : self._until] = 0
        self._until = min(self._until, self._now())

    def duck(self, gain: float, seconds: float) -> None:
        del seconds
        self._gain = np.float32(gain)

    def frame(self, number: int) -> Samples:
        count = int(FRAME_SECONDS * PLAYING_RATE)
        return self._sound[number * count : (number + 1) * count]


class LoudRoom:
    """A conversation whose microphone hears the loudspeaker beside it."""

    def __init__(self, parts: Parts, language: str, *, cancels: bool) -> None:
        self.bus = EventBus()
        self.conversation = Conversation("room", parts, self.bus, language=language)
        self.told: list[Event] = []
        self.surroundings = Surroundings(0.03, -12)
        self._cancels = cancels
        self._speech: Samples = np.zeros(0, np.float32)
        self._air = Air()
        self._frames = 0
        self._told = asyncio.Event()
        self._random = np.random.default_rng(5)
        self.bus.listen(self._note)
        self.scene()

    def scene(self) -> None:
        """Silence, and nothing told; the canceller keeps what it has learned, as in a room."""
        self.told.clear()
        self._air = Air()
        self._frames = 0
        self.conversation.attach(self._air)

    def say(self, samples: Samples) -> None:
        self._speech = samples

    async def until(self, what: Callable[[], bool]) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not what():
                    self._told.clear()
                    await self._told.wait()
        return what()

    async def listen(self) -> None:
        """The microphone, until cancelled."""
        canceller = EchoCanceller(PLAYING_RATE) if self._cancels else None
        to_ears = Decimator()  # gives as much as it gets, each time: air does not stutter
        past = np.zeros(HEARING_RATE, np.float32)
        while True:
            air = self._air
            end = air._begun + (self._frames + 1) * FRAME_SECONDS
            await asyncio.sleep(end - asyncio.get_running_loop().time())
            if air is not self._air:
                continue
            played = air.frame(self._frames)
            self._frames += 1
            past = np.concatenate([past, to_ears.process(played)])[-HEARING_RATE:]
            count = int(FRAME_SECONDS * HEARING_RATE)
            heard = self._random.normal(0, NOISE, count) + self._returned(past, count)
            said, self._speech = self._speech[:count], self._speech[count:]
            heard[: len(said)] += said
            near = heard.astype(np.float32)
            if canceller:
                canceller.played(played)
                near = canceller.heard(near)
            self.conversation.hear(near)

    def _returned(self, past: Samples, count: int) -> Samples:
        found = np.zeros(count, np.float32)
        for later, weight in REFLECTIONS:
            back = len(past) - int((self.surroundings.late + later) * HEARING_RATE)
            found += np.float32(weight) * past[back - count : back]
        return found * np.float32(10 ** (self.surroundings.level / 20))

    def _note(self, event: Event) -> None:
        self.told.append(event)
        self._told.set()


@contextlib.asynccontextmanager
async def loud_room(parts: Parts, language: str, *, cancels: bool) -> AsyncIterator[LoudRoom]:
    made = LoudRoom(parts, language, cancels=cancels)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(made.conversation.run()), group.create_task(made.listen())]
        await asyncio.sleep(FRAME_SECONDS)
        yield made
        for task in tasks:
            task.cancel()


def texts(language: str) -> list[str]:
    found: list[str] = json.loads(SENTENCES.read_text("utf-8"))[language]
    return [" ".join(found[at : at + EACH]) for at in range(0, len(found) - EACH + 1, EACH)]


async def replies(
    here: LoudRoom, mind: Reciter, language: str, times: int, dice: random.Random
) -> Any:
    """Replies nobody speaks over: how often she was lower, silent for a while, and stopped."""
    rows = []
    for number in range(times):
        here.scene()
        here.surroundings = Surroundings(dice.uniform(*LATE), dice.uniform(*LEVEL))
        mind.text = texts(language)[number % len(texts(language))]
        here.conversation.type("Go on.")
        await here.until(lambda: any(isinstance(e, facts.ReplyEnded) for e in here.told))
        ended = [e.status for e in here.told if isinstance(e, facts.ReplyEnded)]
        rows.append(
            {
                "language": language,
                "late": here.surroundings.late,
                "level": here.surroundings.level,
                "lower": sum(isinstance(e, facts.Ducked) for e in here.told),
                "held": sum(isinstance(e, facts.Paused) for e in here.told),
                "stopped": ended != ["completed"],
            }
        )
        print(rows[-1], flush=True)
        await asyncio.sleep(0.5)
    return rows


async def spoken_over(
    here: LoudRoom,
    mind: Reciter,
    language: str,
    said: list[Overlap],
    dice: random.Random,
) -> Any:
    """People speak over her and her echo: whether she stopped."""
    rows = []
    for number, one in enumerate(said):
        here.scene()
        here.surroundings = Surroundings(dice.uniform(*LATE), dice.uniform(*LEVEL))
        mind.text = " ".join(texts(language)[number % 3 :][:3])
        here.conversation.type("Go on.")
        await here.until(lambda: any(isinstance(e, facts.PlaybackStarted) for e in here.told))
        await asyncio.sleep(dice.uniform(1.5, 3.0))
        here.say(one.samples)
        await here.until(lambda: any(isinstance(e, facts.ReplyEnded) for e in here.told))
        rows.append(
            {"what": one.name, "stopped": any(isinstance(e, facts.Interrupted) for e in here.told)}
        )
        print(rows[-1], flush=True)
        here.conversation.stop()
        await here.until(lambda: here.conversation.phase == "idle")
        here.conversation.stop()
        await asyncio.sleep(0.5)
    return rows


async def measure(speech: Path, times: int, dice: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {"with": [], "without": [], "over": []}
    for language in ("es", "en"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "config.yaml"
            path.write_text(CONFIG.format(language=language), "utf-8")
            config = load_config(path, env={}).config
            async with program.assembled(config, path.parent, Home.find(), EventBus()) as parts:
                mind = Reciter()
                parts = replace(parts, mouth=replace(parts.mouth, llm=mind))
                async with loud_room(parts, language, cancels=True) as here:
                    found["with"] += await replies(here, mind, language, times // 2, dice)
                    mine = [s for s in interruptions(speech) if s.language == language]
                    found["over"] += await spoken_over(here, mind, language, mine, dice)
                async with loud_room(parts, language, cancels=False) as here:
                    found["without"] += await replies(here, mind, language, 3, dice)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("speech", type=Path, help="folder of folders with a truth.json")
    parser.add_argument("--replies", type=int, default=50)
    options = parser.parse_args()
    found = asyncio.run(measure(options.speech, options.replies, random.Random(4)))
    options.out.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
