"""Hours of talk on the virtual clock: engine, face, event log, metrics and log file are the real
ones; ears, mind and voice are scripted. Turns, interruptions and long silences, and every few
minutes a count of what is held and a look at the mouth."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

import numpy as np

from bench.long.inside import counted
from bench.long.mouth import Played, offset
from mia.avatar.face import LiveFace
from mia.commands.shared import LOG_BYTES, LOG_FILES
from mia.conversation import Conversation, Mouth, Parts
from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Block, Phoneme, Sound, Word
from mia.telemetry import events as facts
from mia.telemetry.eventlog import EventLog
from mia.telemetry.events import Event, EventBus
from mia.telemetry.metrics import Metrics
from mia.telemetry.turns import TurnReports
from mia.voice import VoiceWording
from tests.support import virtual
from tests.support.fakes import FakeLlm, FakeStt, FakeTurnDetector, FakeVad, same

CHUNK = 0.1
"""Seconds of the microphone in one call."""
SAID = 1.2
EVERY = 300.0
"""Seconds between two counts; one answer in each stretch is also looked at."""
FRAMES = 60
WORD, SHUT = 0.3, 0.1
"""Seconds of a spoken word, and of the shut lips it begins with."""

log = logging.getLogger("bench.long")


class SpellingTts:
    """Words of an `m` (soft) and an `a` (loud), with their phonemes."""

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        await asyncio.sleep(0.1)
        words: list[Word] = []
        phonemes: list[Phoneme] = []
        at = 0
        for number, word in enumerate(text.split()):
            start = text.index(word, at)
            at = start + len(word)
            begin = number * WORD
            words.append(Word(start, at, begin, begin + WORD))
            phonemes.append(Phoneme("m", begin, begin + SHUT))
            phonemes.append(Phoneme("a", begin + SHUT, begin + WORD))
        seconds = np.arange(round(len(words) * WORD * PLAYING_RATE)) / PLAYING_RATE
        loud = np.where(seconds % WORD < SHUT, 0.03, 0.4)
        tone = loud * np.sin(2 * np.pi * 200 * seconds)
        yield Sound(tone.astype(np.float32), PLAYING_RATE, tuple(words), tuple(phonemes))

    async def aclose(self) -> None: ...


class Heard:
    """A loudspeaker that keeps the newest reply."""

    lead, latency = 0.2, 0.06

    def __init__(self) -> None:
        self.reply = ""
        self.played = Played(self.latency)

    def play(self, block: Block) -> None:
        if block.reply != self.reply:
            self.reply, self.played = block.reply, Played(self.latency)
        self.played.play(asyncio.get_running_loop().time(), block.samples)

    def hush(self) -> None:
        now = asyncio.get_running_loop().time()
        self.played.until = min(self.played.until, now)

    def duck(self, gain: float, seconds: float) -> None: ...


@dataclass
class Hours:
    """counts: (seconds, what was held). offsets: (seconds, the mouth's lag)."""

    counts: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    offsets: list[tuple[float, float]] = field(default_factory=list)
    turns: int = 0
    answered: int = 0
    interrupted: int = 0
    lost: int = 0
    """Turns that were understood and are not in the history when their answer is over."""
    log_files: int = 0
    log_bytes: int = 0


class Day:
    def __init__(self, folder: Path, hours: float) -> None:
        self.found = Hours()
        self._file = folder / "mia.log"
        self._seconds = hours * 3600
        self._over = asyncio.Event()
        self._sounding = asyncio.Event()
        self._until = 0.0
        """The person speaks until then."""

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        bus = EventBus()
        listeners = (Metrics(bus), TurnReports(bus), EventLog(bus))
        bus.listen(self._tell)
        llm = FakeLlm()
        parts = Parts(
            mouth=Mouth(llm, SpellingTts(), VoiceWording(150, {}), same),
            stt=FakeStt(),
            turn_detector=FakeTurnDetector(),
            voice_detector=FakeVad,
            system_prompt=lambda _language: "",
        )
        conversation = Conversation("c", parts, bus)
        speaker = Heard()
        conversation.attach(speaker)
        face = LiveFace(bus, lambda: conversation.playhead, seed=1, conversation="c")
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(conversation.run()),
                group.create_task(self._microphone(conversation)),
            ]
            await asyncio.sleep(1)
            due = 0.0
            while loop.time() < self._seconds:
                look = loop.time() >= due
                await self._turn(conversation, face, speaker, look=look)
                llm.prompts.clear()  # the script's own notes
                llm.warmed.clear()
                if look:
                    self.found.counts.append((loop.time(), counted()))
                    due = loop.time() + EVERY
                long = self.found.turns % 12 == 0
                await asyncio.sleep(150.0 if long else 4.0 + self.found.turns % 7)
            for task in tasks:
                task.cancel()
        face.close()
        del listeners

    async def _microphone(self, conversation: Conversation) -> None:
        loop = asyncio.get_running_loop()
        number = 0
        while True:
            number += 1
            await asyncio.sleep(number * CHUNK - loop.time())
            level = 0.5 if loop.time() < self._until else 0.0
            conversation.hear(np.full(int(CHUNK * HEARING_RATE), level, np.float32))

    async def _turn(
        self, conversation: Conversation, face: LiveFace, speaker: Heard, *, look: bool
    ) -> None:
        """Say something; on every fourth turn speak over the answer."""
        loop = asyncio.get_running_loop()
        self.found.turns += 1
        self._over.clear()
        self._sounding.clear()
        self._until = loop.time() + SAID
        mouth: list[tuple[float, float]] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60):
                await self._sounding.wait()
                if self.found.turns % 4 == 0 and not look:
                    await asyncio.sleep(1)
                    self._over.clear()
                    self._sounding.clear()
                    self._until = loop.time() + SAID
                    await self._sounding.wait()
                while look and not self._over.is_set():
                    mouth.append((loop.time(), face.frame(loop.time()).mouth_open))
                    await asyncio.sleep(1 / FRAMES)
                await self._over.wait()
        if look and (found := offset(speaker.played, mouth)) is not None:
            self.found.offsets.append((loop.time(), found))
        newest = [item.id for item in conversation.history]
        if self._understood and self._understood not in newest:
            self.found.lost += 1

    _understood = ""

    def _tell(self, event: Event) -> None:
        if not isinstance(event, facts.SoundPlaced):
            log.info("%s", event)
        match event:
            case facts.Heard(final=True):
                self._understood = event.turn
            case facts.PlaybackStarted():
                self._sounding.set()
            case facts.ReplyEnded():
                self.found.answered += event.status == "completed"
                self.found.interrupted += event.status == "interrupted"
                self._over.set()
            case _:
                pass


def simulate(hours: float, folder: Path) -> Hours:
    """So many hours; her log goes to FOLDER, rotated as `log.file` is."""
    handler = RotatingFileHandler(
        folder / "mia.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    day: list[Day] = []

    async def main() -> None:
        day.append(Day(folder, hours))
        await day[0].run()

    try:
        virtual.run(main())
    finally:
        log.removeHandler(handler)
        handler.close()
    files = list(folder.glob("mia.log*"))
    day[0].found.log_files = len(files)
    day[0].found.log_bytes = sum(path.stat().st_size for path in files)
    return day[0].found
