"""Speed, pitch and the voice itself, changed while she runs: the same for every backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mia.backends import Backend, Context, Options
from mia.conversation.ports import Phoneme, Sound, SpeechSynthesizer, Word
from mia.errors import BackendUnavailable, MiaError
from mia.voice import Voices
from mia.voice.tts.espeak import Espeak, EspeakOptions
from mia.voice.tuning import Tuned, raised


class WithSpeed:
    def __init__(self) -> None:
        self.speed = 1.0

    def set_speed(self, factor: float) -> None:
        self.speed = factor


class WithBoth(WithSpeed):
    semitones = 0.0

    def set_semitones(self, semitones: float) -> None:
        self.semitones = semitones


def test_a_voice_with_a_pitch_of_its_own_is_told_it() -> None:
    voice = WithBoth()
    assert Tuned(1.2, 3).tell(voice) == 1
    assert (voice.speed, voice.semitones) == (1.2, 3)


def test_one_without_speaks_slower_and_is_played_as_much_faster() -> None:
    voice = WithSpeed()
    assert Tuned(1.5, 12).tell(voice) == 2
    assert voice.speed == 0.75


def test_one_that_can_do_neither_is_left_alone() -> None:
    assert Tuned(1.5, 12).tell(object()) == 1


def test_a_raised_sound_keeps_its_samples_and_its_times_move_with_it() -> None:
    sound = Sound(
        np.ones(100, np.float32), 24_000, (Word(0, 4, 0.2, 0.6),), (Phoneme("o", 0.2, 0.4),)
    )
    high = raised(sound, 2)
    assert (high.rate, len(high.samples)) == (48_000, 100)
    assert high.words == (Word(0, 4, 0.1, 0.3),)
    assert high.phonemes == (Phoneme("o", 0.1, 0.2),)


def height_of(samples: np.ndarray, rate: int) -> float:
    """The centre of a sound's spectrum, in hertz: it moves with the voice."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float((np.fft.rfftfreq(len(samples), 1 / rate) * power).sum() / power.sum())


def test_a_raised_voice_is_higher_and_no_shorter() -> None:
    async def check() -> None:
        voice = Espeak(EspeakOptions())

        async def said(speed: float) -> Sound:
            voice.set_speed(speed)
            (sound,) = [one async for one in voice.stream("Aaaaah, aaaaah.", language="es")]
            return sound

        plain = await said(1)
        high = raised(await said(1 / 2 ** (4 / 12)), 2 ** (4 / 12))
        ratio = height_of(high.samples, high.rate) / height_of(plain.samples, plain.rate)
        assert 1.15 < ratio < 1.4
        lasts = (len(high.samples) / high.rate) / (len(plain.samples) / plain.rate)
        assert 0.85 < lasts < 1.15
        await voice.aclose()

    asyncio.run(check())


class PupilOptions(Options):
    voice: str | None = None
    speed: float = 1.0


class Pupil(WithSpeed):
    """A voice whose every sample is the length of its name."""

    def __init__(self, options: PupilOptions, *, changes: bool) -> None:
        super().__init__()
        self.voice = options.voice
        self.closed = False
        self.gate = asyncio.Event()
        self.gate.set()
        if changes:
            self.set_voice = self._set_voice

    def _set_voice(self, voice: str | None) -> None:
        if voice == "nobody":
            raise BackendUnavailable("tts.unknown_voice", name="pupil", voice=voice, known="—")
        self.voice = voice

    async def stream(self, _text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        assert language in ("es", "en")
        for _ in range(2):
            assert not self.closed
            yield Sound(np.full(4, len(self.voice or "") / 10, np.float32), 24_000)
            await self.gate.wait()

    async def aclose(self) -> None:
        self.closed = True


class Section:
    def __init__(self, **values: Any) -> None:
        self.backend, self.speed, self.pitch = "pupil", 1.0, 0.0
        self.voice: str | None = None
        self.fallback: list[str] = []
        self.__dict__.update(values)

    def options(self, name: str) -> Options:
        return PupilOptions() if name in ("pupil", "stiff") else Options()


@pytest.fixture
def pupils(monkeypatch: pytest.MonkeyPatch) -> list[Pupil]:
    made: list[Pupil] = []

    def one(name: str, *, changes: bool) -> Backend:
        async def load(options: PupilOptions, _context: Context) -> SpeechSynthesizer:
            if options.voice == "nobody":
                raise BackendUnavailable("tts.unknown_voice", name=name, voice="", known="—")
            made.append(Pupil(options, changes=changes))
            return made[-1]

        return Backend("tts", name, PupilOptions, load)

    known = {"pupil": one("pupil", changes=True), "stiff": one("stiff", changes=False)}
    monkeypatch.setattr("mia.backends.backends", lambda _port: known)
    return made


async def loaded(reports: list[MiaError] | None = None, **values: Any) -> Voices:
    context = Context(None, ("es", "en"), Path("unused"))  # type: ignore[arg-type]
    return await Voices.load(Section(**values), context, (reports or []).append)


async def heard(voices: Voices) -> list[Sound]:
    async with aclosing(voices.stream("Hola", language="es")) as sounds:
        return [sound async for sound in sounds]


def test_another_voice_speaks_from_the_next_clause_on(pupils: list[Pupil]) -> None:
    async def check() -> None:
        voices = await loaded(voice="ana")
        assert (await heard(voices))[0].samples[0] == pytest.approx(0.3)
        clause = voices.stream("Hola", language="es")
        await anext(clause)
        await voices.change(Section(voice="maria", speed=1.5, pitch=12.0))
        assert [sound async for sound in clause], "the clause under way goes on"
        (first, _) = await heard(voices)
        assert first.samples[0] == pytest.approx(0.5)
        assert first.rate == 48_000
        assert len(pupils) == 1, "nothing was loaded anew"
        assert pupils[0].speed == 0.75

    asyncio.run(check())


def test_a_backend_that_has_one_voice_is_loaded_anew_and_the_old_one_ends_in_its_own_time(
    pupils: list[Pupil],
) -> None:
    async def check() -> None:
        voices = await loaded(backend="stiff", voice="ana")
        old = pupils[0]
        old.gate.clear()
        clause = voices.stream("Hola", language="es")
        await anext(clause)
        await voices.change(Section(backend="stiff", voice="maria"))
        assert not old.closed
        assert (await heard(voices))[0].samples[0] == pytest.approx(0.5)
        old.gate.set()
        assert len([sound async for sound in clause]) == 1
        assert old.closed

    asyncio.run(check())


def test_another_backend_can_take_over(pupils: list[Pupil]) -> None:
    async def check() -> None:
        voices = await loaded(voice="ana")
        await voices.change(Section(backend="stiff", voice="maria"))
        assert (await heard(voices))[0].samples[0] == pytest.approx(0.5)
        assert pupils[0].closed
        await voices.aclose()
        assert pupils[1].closed

    asyncio.run(check())


@pytest.mark.parametrize("backend", ["pupil", "stiff"])
def test_a_voice_that_is_not_to_be_had_changes_nothing(pupils: list[Pupil], backend: str) -> None:
    async def check() -> None:
        voices = await loaded(backend=backend, voice="ana")
        with pytest.raises(BackendUnavailable):
            await voices.change(Section(backend=backend, voice="nobody"))
        assert (await heard(voices))[0].samples[0] == pytest.approx(0.3)
        assert not pupils[0].closed

    asyncio.run(check())


def test_speed_and_pitch_reach_a_voice_that_is_loaded_later(pupils: list[Pupil]) -> None:
    async def check() -> None:
        voices = await loaded(fallback=["stiff"])
        voices.set_speed(1.4)
        await voices.change(Section(backend="stiff", voice="maria", speed=1.4))
        await heard(voices)
        assert pupils[-1].speed == 1.4

    asyncio.run(check())
