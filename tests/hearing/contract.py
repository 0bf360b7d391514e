"""What every `SpeechToText` promises, as checks that any backend's test can run.

A backend's test subclasses `RecogniserContract` in a class named `Test…` and says how it is opened.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import numpy as np
import pytest

from mia.conversation.ports import HEARING_RATE, Samples, SpeechToText
from mia.errors import MiaError
from mia.hearing.hallucinations import plain
from tests.mind.contract import SETTLING


@dataclass
class Opened:
    ears: SpeechToText
    stopped: asyncio.Event | None = None
    """Set by the other side once it noticed that nobody waits any more."""


@dataclass(frozen=True)
class Said:
    samples: Samples
    language: str
    word: str
    """One word that anybody who listens will have understood."""


class RecogniserContract(ABC):
    @abstractmethod
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        """Ears that hear."""

    @abstractmethod
    def stuck(self) -> AbstractAsyncContextManager[Opened]:
        """Ears that are at work for long."""

    @abstractmethod
    def broken(self) -> AbstractAsyncContextManager[Opened]:
        """Ears that cannot hear; loading them may already fail."""

    @pytest.mark.parametrize("asked", [True, False])
    def test_what_is_said_is_understood(self, said: Said, asked: bool) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                heard = await opened.ears.transcribe(
                    said.samples, language=said.language if asked else None
                )
                assert said.word in plain(heard.text).split()
                assert heard.language == said.language

        asyncio.run(check())

    @pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0])
    def test_silence_has_no_words(self, seconds: float) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                silence = np.zeros(int(seconds * HEARING_RATE), np.float32)
                heard = await opened.ears.transcribe(silence, language="es")
                assert (heard.text, heard.language) == ("", "es")

        asyncio.run(check())

    def test_more_than_thirty_seconds_are_no_trouble(self, said: Said) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                silence = np.zeros(33 * HEARING_RATE, np.float32)
                sound = np.concatenate([silence, said.samples])
                heard = await opened.ears.transcribe(sound, language=said.language)
                assert said.word in plain(heard.text).split()

        asyncio.run(check())

    def test_calls_at_once_do_not_mix(self, said: Said) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                silence = np.zeros(HEARING_RATE, np.float32)
                words, nothing, again = await asyncio.gather(
                    opened.ears.transcribe(said.samples, language=said.language),
                    opened.ears.transcribe(silence, language=said.language),
                    opened.ears.transcribe(said.samples, language=said.language),
                )
                assert words.text == again.text
                assert said.word in plain(words.text).split()
                assert nothing.text == ""

        asyncio.run(check())

    def test_who_stops_waiting_stops_the_work_and_leaves_no_task(self, said: Said) -> None:
        async def check() -> None:
            async with self.stuck() as opened:
                before = asyncio.all_tasks()
                waiting = asyncio.create_task(
                    opened.ears.transcribe(said.samples, language=said.language)
                )
                for _ in range(SETTLING):
                    await asyncio.sleep(0)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                if opened.stopped is not None:
                    await opened.stopped.wait()
                for _ in range(SETTLING):
                    await asyncio.sleep(0)
                assert asyncio.all_tasks() <= before

        asyncio.run(check())

    def test_failures_are_errors_a_user_can_read(self, said: Said) -> None:
        async def check() -> None:
            with pytest.raises(MiaError) as caught:
                async with self.broken() as opened:
                    await opened.ears.transcribe(said.samples, language=said.language)
            for language in ("es", "en"):
                text = caught.value.text(language)
                assert text != f"error.{caught.value.code}"
                assert "{" not in text

        asyncio.run(check())

    def test_closed_ears_leave_no_thread(self, said: Said) -> None:
        before = set(threading.enumerate())

        async def check() -> None:
            async with self.opened() as opened:
                await opened.ears.transcribe(said.samples, language=said.language)

        asyncio.run(check())
        for thread in set(threading.enumerate()) - before:
            thread.join(30)
            assert not thread.is_alive(), thread.name
