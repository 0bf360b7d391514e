"""The shared contract, kept by Whisper, and by several recognisers in a row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from mia.backends import Context
from mia.conversation.ports import Samples, SpeechToText, Transcript
from mia.errors import BackendUnavailable, MiaError
from mia.hearing.several import REST_SECONDS, Recognisers
from mia.hearing.stt import faster_whisper
from mia.home import Home
from mia.models import ModelStore
from tests.hearing.contract import Opened, RecogniserContract
from tests.support import virtual


@pytest.mark.models
class TestWhisper(RecogniserContract):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            with TemporaryDirectory() as cache:  # how many threads are quickest is noted there
                context = Context(ModelStore(Home.find()), ("es", "en"), Path(cache))
                whisper = await faster_whisper.load(faster_whisper.WhisperOptions(), context)
                yield Opened(whisper)
                await whisper.aclose()

        return one()

    def stuck(self) -> AbstractAsyncContextManager[Opened]:
        return self.opened()

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            context = Context(ModelStore(Home.find()), ("es", "en"), Path("unused"))
            options = faster_whisper.WhisperOptions(compute_type="int5")
            yield Opened(await faster_whisper.load(options, context))

        return one()


class Scripted:
    """Ears that answer with their name, or fail."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.error: MiaError | None = None
        self.asked = 0
        self.closed = False

    async def transcribe(self, _samples: Samples, *, language: str | None) -> Transcript:
        self.asked += 1
        await asyncio.sleep(0.01)
        if self.error is not None:
            raise self.error
        return Transcript(self.name, language or "es")

    async def aclose(self) -> None:
        self.closed = True


class Row:
    def __init__(self) -> None:
        self.best, self.spare = Scripted("best"), Scripted("spare")
        self.reports: list[MiaError] = []
        self.loads: list[str] = []
        self.ears = Recognisers(
            [("best", self._loading(self.best)), ("spare", self._loading(self.spare))],
            self.reports.append,
        )

    def _loading(self, ears: Scripted):  # type: ignore[no-untyped-def]
        async def load() -> SpeechToText:
            self.loads.append(ears.name)
            return ears

        return load

    async def said(self) -> str:
        return (await self.ears.transcribe(np.zeros(9, np.float32), language="es")).text


OFF = BackendUnavailable("server.offline", name="x", url="http://x")


def test_the_next_hears_the_same_utterance_when_the_best_fails_and_steps_back_later() -> None:
    async def check() -> None:
        row = Row()
        assert await row.said() == "best"
        assert row.loads == ["best"], "nobody is loaded who is not needed"
        row.best.error = OFF
        assert [await row.said() for _ in range(3)] == ["spare"] * 3
        assert row.best.asked == 2, "it is left alone for a while"
        assert [error.code for error in row.reports] == ["server.offline", "stt.switched"]
        assert row.ears.name == "spare"
        row.best.error = None
        await asyncio.sleep(REST_SECONDS + 1)
        assert await row.said() == "best"
        assert row.reports[-1].parameters == {"name": "best", "before": "spare"}
        await row.ears.aclose()
        assert row.best.closed
        assert row.spare.closed

    virtual.run(check())


def test_when_nobody_hears_the_best_ones_reason_is_told() -> None:
    async def check() -> None:
        row = Row()
        row.best.error = OFF
        row.spare.error = BackendUnavailable("stt.cannot_load", reason="no")
        for _ in range(2):
            with pytest.raises(BackendUnavailable) as caught:
                await row.said()
        assert caught.value.code == "server.offline"
        assert len(row.reports) == 2, "each is told once"

    virtual.run(check())
