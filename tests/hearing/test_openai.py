"""Ears on a server, through the official client: real ones, and ones that fail in every way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from mia.backends import Context, backends
from mia.conversation.ports import SpeechToText
from mia.errors import BackendUnavailable
from mia.hearing.stt import faster_whisper
from mia.home import Home
from mia.models import ModelStore
from tests.hearing.contract import Opened, RecogniserContract, Said
from tests.mind.replay import Answer, Replay, plain, replaying
from tests.support.speech_service import SpeechService, serving

PATH = "/v1/audio/transcriptions"
LOUD = (0.3 * np.sin(np.arange(16_000) / 9)).astype(np.float32)


class NoModels:
    def path(self, model_id: str) -> Path:
        raise AssertionError(f"a server backend asked for the files of {model_id}")


async def connect(url: str, **options: object) -> SpeechToText:
    backend = backends("stt")["openai"]
    chosen = backend.options.model_validate({"base_url": url, **options})
    context = Context(NoModels(), ("es", "en"), Path("unused"), names=("MIA", "Mía"))
    ears: SpeechToText = await backend.load(chosen, context)
    return ears


@pytest.mark.models
class TestAServerWithRealEars(RecogniserContract):
    def opened(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            context = Context(ModelStore(Home.find()), ("es", "en"), Path("unused"))
            whisper = await faster_whisper.load(faster_whisper.WhisperOptions(), context)
            async with serving(SpeechService(ears=whisper)) as service:
                ears = await connect(service.url, timeout_s=120)
                yield Opened(ears)
                await ears.aclose()
            await whisper.aclose()

        return one()

    def stuck(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            async with replaying() as replay:
                replay.on(PATH, Answer(parts=[asyncio.Event()]))
                ears = await connect(replay.url)
                yield Opened(ears, stopped=replay.abandoned)
                await ears.aclose()

        return one()

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            yield Opened(await connect("http://127.0.0.1:9/v1"))

        return one()


@asynccontextmanager
async def against(
    *answers: Answer, **options: object
) -> AsyncIterator[tuple[Replay, SpeechToText]]:
    async with replaying() as replay:
        replay.on(PATH, *answers)
        ears = await connect(replay.url, **{"retries": 0, **options})
        yield replay, ears
        await ears.aclose()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (plain({"error": {"message": "Incorrect API key"}}, 401), "server.unauthorized"),
        (plain({"error": {"message": "no credit"}}, 402), "server.no_credit"),
        (plain({"error": {"message": "model nope"}}, 404), "server.not_found"),
        (Answer(404, ["<html>nginx</html>"], kind="text/html"), "server.not_compatible"),
        (plain({"error": "too long"}, 413), "server.refused"),
        (plain({"error": "slow down"}, 429, retry_after="60"), "server.rate_limited"),
        (plain({"error": {"message": "oops"}}, 503), "server.failed"),
        (plain({"transcript": "wrong shape"}), "server.not_compatible"),
        (Answer(parts=["<html></html>"], kind="text/html"), "server.not_compatible"),
        (Answer(parts=["{"], kind="application/json"), "server.not_compatible"),
        (Answer(parts=['{"text": '], kind="application/json", cut=True), "server.interrupted"),
    ],
)
def test_each_fault_has_its_own_message(answer: Answer, code: str) -> None:
    async def check() -> None:
        async with against(answer) as (_, ears):
            with pytest.raises(BackendUnavailable) as caught:
                await ears.transcribe(LOUD, language="es")
            assert caught.value.code == code
            for language in ("es", "en"):
                assert "{" not in caught.value.text(language)

    asyncio.run(check())


def test_a_server_that_is_silent_is_given_up() -> None:
    async def check() -> None:
        async with against(Answer(parts=[asyncio.Event()]), timeout_s=0.05) as (_, ears):
            with pytest.raises(BackendUnavailable) as caught:
                await ears.transcribe(LOUD, language="es")
            assert caught.value.code == "server.timeout"

    asyncio.run(check())


def test_a_passing_error_is_tried_again() -> None:
    async def check() -> None:
        busy = plain({"error": "busy"}, 429, retry_after="0")
        async with against(busy, plain({"text": " Hola. "}), retries=1) as (replay, ears):
            assert (await ears.transcribe(LOUD, language="es")).text == "Hola."
            assert len(replay.requests) == 2

    asyncio.run(check())


def test_her_names_are_told_to_the_server_with_the_sound_and_the_language() -> None:
    async def check() -> None:
        async with against(plain({"text": "Hola."}), api_key="k") as (replay, ears):
            await ears.transcribe(LOUD, language="es")
        (request,) = replay.requests
        sent = request.body.decode("latin-1")
        assert "MIA, Mía".encode() in request.body
        assert 'name="language"\r\n\r\nes' in sent
        assert 'name="response_format"\r\n\r\njson' in sent
        assert "WAVEfmt" in sent
        assert request.headers["authorization"] == "Bearer k"

    asyncio.run(check())


def test_a_server_that_does_not_tell_languages_is_asked_for_the_text_alone() -> None:
    async def check() -> None:
        refuses = plain({"error": {"message": "response_format 'verbose_json' ..."}}, 400)
        async with against(refuses, plain({"text": "Hola."})) as (replay, ears):
            for _ in range(2):
                heard = await ears.transcribe(LOUD, language=None)
                assert (heard.text, heard.language) == ("Hola.", "es")
            assert len(replay.requests) == 3, "it is asked for languages once"

    asyncio.run(check())


@pytest.mark.parametrize(
    "text", ["¡Suscríbete!", "Subtítulos realizados por la comunidad de Amara.org"]
)
def test_what_whisper_makes_up_on_a_server_is_not_believed_either(text: str) -> None:
    async def check() -> None:
        segments = [{"no_speech_prob": 0.9, "avg_logprob": -1.4}]
        answer = plain({"text": text, "language": "spanish", "duration": 1, "segments": segments})
        async with against(answer) as (_, ears):
            assert (await ears.transcribe(LOUD, language=None)).text == ""

    asyncio.run(check())


def test_said_is_something(said: Said) -> None:
    assert said.word
