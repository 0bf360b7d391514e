"""`python -m bench.turns.peer`: Pipecat with local models, spoken to by the same microphone.

Runs in an environment of its own (`bench/README.md`). Pipeline, turn detection (smart-turn behind
Silero) and services are Pipecat's own, with its defaults; ours are only the two ends, and that
models are warmed by one call each before the first frame.
"""

# Pipecat is not installed where types are checked.
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import numpy as np
from loguru import logger
from openai import AsyncOpenAI
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import InputAudioRawFrame, TranscriptionFrame
from pipecat.observers.base_observer import BaseObserver
from pipecat.observers.user_bot_latency_observer import UserBotLatencyObserver
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.piper.tts import PiperTTSService
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from bench.turns.lines import INSTRUCTIONS, RATE, read
from bench.turns.microphone import Microphone, keep
from bench.turns.tape import Tape

CARD_BUFFER = 0.04
"""Seconds of sound a loudspeaker takes ahead of play."""
MAX_TOKENS = 80
NO_STAGE = "first_request"
"""What Pipecat calls the time until anybody said anything at all."""


class Clock:
    """Seconds since the microphone's first frame began."""

    def __init__(self) -> None:
        self._begun: float | None = None

    def begin(self) -> None:
        self._begun = asyncio.get_running_loop().time()

    def now(self) -> float:
        if self._begun is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._begun


class SpokenInput(BaseInputTransport):
    """The microphone as Pipecat's input: each frame when it has been said."""

    def __init__(self, params: Any, microphone: Microphone, clock: Clock) -> None:
        super().__init__(params)
        self._microphone, self._clock = microphone, clock
        self.over = asyncio.Event()
        self._speaking: Any = None

    async def start(self, frame: Any) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._speaking = self.create_task(self._speak())

    async def _speak(self) -> None:
        self._clock.begin()
        while (samples := self._microphone.frame()) is not None:
            await asyncio.sleep(self._microphone.seconds - self._clock.now())
            sound = InputAudioRawFrame(audio=samples.tobytes(), sample_rate=RATE, num_channels=1)
            await self.push_audio_frame(sound)
        self.over.set()


class TapedOutput(BaseOutputTransport):
    """The tape as Pipecat's output, at the pace of a sound card."""

    def __init__(self, params: Any, tape: Tape, clock: Clock) -> None:
        super().__init__(params)
        self._tape, self._clock = tape, clock

    async def start(self, frame: Any) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: Any) -> bool:
        self._tape.play(self._clock.now(), np.frombuffer(frame.audio, np.int16))
        await asyncio.sleep(max(0.0, self._tape.played_until - self._clock.now() - CARD_BUFFER))
        return True


class Transcripts(BaseObserver):
    """Notes what the recogniser understood, and when."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.texts: list[tuple[float, str]] = []
        self._clock = clock

    async def on_push_frame(self, data: Any) -> None:
        if isinstance(data.frame, TranscriptionFrame) and data.first_push:
            self.texts.append((self._clock.now(), data.frame.text.strip()))


async def warm(stt: Any, tts: Any, address: str) -> None:
    """One call of each model, as MIA makes when she starts."""
    noise = np.random.default_rng(0).normal(0, 0.01, 3 * RATE).astype(np.float32)
    list(stt._model.transcribe(noise, language="en")[0])
    list(tts._voice.synthesize("Hello there."))
    await AsyncOpenAI(base_url=address, api_key="none").chat.completions.create(
        model="local",
        messages=[
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": "Hello."},
        ],
        max_tokens=8,
    )


async def talk(options: argparse.Namespace) -> None:
    clock, tape = Clock(), Tape()
    microphone = Microphone(read(options.utterances), tape)
    params = TransportParams(audio_in_enabled=True, audio_out_enabled=True)
    source, sink = SpokenInput(params, microphone, clock), TapedOutput(params, tape, clock)
    stt = WhisperSTTService(
        device="cpu",
        compute_type="int8",
        settings=WhisperSTTService.Settings(model=str(options.whisper)),
    )
    llm = OpenAILLMService(
        base_url=options.llm,
        api_key="none",
        settings=OpenAILLMService.Settings(
            model="local", system_instruction=INSTRUCTIONS, temperature=0.0, max_tokens=MAX_TOKENS
        ),
    )
    tts = PiperTTSService(
        download_dir=options.voice.parent,
        settings=PiperTTSService.Settings(voice=options.voice.stem),
    )
    user, assistant = LLMContextAggregatorPair(
        LLMContext(),
        user_params=LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(), user_turn_strategies=UserTurnStrategies()
        ),
    )
    latency, transcripts = UserBotLatencyObserver(), Transcripts(clock)
    stages: list[dict[str, float]] = []

    @latency.event_handler("on_latency_breakdown")  # type: ignore[untyped-decorator]
    async def note(_observer: Any, breakdown: Any) -> None:
        turn: dict[str, float] = {}
        for part in breakdown.contributions:
            if part.key != NO_STAGE:
                turn[part.key] = turn.get(part.key, 0.0) + part.duration_secs * 1000
        stages.append(turn)

    worker = PipelineWorker(
        Pipeline([source, stt, user, llm, tts, sink, assistant]),
        params=PipelineParams(enable_metrics=True),
        observers=[latency, transcripts],
    )
    await warm(stt, tts, options.llm)
    runner = WorkerRunner()
    await runner.add_workers(worker)

    async def hang_up() -> None:
        await source.over.wait()
        await worker.cancel()

    await asyncio.gather(runner.run(), hang_up())
    keep(options.out, tape, microphone, texts=transcripts.texts, stages=stages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=Path, required=True)
    parser.add_argument("--whisper", type=Path, required=True, help="CTranslate2 model folder")
    parser.add_argument("--voice", type=Path, required=True, help="Piper .onnx file")
    parser.add_argument("--llm", required=True, help="address of the language model, with /v1")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    asyncio.run(talk(options))


if __name__ == "__main__":
    main()
