"""espeak-ng, the real library: it is always there, quick, and stops when it is told to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import aclosing

import numpy as np
import pytest

from mia.conversation.ports import Sound
from mia.errors import BackendUnavailable
from mia.voice.tts import espeak
from tests.voice.conftest import all_of


@pytest.fixture(scope="module")
def robot(loop: asyncio.AbstractEventLoop):  # type: ignore[no-untyped-def]
    voice = loop.run_until_complete(espeak.load(espeak.EspeakOptions(), None))  # type: ignore[arg-type]
    yield voice
    loop.run_until_complete(voice.aclose())


def said(loop: asyncio.AbstractEventLoop, robot: espeak.Espeak, text: str, language: str) -> Sound:
    (sound,) = loop.run_until_complete(all_of(robot, text, language))
    return sound


def test_words_are_timed_where_they_stand(loop, robot) -> None:  # type: ignore[no-untyped-def]
    text = "Claro que sí, te lo cuento."
    sound = said(loop, robot, text, "es")
    assert [text[w.start : w.end] for w in sound.words] == re.findall(r"\w+", text)
    begins = [word.begin for word in sound.words]
    assert begins == sorted(begins)
    assert sound.words[-1].finish == pytest.approx(len(sound.samples) / sound.rate)
    assert sound.samples.dtype == np.float32
    assert np.abs(sound.samples).max() > 0.05


def test_it_speaks_each_language_in_its_own_way(loop, robot) -> None:  # type: ignore[no-untyped-def]
    spanish = said(loop, robot, "casa", "es")
    english = said(loop, robot, "casa", "en")
    assert len(spanish.samples) != len(english.samples)


def test_a_language_nobody_speaks_is_an_error(loop, robot) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BackendUnavailable) as error:
        said(loop, robot, "hello", "xx")
    assert error.value.code == "tts.no_language"


def test_it_speaks_faster_when_told(loop, robot) -> None:  # type: ignore[no-untyped-def]
    text = "Esta frase se dice a dos velocidades."
    normal = len(said(loop, robot, text, "es").samples)
    robot.set_speed(1.6)
    fast = len(said(loop, robot, text, "es").samples)
    robot.set_speed(1.0)
    assert fast < normal * 0.75


def test_closing_the_stream_stops_the_library(loop, robot) -> None:  # type: ignore[no-untyped-def]
    """A very long text is given up after the first stretch of sound, not spoken to its end."""
    calls = 0
    heard = robot._heard

    def counting(samples, count, events):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        if calls == 2:
            robot._unwanted.set()
        return heard(samples, count, events)

    robot._callback = espeak._Callback(counting)
    robot._library.espeak_SetSynthCallback(robot._callback)

    async def speak() -> list[Sound]:
        async with aclosing(robot.stream("una y otra vez. " * 400, language="es")) as sounds:
            return [sound async for sound in sounds]

    assert loop.run_until_complete(speak()) == []
    assert calls < 20
    robot._callback = espeak._Callback(heard)
    robot._library.espeak_SetSynthCallback(robot._callback)


@pytest.mark.parametrize("text", ["", "   ", "🙂", "¿?"])
def test_nothing_to_say_is_no_sound(loop, robot, text: str) -> None:  # type: ignore[no-untyped-def]
    loop.run_until_complete(all_of(robot, text, "es"))


@pytest.mark.models
def test_it_can_be_understood(
    loop: asyncio.AbstractEventLoop, robot: espeak.Espeak, recognise: Callable[..., str]
) -> None:
    text = "Me alegra mucho hablar contigo esta tarde."
    sound = said(loop, robot, text, "es")
    heard = recognise(sound.samples, sound.rate, "es")
    words = set(re.findall(r"\w+", text.lower()))
    assert len(words & set(re.findall(r"\w+", heard.lower()))) >= len(words) - 2, heard
