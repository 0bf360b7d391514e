"""Real voices for the tests that are marked `models`: from the model store, loaded once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import soxr

from mia.backends import Context
from mia.conversation.ports import HEARING_RATE, Samples, Sound, SpeechSynthesizer
from mia.home import Home
from mia.models import ModelStore
from mia.voice.tts import kokoro, piper


@pytest.fixture(scope="package")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(scope="package")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    cache: Path = tmp_path_factory.mktemp("cache")
    return Context(ModelStore(Home.find()), ("es", "en"), cache)


@pytest.fixture(scope="package")
def dora(loop: asyncio.AbstractEventLoop, context: Context) -> Iterator[kokoro.Kokoro]:
    voice = loop.run_until_complete(kokoro.load(kokoro.KokoroOptions(), context))
    yield voice
    loop.run_until_complete(voice.aclose())


@pytest.fixture(scope="package")
def joe(loop: asyncio.AbstractEventLoop, context: Context) -> Iterator[piper.Piper]:
    voice = loop.run_until_complete(piper.load(piper.PiperOptions(), context))
    yield voice
    loop.run_until_complete(voice.aclose())


@pytest.fixture(scope="package")
def recognise(context: Context) -> Callable[[Samples, int, str], str]:
    """What Whisper understands of a sound."""
    from faster_whisper import WhisperModel

    model = WhisperModel(
        str(context.models.path("whisper-base")),
        device="cpu",
        compute_type="int8",
        cpu_threads=2,
        local_files_only=True,
    )

    def heard(samples: Samples, rate: int, language: str) -> str:
        silence = np.zeros(rate // 4, np.float32)
        sound = soxr.resample(np.concatenate([silence, samples, silence]), rate, HEARING_RATE)
        segments, _ = model.transcribe(sound, language=language, beam_size=5)
        return "".join(segment.text for segment in segments).strip()

    return heard


async def all_of(voice: SpeechSynthesizer, text: str, language: str) -> list[Sound]:
    """Every sound of one clause."""
    stream: AsyncGenerator[Sound, None] = voice.stream(text, language=language)
    async with aclosing(stream) as sounds:
        return [sound async for sound in sounds]
