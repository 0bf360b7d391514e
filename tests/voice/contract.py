"""What every `SpeechSynthesizer` promises, as checks that any backend's test can run.

A backend's test subclasses `SynthesizerContract` in a class named `Test…` and says how a voice is
opened. No check looks at a clock: what must end is waited for, and pytest's own limit is the bound.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import dataclass

import numpy as np
import pytest

from mia.conversation.ports import Sound, SpeechSynthesizer
from mia.errors import MiaError
from tests.mind.contract import SETTLING

LONG = "Había una vez una voz que hablaba y hablaba, sin cansarse nunca de contar cosas. " * 40
STRANGE = ("¡Ñandú, pingüino! ¿Eh?", "日本語 mezclado", "a\u200bb\u0301\ufeff 🦜", "<x> & «y» \x07")


@dataclass
class Opened:
    """A voice that is ready, and what is known of it."""

    voice: SpeechSynthesizer
    rate: int | None = None
    """Samples a second it declares, where that is fixed."""
    same: bool = True
    """Whether the same clause sounds the same twice."""
    whole: bool = False
    """Whether it gives out a text's sound in one piece, however long."""
    stopped: asyncio.Event | None = None
    """Set by the other side once it noticed that nobody listens any more."""


async def spoken(voice: SpeechSynthesizer, text: str, language: str = "es") -> list[Sound]:
    async with aclosing(voice.stream(text, language=language)) as sounds:
        return [sound async for sound in sounds]


def joined(sounds: list[Sound]) -> np.ndarray:
    return np.concatenate([sound.samples for sound in sounds]) if sounds else np.zeros(0)


def assert_alike(one: np.ndarray, other: np.ndarray, *, same: bool) -> None:
    """The same clause: to the sample, or (voices that vary) about as long."""
    if same:
        np.testing.assert_allclose(one, other, atol=1e-3)
    assert 0.5 < len(one) / len(other) < 2


class SynthesizerContract(ABC):
    clause = "Hola, ¿qué tal estás?"
    strange: tuple[str, ...] = STRANGE

    @abstractmethod
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        """A voice that speaks Spanish."""

    @abstractmethod
    def endless(self) -> AbstractAsyncContextManager[Opened]:
        """A voice for which `LONG` does not end by itself (or not soon)."""

    @abstractmethod
    def broken(self) -> AbstractAsyncContextManager[Opened]:
        """A voice that cannot speak; loading it may already fail."""

    def test_sound_is_mono_float_at_the_declared_rate_with_its_words_in_order(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                sounds = await spoken(opened.voice, self.clause)
                assert len({sound.rate for sound in sounds}) == 1, "one rate for a clause"
                rate = sounds[0].rate
                assert rate == (opened.rate or rate)
                for sound in sounds:
                    assert sound.samples.ndim == 1
                    assert sound.samples.dtype == np.dtype(np.float32)
                samples = joined(sounds)
                assert np.isfinite(samples).all()
                assert 0.001 < np.abs(samples).max() <= 1.0
                words = [word for sound in sounds for word in sound.words]
                assert words == sorted(words, key=lambda word: (word.start, word.begin))
                for word in words:
                    assert 0 <= word.start < word.end <= len(self.clause)
                    assert 0 <= word.begin <= word.finish <= len(samples) / rate + 0.3

        asyncio.run(check())

    @pytest.mark.parametrize("text", ["", "   ", "\n\t"])
    def test_nothing_to_say_is_silence_and_no_error(self, text: str) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                assert await spoken(opened.voice, text) == []

        asyncio.run(check())

    def test_strange_letters_are_spoken_or_refused_in_our_words(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                for text in self.strange:
                    with suppress(MiaError):
                        for sound in await spoken(opened.voice, text):
                            assert np.isfinite(sound.samples).all()
                assert joined(await spoken(opened.voice, self.clause)).size, "it still speaks"

        asyncio.run(check())

    def test_a_very_long_text_is_begun_and_can_be_left(self) -> None:
        async def check() -> None:
            async with self.endless() as opened:
                async with aclosing(opened.voice.stream(LONG, language="es")) as sounds:
                    assert len((await anext(sounds)).samples)
                if opened.stopped is not None:
                    await opened.stopped.wait()

        asyncio.run(check())

    def test_a_cancelled_listener_stops_the_work_and_leaves_no_task(self) -> None:
        async def check() -> None:
            async with self.endless() as opened:
                before = asyncio.all_tasks()
                first = asyncio.Event()

                async def listen() -> None:
                    async with aclosing(opened.voice.stream(LONG, language="es")) as sounds:
                        async for _ in sounds:
                            first.set()

                task = asyncio.create_task(listen())
                if opened.whole:
                    await asyncio.sleep(0)
                else:
                    await first.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                if opened.stopped is not None:
                    await opened.stopped.wait()
                for _ in range(SETTLING):
                    await asyncio.sleep(0)
                assert asyncio.all_tasks() <= before

        asyncio.run(check())

    def test_after_a_clause_that_was_left_the_next_one_is_spoken(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                alone = joined(await spoken(opened.voice, self.clause))
                async with aclosing(opened.voice.stream(self.clause, language="es")) as sounds:
                    await anext(sounds)
                again = joined(await spoken(opened.voice, self.clause))
                assert_alike(again, alone, same=opened.same)

        asyncio.run(check())

    def test_clauses_asked_for_at_once_do_not_mix(self) -> None:
        async def check() -> None:
            async with self.opened() as opened:
                alone = joined(await spoken(opened.voice, self.clause))
                together = await asyncio.gather(
                    *(spoken(opened.voice, self.clause) for _ in range(3))
                )
                for sounds in together:
                    assert_alike(joined(sounds), alone, same=opened.same)

        asyncio.run(check())

    def test_failures_are_errors_a_user_can_read(self) -> None:
        async def check() -> None:
            with pytest.raises(MiaError) as caught:
                async with self.broken() as opened:
                    await spoken(opened.voice, self.clause)
            for language in ("es", "en"):
                text = caught.value.text(language)
                assert text != f"error.{caught.value.code}"
                assert "{" not in text

        asyncio.run(check())

    def test_a_closed_voice_leaves_no_thread(self) -> None:
        before = set(threading.enumerate())

        async def check() -> None:
            async with self.opened() as opened:
                assert joined(await spoken(opened.voice, self.clause)).size

        asyncio.run(check())
        for thread in set(threading.enumerate()) - before:
            thread.join(30)
            assert not thread.is_alive(), thread.name
