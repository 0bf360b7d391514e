"""Edge's voices, through the unmodified client and a local service that speaks its protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from mia.backends import Context, backends
from mia.conversation.ports import Sound
from mia.errors import BackendUnavailable
from mia.voice.tts.edge import EdgeOptions, EdgeVoice, prosody_pitch, prosody_rate, voice_for
from tests.voice_edge.service import Boundary, Service, mp3, serving

TONE = mp3(1.2)
HALF = len(TONE) // 2


class NoModels:
    def path(self, model_id: str) -> Path:
        raise AssertionError(f"edge asked for the files of {model_id}")


def speaking(
    monkeypatch: pytest.MonkeyPatch,
    service: Service,
    test: Callable[[EdgeVoice], Awaitable[None]],
    **options: object,
) -> None:
    """Run `test` with a voice whose client is pointed at `service`."""

    async def run() -> None:
        async with serving(service) as url:
            monkeypatch.setattr("edge_tts.communicate.WSS_URL", url)
            chosen = EdgeOptions.model_validate({"receive_timeout_s": 1, **options})
            voice = await backends("tts")["edge"].load(
                chosen, Context(NoModels(), ("es",), Path("unused"))
            )
            await test(voice)
            await voice.aclose()

    asyncio.run(run())


async def spoken(voice: EdgeVoice, text: str = "Claro, vamos allá.") -> list[Sound]:
    return [sound async for sound in voice.stream(text, language="es")]


async def collect(voice: EdgeVoice, heard: list[Sound]) -> None:
    async for sound in voice.stream("Claro, vamos allá.", language="es"):
        heard.append(sound)


async def fails_with(code: str, voice: EdgeVoice) -> list[Sound]:
    """The sound that came before the failure."""
    heard: list[Sound] = []
    with pytest.raises(BackendUnavailable) as caught:
        await collect(voice, heard)
    assert caught.value.code == code
    for language in ("es", "en"):
        assert caught.value.text(language) != f"error.{code}"
    return heard


def test_a_clause_is_heard_whole_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(
        [
            Boundary("Claro", 0.1, 0.4),
            TONE[:HALF],
            Boundary("vamos", 0.5, 0.8),
            Boundary("allá", 0.8, 1.1),
            TONE[HALF:],
        ]
    )

    async def test(voice: EdgeVoice) -> None:
        sounds = await spoken(voice)
        samples = np.concatenate([sound.samples for sound in sounds])
        assert {sound.rate for sound in sounds} == {24_000}
        assert samples.dtype == np.float32
        assert samples.ndim == 1
        # an MP3 begins and ends with less than a tenth of a second of its own silence
        assert 1.2 <= samples.size / 24_000 < 1.35
        assert 0.4 < float(np.abs(samples).max()) < 0.6
        words = [word for sound in sounds for word in sound.words]
        assert [(w.start, w.end) for w in words] == [(0, 5), (7, 12), (13, 17)]
        assert [(w.begin, w.finish) for w in words] == [
            pytest.approx((0.1, 0.4)),
            pytest.approx((0.5, 0.8)),
            pytest.approx((0.8, 1.1)),
        ]
        assert 'wordBoundaryEnabled":"true' in service.configs[0]

    speaking(monkeypatch, service, test)


def test_speech_starts_before_the_clause_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = asyncio.Event()
    service = Service([TONE[:HALF], rest, TONE[HALF:]])

    async def test(voice: EdgeVoice) -> None:
        async with aclosing(voice.stream("Claro, vamos.", language="es")) as sounds:
            first = await anext(sounds)
            assert first.samples.size > 24_000 * 0.4
            rest.set()
            assert [sound async for sound in sounds]

    speaking(monkeypatch, service, test, receive_timeout_s=30)


def test_a_tone_comes_out_at_its_own_pitch(monkeypatch: pytest.MonkeyPatch) -> None:
    cuts = [TONE[at : at + 97] for at in range(0, len(TONE), 97)]

    async def test(voice: EdgeVoice) -> None:
        samples = np.concatenate([sound.samples for sound in await spoken(voice)])
        middle = samples[6_000:18_000]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
        assert np.argmax(spectrum) * 24_000 / middle.size == pytest.approx(220, abs=3)

    speaking(monkeypatch, Service(cuts), test)


def test_closing_the_stream_leaves_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service([TONE[:HALF], asyncio.Event()])

    async def test(voice: EdgeVoice) -> None:
        async with aclosing(voice.stream("Claro, vamos.", language="es")) as sounds:
            await anext(sounds)
        await service.left.wait()

    speaking(monkeypatch, service, test, receive_timeout_s=30)


def test_the_chosen_voice_speed_and_pitch_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service([TONE])

    async def test(voice: EdgeVoice) -> None:
        await spoken(voice, "Tú & yo <3")
        assert "(es-MX, DaliaNeural)" in service.ssml[0]
        assert "rate='+32%'" in service.ssml[0]
        assert "volume='-20%'" in service.ssml[0]
        assert "Tú &amp; yo &lt;3" in service.ssml[0]

    speaking(
        monkeypatch, service, test, voice="es-MX-DaliaNeural", rate="+10%", speed=1.2, volume="-20%"
    )


def test_nothing_to_say_needs_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()

    async def test(voice: EdgeVoice) -> None:
        assert await spoken(voice, "  ") == []
        assert service.handshakes == 0

    speaking(monkeypatch, service, test)


def test_clauses_asked_for_at_once_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        clauses = await asyncio.gather(*(spoken(voice) for _ in range(3)))
        sizes = [sum(sound.samples.size for sound in clause) for clause in clauses]
        assert len(set(sizes)) == 1

    speaking(monkeypatch, Service([TONE]), test)


# ── faults ───────────────────────────────────────────────────────────────────────────────────


def test_a_refused_connection_is_said_to_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        assert await fails_with("edge.refused", voice) == []

    speaking(monkeypatch, Service([TONE], refusals=[403, 403]), test)


def test_a_refusal_that_does_not_say_the_time_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        await fails_with("edge.refused", voice)

    speaking(monkeypatch, Service([TONE], refusals=[403], clock_ahead=None), test)


def test_a_wrong_clock_is_corrected_by_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_tts.drm.DRM.clock_skew_seconds", 0.0)
    service = Service([TONE], refusals=[403], clock_ahead=timedelta(hours=3))

    async def test(voice: EdgeVoice) -> None:
        assert await spoken(voice)
        assert service.handshakes == 2

    speaking(monkeypatch, service, test)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_other_refusals_are_refusals(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    async def test(voice: EdgeVoice) -> None:
        await fails_with("edge.refused", voice)

    speaking(monkeypatch, Service(refusals=[status]), test)


def test_a_connection_dropped_in_mid_audio_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        heard = await fails_with("edge.interrupted", voice)
        assert heard

    speaking(monkeypatch, Service([Boundary("Claro", 0.1, 0.4), TONE[:HALF], "cut"]), test)


def test_sound_that_ends_before_its_last_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        await fails_with("edge.interrupted", voice)

    speaking(monkeypatch, Service([Boundary("allá", 2.0, 3.0), TONE]), test)


def test_no_audio_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        assert await fails_with("edge.no_audio", voice) == []

    speaking(monkeypatch, Service([Boundary("Claro", 0.1, 0.4)]), test)


def test_a_service_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        await fails_with("edge.offline", voice)

    speaking(monkeypatch, Service([asyncio.Event()]), test)


def test_an_answer_nobody_knows_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(voice: EdgeVoice) -> None:
        await fails_with("edge.failed", voice)

    speaking(monkeypatch, Service(["garbage"]), test)


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_tts.communicate.WSS_URL", "ws://127.0.0.1:9/edge/v1?x=1")
    asyncio.run(_fails_offline())


async def _fails_offline() -> None:
    await fails_with("edge.offline", EdgeVoice(EdgeOptions()))


# ── options ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("voice", "language", "speaks"),
    [
        ("", "es", "es-CL-CatalinaNeural"),
        ("", "en", "en-US-AriaNeural"),
        ("es-MX-DaliaNeural", "es", "es-MX-DaliaNeural"),
        ("es-MX-DaliaNeural", "en", "en-US-AriaNeural"),
        ("en-US-EmmaMultilingualNeural", "es", "en-US-EmmaMultilingualNeural"),
        ("", "fi", "en-US-EmmaMultilingualNeural"),
    ],
)
def test_each_language_has_a_voice(voice: str, language: str, speaks: str) -> None:
    assert voice_for(EdgeOptions(voice=voice), language) == speaks


@pytest.mark.parametrize(
    ("rate", "speed", "asked"),
    [("+0%", 1.0, "+0%"), ("+0%", 1.5, "+50%"), ("-50%", 2.0, "+0%"), ("+10%", 0.5, "-45%")],
)
def test_speed_becomes_a_percentage(rate: str, speed: float, asked: str) -> None:
    assert prosody_rate(EdgeOptions(rate=rate, speed=speed)) == asked


@pytest.mark.parametrize(
    ("pitch", "semitones", "asked"),
    [("+0Hz", 0, "+0Hz"), ("+0Hz", 12, "+200Hz"), ("-5Hz", 0, "-5Hz"), ("+10Hz", -12, "-90Hz")],
)
def test_semitones_become_hertz(pitch: str, semitones: float, asked: str) -> None:
    assert prosody_pitch(EdgeOptions(pitch=pitch, semitones=semitones)) == asked


@pytest.mark.parametrize(
    "options", [{"rate": "10%"}, {"pitch": "+5"}, {"voice": "Catalina"}, {"speed": 5}, {"x": 1}]
)
def test_options_the_service_would_refuse_are_refused_at_once(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EdgeOptions.model_validate(options)
