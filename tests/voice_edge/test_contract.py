"""The shared contract, kept by Edge's voices against the local service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from mia.backends import Context, load
from mia.conversation.ports import SpeechSynthesizer
from mia.voice.tts.edge import EdgeOptions
from tests.mind.test_openai_contract import NoModels
from tests.voice.contract import Opened, SynthesizerContract
from tests.voice_edge.service import Boundary, Service, mp3, serving

TONE = mp3(1.2)


class TestEdge(SynthesizerContract):
    @pytest.fixture(autouse=True)
    def _patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def opened(self) -> AbstractAsyncContextManager[Opened]:
        half = len(TONE) // 2
        words: list[Boundary | bytes | asyncio.Event | str] = [
            Boundary("Hola", 0.1, 0.4),
            TONE[:half],
            Boundary("qué", 0.5, 0.8),
            TONE[half:],
        ]
        return self._against(Service(words))

    def endless(self) -> AbstractAsyncContextManager[Opened]:
        return self._against(Service([TONE, asyncio.Event()]))

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        return self._against(Service(refusals=[500]))

    @asynccontextmanager
    async def _against(self, service: Service) -> AsyncIterator[Opened]:
        async with serving(service) as url:
            self.monkeypatch.setattr("edge_tts.communicate.WSS_URL", url)
            context = Context(NoModels(), ("es",), Path("unused"))
            voice: SpeechSynthesizer = await load("tts", "edge", EdgeOptions(), context)
            yield Opened(voice, rate=24_000, stopped=service.left)
            await voice.aclose()
