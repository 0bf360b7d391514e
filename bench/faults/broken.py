"""Parts that break at the call they are told to, and are well (or gone) afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

import numpy as np

from mia.conversation.ports import PLAYING_RATE, Prompt, Samples, Sound, Transcript
from mia.errors import BackendUnavailable
from tests.support.fakes import FakeLlm, FakeStt, FakeTts

NEVER = 100_000.0
Strike = Callable[[], None]

OFFLINE = BackendUnavailable("llm.offline", name="scripted", url="http://scripted")
CUT = BackendUnavailable("llm.interrupted", name="scripted")
GARBAGE = "\ufffd\x00<|im_end|>{]\u202e ﷽ 0x1b[31m \x1b[2J"


@dataclass
class BrokenLlm(FakeLlm):
    """how: dies, hangs, hangs midway, garbage, mid-token, no memory, mistake. calls: which break;
    warm: whether its warm-ups break too."""

    how: str = ""
    strike: Strike = lambda: None
    calls: range = range(1, 2)
    warm_too: bool = False

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        call = len(self.prompts)
        if call not in self.calls:
            async for piece in super().stream(prompt):
                yield piece
            return
        self.prompts.append(prompt)
        if self.how in ("dies midway", "hangs midway"):
            yield "Pues mira, "
            await asyncio.sleep(0.05)
            yield "te cuen"
        self.strike()
        match self.how:
            case "dies":
                raise OFFLINE
            case "dies midway":
                raise CUT
            case "hangs" | "hangs midway":
                await asyncio.sleep(NEVER)
            case "garbage":
                yield GARBAGE
            case "no memory":
                raise MemoryError
            case "mistake":
                raise ZeroDivisionError("a plugin's")
            case _:
                raise AssertionError(self.how)

    async def warm(self, prompt: Prompt) -> None:
        if self.warm_too and self.warmed:
            self.strike()
            raise MemoryError
        await super().warm(prompt)


@dataclass
class BrokenTts(FakeTts):
    """how: fails, silence, hangs, slow, no memory."""

    how: str = ""
    strike: Strike = lambda: None
    broken: Callable[[int], bool] = lambda call: call == 3

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        call = len(self.calls)
        if self.broken(call):
            self.calls.append(text)
            self.strike()
            match self.how:
                case "fails":
                    raise BackendUnavailable("tts.failed", name="main", reason="script")
                case "silence":
                    return
                case "zeros":
                    yield Sound(np.zeros(PLAYING_RATE, np.float32), PLAYING_RATE)
                    return
                case "hangs":
                    await asyncio.sleep(NEVER)
                case "slow":
                    await asyncio.sleep(8)
                case "no memory":
                    raise MemoryError
            self.calls.pop()
        async for sound in super().stream(text, language=language):
            yield sound


@dataclass
class BrokenStt(FakeStt):
    """how: hangs, fails, no memory. broken: by the number of the call."""

    how: str = ""
    strike: Strike = lambda: None
    broken: Callable[[int], bool] = lambda call: call >= 1
    closed: int = 0
    heals: bool = True
    """Loaded anew, it is well."""
    seen: list[int] = field(default_factory=list)

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        self.seen.append(len(samples))
        if self.broken(len(self.seen) - 1) and not (self.closed and self.heals):
            self.strike()
            match self.how:
                case "hangs":
                    await asyncio.sleep(NEVER)
                case "fails":
                    raise BackendUnavailable("stt.cannot_load", reason="script")
                case "no memory":
                    raise MemoryError
        return await super().transcribe(samples, language=language)

    async def aclose(self) -> None:
        self.closed += 1


class DeafDetector:
    """A turn detector that never says whether that was all."""

    def __init__(self, strike: Strike) -> None:
        self._strike = strike

    async def completeness(self, samples: Samples) -> float:
        self._strike()
        await asyncio.sleep(NEVER)
        return 0.0

    async def aclose(self) -> None: ...
