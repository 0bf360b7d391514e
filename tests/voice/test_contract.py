"""The shared contract, kept by each of the embedded voices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from mia.backends import Context, Options, load
from mia.conversation.ports import SpeechSynthesizer
from mia.errors import ModelUnavailable
from mia.home import Home
from mia.models import ModelStore
from mia.voice.tts.espeak import EspeakOptions
from mia.voice.tts.kokoro import KokoroOptions
from mia.voice.tts.piper import PiperOptions
from tests.voice.contract import Opened, SynthesizerContract


class NoModels:
    def path(self, model_id: str) -> Path:
        raise ModelUnavailable("model.missing", id=model_id)


class EmbeddedContract(SynthesizerContract):
    name: str
    options: Options
    broken_options: Options
    rate: int
    same: bool

    def opened(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            context = Context(ModelStore(Home.find()), ("es", "en"), Path("unused"))
            voice: SpeechSynthesizer = await load("tts", self.name, self.options, context)
            yield Opened(voice, rate=self.rate, same=self.same, whole=self.name == "espeak")
            await voice.aclose()

        return one()

    def endless(self) -> AbstractAsyncContextManager[Opened]:
        return self.opened()

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            context = Context(NoModels(), ("es", "en"), Path("unused"))
            voice: SpeechSynthesizer = await load("tts", self.name, self.broken_options, context)
            try:
                yield Opened(voice)
            finally:
                await voice.aclose()

        return one()


class TestEspeak(EmbeddedContract):
    name, rate, same = "espeak", 22_050, False
    options = EspeakOptions()
    broken_options = EspeakOptions(voice="nobody")


@pytest.mark.models
class TestKokoro(EmbeddedContract):
    name, rate, same = "kokoro", 24_000, True
    options = KokoroOptions()
    broken_options = KokoroOptions()


@pytest.mark.models
class TestPiper(EmbeddedContract):
    """Joe speaks English only, so the contract's text is given to him as English."""

    name, rate, same = "piper", 22_050, False
    options = PiperOptions()
    broken_options = PiperOptions()

    def opened(self) -> AbstractAsyncContextManager[Opened]:
        inner = super().opened()

        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            async with inner as opened:
                voice = opened.voice

                class English:
                    def stream(self, text: str, *, language: str):  # type: ignore[no-untyped-def]
                        del language
                        return voice.stream(text, language="en")

                    async def aclose(self) -> None: ...

                yield Opened(English(), opened.rate, opened.same)

        return one()
