"""A voice on a server, through the official client: a real one, and one that fails in every way."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mia.backends import Context, backends
from mia.conversation.ports import SpeechSynthesizer
from mia.errors import BackendUnavailable
from mia.voice.incoming import Incoming
from mia.voice.tts.espeak import Espeak, EspeakOptions
from tests.mind.replay import Answer, Replay, plain, replaying
from tests.support.speech_service import SpeechService, serving
from tests.voice.contract import LONG, Opened, SynthesizerContract, joined, spoken
from tests.voice_edge.service import mp3

TONE = (0.4 * np.sin(np.arange(24_000) / 20)).astype(np.float32)
PCM = (TONE * 32767).astype("<i2").tobytes()


class NoModels:
    def path(self, model_id: str) -> Path:
        raise AssertionError(f"a server backend asked for the files of {model_id}")


async def connect(url: str, **options: object) -> SpeechSynthesizer:
    backend = backends("tts")["openai"]
    chosen = backend.options.model_validate({"base_url": url, **options})
    voice: SpeechSynthesizer = await backend.load(
        chosen, Context(NoModels(), ("es", "en"), Path("unused"))
    )
    return voice


class TestAServerWithARealVoice(SynthesizerContract):
    """espeak-ng behind the protocol: quick enough to be asked often."""

    def opened(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            engine = Espeak(EspeakOptions())
            async with serving(SpeechService(voice=engine)) as service:
                voice = await connect(service.url)
                yield Opened(voice, rate=24_000, same=False)
                await voice.aclose()
            await engine.aclose()

        return one()

    def endless(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            async with replaying() as replay:
                replay.on("/v1/audio/speech", pcm(PCM, asyncio.Event()))
                voice = await connect(replay.url)
                yield Opened(voice, stopped=replay.abandoned)
                await voice.aclose()

        return one()

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            yield Opened(await connect("http://127.0.0.1:9/v1"))

        return one()


def pcm(*parts: bytes | float | asyncio.Event, cut: bool = False) -> Answer:
    return Answer(parts=parts, kind="audio/pcm", cut=cut)


@asynccontextmanager
async def against(*answers: Answer, **options: object) -> AsyncIterator[tuple[Replay, object]]:
    async with replaying() as replay:
        replay.on("/v1/audio/speech", *answers)
        voice = await connect(replay.url, **{"retries": 0, **options})
        yield replay, voice
        await voice.aclose()


async def fails(*answers: Answer, **options: object) -> BackendUnavailable:
    async with against(*answers, **options) as (_, voice):
        with pytest.raises(BackendUnavailable) as caught:
            await spoken(voice, "Hola.")  # type: ignore[arg-type]
    for language in ("es", "en"):
        assert "{" not in caught.value.text(language)
    return caught.value


def test_what_is_asked_for_is_what_was_configured() -> None:
    async def check() -> None:
        chosen = {"voice": "x", "voices": {"es": "dora"}, "speed": 1.25, "instructions": "Suave."}
        async with against(pcm(PCM), api_key="k", **chosen) as (replay, voice):
            await spoken(voice, "Hola.", "es")  # type: ignore[arg-type]
            await spoken(voice, "Hello.", "en")  # type: ignore[arg-type]
            voice.set_voice("other")  # type: ignore[attr-defined]
            voice.set_speed(0.8)  # type: ignore[attr-defined]
            await spoken(voice, "Hola.", "es")  # type: ignore[arg-type]
        first, second, third = (request.body for request in replay.requests)
        assert first == {
            "model": "tts-1", "input": "Hola.", "voice": "dora", "response_format": "pcm",
            "speed": 1.25, "instructions": "Suave.",
        }  # fmt: skip
        assert second["voice"] == "x"
        assert (third["voice"], third["speed"]) == ("other", 0.8)
        assert replay.requests[0].headers["authorization"] == "Bearer k"

    asyncio.run(check())


def test_speech_starts_before_the_server_has_finished() -> None:
    async def check() -> None:
        rest = asyncio.Event()
        async with against(pcm(PCM[:9601], rest, PCM[9601:])) as (_, voice):
            heard = []
            async for sound in voice.stream("Hola.", language="es"):  # type: ignore[attr-defined]
                heard.append(sound)
                rest.set()
            assert len(heard) > 1
            np.testing.assert_allclose(joined(heard), TONE, atol=1e-4)

    asyncio.run(check())


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (plain({"error": {"message": "Incorrect API key"}}, 401), "server.unauthorized"),
        (plain({"error": {"message": "no credit"}}, 402), "server.no_credit"),
        (plain({"error": {"message": "model nope"}}, 404), "server.not_found"),
        (Answer(404, ["<html>nginx</html>"], kind="text/html"), "server.not_compatible"),
        (plain({"detail": "voice?"}, 400), "server.refused"),
        (plain({"error": "slow down"}, 429, retry_after="60"), "server.rate_limited"),
        (plain({"error": {"message": "oops"}}, 500), "server.failed"),
        (plain({"message": "not sound"}), "server.not_audio"),
        (Answer(parts=[b"OggS" + bytes(200)], kind="audio/ogg"), "server.not_audio"),
        (Answer(parts=["<html><body>hello</body></html>"], kind="audio/pcm"), "server.not_audio"),
        (pcm(PCM[:4000], cut=True), "server.interrupted"),
    ],
)
def test_each_fault_has_its_own_message(answer: Answer, code: str) -> None:
    assert asyncio.run(fails(answer)).code == code


def test_a_server_that_is_silent_is_given_up() -> None:
    async def check() -> None:
        never = asyncio.Event()
        assert (await fails(pcm(never), timeout_s=0.05)).code == "server.timeout"
        assert (await fails(pcm(PCM[:4000], never), timeout_s=0.05)).code == "server.timeout"

    asyncio.run(check())


def test_a_passing_error_is_tried_again_as_late_as_the_server_asks() -> None:
    async def check() -> None:
        busy = plain({"error": "busy"}, 429, retry_after="0")
        async with against(busy, pcm(PCM), retries=1) as (replay, voice):
            assert joined(await spoken(voice, "Hola.")).size == 24_000  # type: ignore[arg-type]
            assert len(replay.requests) == 2
        long = plain({"error": "busy"}, 429, retry_after="3")
        async with against(long, pcm(PCM), retries=1, retry_wait_s=2) as (replay, voice):
            with pytest.raises(BackendUnavailable):
                await spoken(voice, "Hola.")  # type: ignore[arg-type]
            assert len(replay.requests) == 1

    asyncio.run(check())


def test_openai_itself_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(BackendUnavailable) as caught:
        asyncio.run(connect("https://api.openai.com/v1"))
    assert caught.value.code == "server.key_missing"


def test_a_text_longer_than_a_request_may_be_is_sent_in_several() -> None:
    async def check() -> None:
        async with against(pcm(PCM)) as (replay, voice):
            await spoken(voice, LONG * 2)  # type: ignore[arg-type]
        sent = [request.body["input"] for request in replay.requests]
        assert len(sent) == 2
        assert all(len(text) <= 4096 for text in sent)
        assert " ".join(sent) == (LONG * 2).strip()

    asyncio.run(check())


def wav(rate: int, channels: int, subtype: str) -> bytes:
    out = io.BytesIO()
    sound = np.repeat(TONE[:, None], channels, axis=1)
    soundfile.write(out, sound, rate, format="WAV", subtype=subtype)
    return out.getvalue()


@pytest.mark.parametrize("cut", [1, 7, 4096])
@pytest.mark.parametrize(
    ("data", "rate"),
    [
        (PCM, 24_000),
        (wav(22_050, 1, "PCM_16"), 22_050),
        (wav(48_000, 2, "PCM_16"), 48_000),
        (wav(16_000, 1, "FLOAT"), 16_000),
        (wav(16_000, 1, "PCM_32"), 16_000),
        (mp3(1.0), 24_000),
    ],
)
def test_sound_is_read_from_whatever_it_is_wrapped_in(data: bytes, rate: int, cut: int) -> None:
    incoming = Incoming("x", 24_000)
    parts = [incoming.feed(data[at : at + cut]) for at in range(0, len(data), cut)]
    samples = np.concatenate([*parts, incoming.finish()])
    assert incoming.rate == rate
    assert abs(len(samples) - 24_000) < 3_000, "an MP3 has a lead-in"
    assert 0.35 < np.abs(samples).max() < 0.6
    if data[:3] != mp3(0.1)[:3]:
        np.testing.assert_allclose(samples, TONE, atol=1e-3)


@pytest.mark.parametrize("data", [wav(24_000, 1, "PCM_24"), b"RIFF1234WAVEdata1234", b"fLaC" * 9])
def test_sound_of_an_unknown_form_is_told(data: bytes) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        Incoming("x", 24_000).feed(data)
    assert caught.value.code == "server.not_audio"
