"""Scripted backends for the virtual clock: they take the time they are told to, and no more."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mia.conversation import Mouth, Parts
from mia.conversation.ports import (
    HEARING_RATE,
    PLAYING_RATE,
    Block,
    Prompt,
    Resampler,
    Samples,
    Sound,
    Transcript,
    Usage,
    Word,
)
from mia.errors import BackendUnavailable

FRAME = 320


class FakeVad:
    """Loud is voice."""

    frame_samples = FRAME

    def probability(self, frame: Samples) -> float:
        return 1.0 if float(np.abs(frame).max()) > 0.1 else 0.0

    def reset(self) -> None: ...


@dataclass
class FakeStt:
    """Understands what the script says, by the length of what it is given, or by the time.

    lines: (least seconds of sound, text); the last one that fits is what was said. Or a function
    of the seconds and the loop's time.
    """

    lines: Sequence[tuple[float, str]] | Callable[[float, float], str] = (
        (0.0, "Hola, ¿cómo estás?"),
    )
    takes: float | Callable[[float], float] = 0.2
    confidence: Callable[[float], float] = lambda _seconds: 0.0
    fails: bool = False
    running: int = 0
    most: int = 0
    calls: int = 0

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        seconds = len(samples) / HEARING_RATE
        self.calls += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.takes(seconds) if callable(self.takes) else self.takes)
        finally:
            self.running -= 1
        if self.fails:
            raise BackendUnavailable("stt.cannot_load", reason="script")
        text = ""
        if callable(self.lines):
            text = self.lines(seconds, asyncio.get_running_loop().time())
        else:
            for least, line in self.lines:
                if seconds >= least:
                    text = line
        return Transcript(text, language or "es", confidence=self.confidence(seconds))

    async def aclose(self) -> None: ...


@dataclass
class FakeTurnDetector:
    score: float = 0.95
    takes: float = 0.06

    async def completeness(self, samples: Samples) -> float:
        await asyncio.sleep(self.takes)
        return self.score

    async def aclose(self) -> None: ...


@dataclass
class FakeLlm:
    """Writes the scripted reply word by word; counts what it was asked and what was cut off."""

    reply: str | Callable[[Prompt], str] = "Claro que sí, te lo cuento. Es una historia larga."
    first: float = 0.05
    each: float = 0.02
    stall_after: int | None = None
    fail_after: int | None = None
    prompts: list[Prompt] = field(default_factory=list)
    warmed: list[Prompt] = field(default_factory=list)
    cut_off: int = 0
    running: int = 0
    usage: Usage | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        self.prompts.append(prompt)
        text = self.reply(prompt) if callable(self.reply) else self.reply
        words = re.findall(r"\S+\s*", text)
        self.running += 1
        finished = False
        try:
            await asyncio.sleep(self.first)
            for count, word in enumerate(words):
                if self.fail_after == count:
                    raise BackendUnavailable("llm.failed", reason="script")
                if self.stall_after == count:
                    await asyncio.sleep(10_000)
                yield word
                await asyncio.sleep(self.each)
            finished = True
        finally:
            self.running -= 1
            self.cut_off += not finished

    async def warm(self, prompt: Prompt) -> None:
        self.warmed.append(prompt)

    async def aclose(self) -> None: ...


@dataclass
class FakeTts:
    """0.3 s of sound for each word; every sample of the n-th call has the value n/100.

    takes: seconds of work for the n-th call. fails: calls that raise.
    """

    takes: Callable[[int], float] = lambda call: 0.1
    fails: frozenset[int] = frozenset()
    seconds_per_word: float = 0.3
    calls: list[str] = field(default_factory=list)
    running: int = 0
    most: int = 0

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        call = len(self.calls)
        self.calls.append(text)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.takes(call))
            if call in self.fails:
                raise BackendUnavailable("tts.silent", text=text)
            spans = [m.span() for m in re.finditer(r"\S+", text)]
            step = self.seconds_per_word
            words = tuple(
                Word(start, end, k * step, (k + 1) * step) for k, (start, end) in enumerate(spans)
            )
            samples = np.full(int(len(spans) * step * PLAYING_RATE), (call + 1) / 100, np.float32)
            yield Sound(samples, PLAYING_RATE, words)
        finally:
            self.running -= 1

    async def aclose(self) -> None: ...


class PlainCutter:
    """Cuts after , . ! ? followed by a space."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> list[str]:
        self._text += piece
        *whole, self._text = re.split(r"(?<=[,.!?])\s+", self._text)
        return [clause for clause in whole if clause]

    def finish(self) -> list[str]:
        rest, self._text = self._text.strip(), ""
        return [rest] if rest else []


class PlainWording:
    def cutter(self, language: str) -> PlainCutter:
        return PlainCutter()

    def shown(self, clause: str) -> str:
        return clause.strip()

    def spoken(self, clause: str, language: str) -> str:
        return clause.strip()

    def cues(self, clause: str) -> tuple[tuple[str, int], ...]:
        return ()

    def align(self, shown: str, spoken: str, words: tuple[Word, ...]) -> tuple[Word, ...]:
        return words


class Same:
    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        return samples


def same(_from: int, _to: int) -> Resampler:
    return Same()


@dataclass
class FakeLoudspeaker:
    """Keeps what is heard, sample by sample, as (loop time, block) with everything hushed cut."""

    lead: float = 0.04
    latency: float = 0.0
    heard: list[tuple[float, Block]] = field(default_factory=list)
    until: float = 0.0
    gains: list[tuple[float, float]] = field(default_factory=list)

    def play(self, block: Block) -> None:
        now = asyncio.get_running_loop().time()
        start = max(now + self.latency, self.until)
        self.heard.append((start, block))
        self.until = start + len(block.samples) / PLAYING_RATE

    def hush(self) -> None:
        now = asyncio.get_running_loop().time()
        kept: list[tuple[float, Block]] = []
        for start, block in self.heard:
            room = round((now - start) * PLAYING_RATE)
            if room > 0:
                kept.append((start, Block(block.reply, block.offset, block.samples[:room])))
        self.heard = kept
        self.until = min(self.until, now)

    def duck(self, gain: float, seconds: float) -> None:
        self.gains.append((asyncio.get_running_loop().time(), gain))

    def sound_of(self, reply: str) -> list[tuple[int, int]]:
        """(first, end) sample of every block of a reply that was heard."""
        return [(b.offset, b.offset + len(b.samples)) for _, b in self.heard if b.reply == reply]


@dataclass
class Fakes:
    """A whole set of parts for a conversation."""

    stt: FakeStt = field(default_factory=FakeStt)
    llm: FakeLlm = field(default_factory=FakeLlm)
    tts: FakeTts = field(default_factory=FakeTts)
    turn_detector: FakeTurnDetector = field(default_factory=FakeTurnDetector)

    def parts(self) -> Parts:
        return Parts(
            mouth=Mouth(self.llm, self.tts, PlainWording(), same),
            stt=self.stt,
            turn_detector=self.turn_detector,
            voice_detector=FakeVad,
            system_prompt=lambda language: f"system-{language}",
        )
