"""Which voice speaks, and who stands in for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from mia.backends import Options
from mia.conversation.ports import Sound, SpeechSynthesizer
from mia.errors import BackendUnavailable, MiaError
from mia.voice import choosing
from mia.voice.voices import FIRST_SOUND_SECONDS, REST_SECONDS, Candidate, Voices
from tests.support import virtual


class Fake:
    """A voice that speaks some languages, and fails as told."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages
        self.fails = False
        self.fails_later = False
        self.silent = False
        self.hangs = False
        self.said: list[tuple[str, str]] = []
        self.closed = False
        self.stopped = 0
        self.speed = 1.0

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        import asyncio

        if language not in self.languages:
            raise BackendUnavailable("tts.no_language", name="fake", language=language)
        self.said.append((text, language))
        try:
            if self.fails:
                raise BackendUnavailable("tts.failed", name="fake", reason="no")
            if self.hangs:
                await asyncio.Event().wait()
            if self.silent:
                return
            await asyncio.sleep(0.1)
            yield Sound(np.ones(10, np.float32), 24_000)
            if self.fails_later:
                raise BackendUnavailable("tts.failed", name="fake", reason="later")
            yield Sound(np.ones(5, np.float32), 24_000)
        finally:
            self.stopped += 1

    def set_speed(self, factor: float) -> None:
        self.speed = factor

    async def aclose(self) -> None:
        self.closed = True


def ready(name: str, voice: SpeechSynthesizer) -> Candidate:
    async def load() -> SpeechSynthesizer:
        return voice

    return Candidate(name, load)


class Stage:
    """Spanish and English voices, and one that stands in for both."""

    def __init__(self, *, strict: bool = False) -> None:
        self.es, self.en, self.spare = Fake("es"), Fake("en"), Fake("es", "en")
        self.reports: list[MiaError] = []
        self.voices = Voices(
            {"es": ready("es", self.es), "en": ready("en", self.en)},
            [ready("spare", self.spare)],
            self.reports.append,
            strict=strict,
        )

    async def say(self, text: str, language: str) -> int:
        """How many samples were heard."""
        async with aclosing(self.voices.stream(text, language=language)) as sounds:
            return sum([len(sound.samples) async for sound in sounds])


def on_stage(test: Callable[[Stage], Coroutine[Any, Any, None]], *, strict: bool = False) -> None:
    async def run() -> None:
        await test(Stage(strict=strict))

    virtual.run(run())


def test_each_language_has_its_voice() -> None:
    async def test(stage: Stage) -> None:
        assert await stage.say("Hola", "es") == 15
        assert await stage.say("Hello", "en") == 15
        assert (stage.es.said, stage.en.said) == ([("Hola", "es")], [("Hello", "en")])
        assert stage.spare.said == []

    on_stage(test)


@pytest.mark.parametrize("trouble", ["fails", "silent", "hangs"])
def test_the_stand_in_speaks_when_a_voice_makes_no_sound(trouble: str) -> None:
    async def test(stage: Stage) -> None:
        setattr(stage.es, trouble, True)
        assert await stage.say("Hola", "es") == 15
        assert stage.spare.said == [("Hola", "es")]
        assert len(stage.reports) == 1
        assert stage.es.stopped == 1, "what it was doing must have ended"

    on_stage(test)


def test_a_voice_that_fails_in_mid_clause_is_not_replaced() -> None:
    async def test(stage: Stage) -> None:
        stage.es.fails_later = True
        with pytest.raises(BackendUnavailable, match="later"):
            await stage.say("Hola", "es")
        assert stage.spare.said == []
        assert [error.code for error in stage.reports] == ["tts.failed"]

    on_stage(test)


def test_a_failed_voice_rests_and_is_reported_once() -> None:
    import asyncio

    async def test(stage: Stage) -> None:
        stage.es.hangs = True
        loop = asyncio.get_running_loop()
        await stage.say("uno", "es")
        assert loop.time() == pytest.approx(FIRST_SOUND_SECONDS + 0.1)
        await stage.say("dos", "es")
        assert loop.time() == pytest.approx(FIRST_SOUND_SECONDS + 0.2), "no second timeout"
        assert stage.es.said == [("uno", "es")]
        await asyncio.sleep(REST_SECONDS)
        await stage.say("tres", "es")
        assert stage.es.said == [("uno", "es"), ("tres", "es")]
        assert len(stage.reports) == 1

    on_stage(test)


def test_a_voice_that_works_again_is_reported_again_when_it_fails() -> None:
    import asyncio

    async def test(stage: Stage) -> None:
        for fails in (True, False, True):
            stage.es.fails = fails
            await stage.say("uno", "es")
            await asyncio.sleep(REST_SECONDS)
        assert len(stage.reports) == 2

    on_stage(test)


def test_when_nobody_can_speak_the_error_says_so() -> None:
    async def test(stage: Stage) -> None:
        stage.es.fails = stage.spare.fails = True
        with pytest.raises(BackendUnavailable):
            await stage.say("Hola", "es")

    on_stage(test)


def test_a_language_nobody_speaks_is_read_by_the_first_voice() -> None:
    async def test(stage: Stage) -> None:
        assert await stage.say("Olá", "pt") == 15
        assert stage.es.said == [("Olá", "es")]
        assert stage.reports == []

    on_stage(test)


def test_a_language_nobody_speaks_is_an_error_where_it_was_asked_for() -> None:
    async def test(stage: Stage) -> None:
        with pytest.raises(BackendUnavailable) as raised:
            await stage.say("Olá", "pt")
        assert raised.value.code == "tts.no_language"

    on_stage(test, strict=True)


def test_stopping_stops_the_voice() -> None:
    async def test(stage: Stage) -> None:
        stream = stage.voices.stream("Hola", language="es")
        await anext(stream)
        await stream.aclose()
        assert stage.es.stopped == 1
        assert stage.reports == []

    on_stage(test)


def test_speed_reaches_every_voice_even_one_loaded_later() -> None:
    async def test(stage: Stage) -> None:
        await stage.say("Hola", "es")
        stage.voices.set_speed(1.5)
        await stage.say("Hello", "en")
        assert (stage.es.speed, stage.en.speed) == (1.5, 1.5)

    on_stage(test)


def test_closing_closes_what_was_loaded() -> None:
    async def test(stage: Stage) -> None:
        await stage.say("Hola", "es")
        await stage.voices.aclose()
        assert (stage.es.closed, stage.spare.closed) == (True, False)

    on_stage(test)


class Section:
    """The voice's part of a configuration."""

    class Kokoro(Options):
        voice: str | None = None
        speed: float = 1.0

    def __init__(self, backend: str = "auto", voice: str | None = None, speed: float = 1) -> None:
        self.backend, self.voice, self.speed, self.pitch = backend, voice, speed, 0.0
        self.fallback: list[str] = []

    def options(self, name: str) -> Options:
        return self.Kokoro(speed=2) if name == "slow" else self.Kokoro()


@pytest.mark.parametrize(
    ("backend", "voice", "language", "name"),
    [
        ("auto", None, "es", "kokoro"), ("auto", None, "en", "kokoro"),
        ("auto", None, "fr", "kokoro"),
        ("edge", None, "es", "edge"), ("auto", "af_heart", "en", "kokoro"),
        ("auto", "piper-en-us-joe", "en", "piper"), ("auto", "piper-en-us-joe", "es", "kokoro"),
    ],
)  # fmt: skip
def test_auto_takes_the_best_embedded_voice_of_the_language(
    backend: str, voice: str | None, language: str, name: str
) -> None:
    assert choosing.primary(Section(backend, voice), language) == name


def test_all_backends_that_may_be_asked_are_known_beforehand() -> None:
    assert Voices.backends_for("auto", ("es", "en")) == ["kokoro", "espeak"]
    assert Voices.backends_for("edge", ("es",)) == ["edge", "kokoro", "espeak"]


def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(BackendUnavailable) as raised:
        choosing.primary(Section(voice="nadie"), "es")
    assert raised.value.code == "tts.no_such_voice"


def test_what_is_said_for_all_voices_goes_to_the_backend_unless_its_own_section_differs() -> None:
    section = Section(voice="ef_dora", speed=1.5)
    assert choosing.options_of(section, "kokoro").model_dump() == {"voice": "ef_dora", "speed": 1.5}
    assert choosing.options_of(section, "piper").model_dump() == {"voice": None, "speed": 1.5}
    assert choosing.options_of(section, "slow").model_dump()["speed"] == 2
