"""The embedded voices themselves: understood, timed, stopped, and never confused by a text."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from mia.backends import Context
from mia.conversation.ports import Samples, Sound
from mia.errors import BackendUnavailable, MiaError, ModelUnavailable
from mia.voice.onnx import Job, Model
from mia.voice.speakable import speakable
from mia.voice.tts import kokoro, piper
from tests.voice.conftest import all_of

pytestmark = pytest.mark.models

Loop = asyncio.AbstractEventLoop
Recognise = Callable[[Samples, int, str], str]

SPANISH = [
    "Hola, ¿qué tal estás?",
    "Muy bien, gracias.",
    "Claro que sí.",
    "¿Cómo te llamas?",
    "El perro de San Roque no tiene rabo.",
    "Me encanta la música, sobre todo el rock argentino.",
    "¡Qué alegría verte por aquí!",
    "Mañana vamos a jugar a las ocho de la noche.",
    "La ciudad de México tiene más de nueve millones de habitantes.",
    "¿Has visto la nueva película del director chileno?",
    "El guitarrista llegó tarde al ensayo.",
    "Pues la verdad es que no sé",
]
ENGLISH = [
    "Hello there, how are you doing today?",
    "That sounds great.",
    "What is your favorite movie?",
    "The quick brown fox jumps over the lazy dog.",
]


def plain(text: str, language: str) -> str:
    """Words only, without accents: what Whisper can be held to."""
    said = unicodedata.normalize("NFD", speakable(text, language).casefold())
    letters = "".join(c for c in said if unicodedata.category(c) != "Mn")
    return " ".join(re.sub(r"[^\w\s]", " ", letters).split())


def errors(loop: Loop, voice: Any, recognise: Recognise, texts: list[str], language: str) -> float:
    heard = []
    for text in texts:
        sounds = loop.run_until_complete(all_of(voice, text, language))
        whole = np.concatenate([sound.samples for sound in sounds])
        heard.append(plain(recognise(whole, sounds[0].rate, language), language) or "-")
    return float(jiwer.wer([plain(text, language) for text in texts], heard))


def test_spanish_is_understood(loop: Loop, dora: kokoro.Kokoro, recognise: Recognise) -> None:
    assert errors(loop, dora, recognise, SPANISH, "es") <= 0.12


def test_english_is_understood(
    loop: Loop, joe: piper.Piper, dora: kokoro.Kokoro, recognise: Recognise
) -> None:
    assert errors(loop, joe, recognise, ENGLISH, "en") <= 0.1
    assert errors(loop, dora, recognise, ENGLISH[:2], "en") <= 0.1


@pytest.fixture(params=["kokoro", "piper"])
def voice(request: pytest.FixtureRequest, dora: kokoro.Kokoro, joe: piper.Piper) -> tuple[Any, str]:
    return (dora, "es") if request.param == "kokoro" else (joe, "en")


def test_rate_type_and_times_are_as_declared(loop: Loop, voice: tuple[Any, str]) -> None:
    speaker, language = voice
    text = "Pablo come tarta, Marta bebe. Gracias a todos los presentes por escuchar esta noche."
    sounds: list[Sound] = loop.run_until_complete(all_of(speaker, text, language))
    assert {s.rate for s in sounds} == {22_050 if language == "en" else 24_000}
    assert {s.samples.dtype for s in sounds} == {np.dtype(np.float32)}
    assert all(s.samples.ndim == 1 and np.abs(s.samples).max() <= 1 for s in sounds)
    words = [word for sound in sounds for word in sound.words]
    assert [text[w.start : w.end] for w in words] == text.split()
    seconds = sum(len(s.samples) / s.rate for s in sounds)
    edges = [edge for word in words for edge in (word.begin, word.finish)]
    assert edges == sorted(edges)
    assert 0 <= edges[0] < 0.15
    assert seconds - 0.4 < edges[-1] <= seconds
    phonemes = [phoneme for sound in sounds for phoneme in sound.phonemes]
    assert len(phonemes) > 40
    assert all(p.begin < p.finish <= seconds + 1e-6 for p in phonemes)


def test_a_word_is_where_its_time_says(
    loop: Loop, dora: kokoro.Kokoro, recognise: Recognise
) -> None:
    text = "Mañana compramos naranjas, manzanas y mucha lechuga fresca."
    (sound,) = loop.run_until_complete(all_of(dora, text, "es"))
    comma = next(w for w in sound.words if text[w.start : w.end] == "naranjas,")
    half = sound.samples[: int(comma.finish * sound.rate)]
    assert "naranja" in plain(recognise(half, sound.rate, "es"), "es")
    assert "manzana" not in plain(recognise(half, sound.rate, "es"), "es")


def test_the_sound_begins_at_once_and_ends_with_a_short_pause(
    loop: Loop, voice: tuple[Any, str]
) -> None:
    speaker, language = voice
    sounds = loop.run_until_complete(all_of(speaker, "Hola, amigo.", language))
    loud = np.abs(np.concatenate([sound.samples for sound in sounds])) > 0.02
    assert int(np.argmax(loud)) / sounds[0].rate < 0.06
    assert 0.1 < int(np.argmax(loud[::-1])) / sounds[0].rate < 0.3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "…",
        "😊",
        "—",
        "漢字",
        "[[abc]] x",
        "a",
        "\u0301",
        "ñ" * 700,
        "x\x00y",
        "x\ud800y",
    ],
)
def test_no_text_breaks_a_voice(loop: Loop, voice: tuple[Any, str], text: str) -> None:
    speaker, language = voice
    sounds = loop.run_until_complete(all_of(speaker, text, language))
    assert all(np.isfinite(sound.samples).all() for sound in sounds)


def test_a_very_long_text_comes_in_pieces_and_is_complete(loop: Loop, joe: piper.Piper) -> None:
    text = "This is sentence number nine of the story. " * 30
    sounds = loop.run_until_complete(all_of(joe, text, "en"))
    assert len(sounds) >= 15
    assert sum(len(sound.words) for sound in sounds) == len(text.split())


def test_two_clauses_at_once_come_out_whole(loop: Loop, joe: piper.Piper) -> None:
    async def both() -> tuple[list[Sound], list[Sound]]:
        first = asyncio.create_task(all_of(joe, "One two three.", "en"))
        second = asyncio.create_task(all_of(joe, "Four five six seven.", "en"))
        return await first, await second

    first, second = loop.run_until_complete(both())
    assert [len(first[0].words), len(second[0].words)] == [3, 4]


def model_of(voice: Any) -> Model:
    """The model that every clause begins with."""
    found: Model = voice._vits.model if isinstance(voice, piper.Piper) else voice._model
    return found


def test_the_beginning_of_a_clause_is_there_before_the_rest_is_made(
    loop: Loop, joe: piper.Piper
) -> None:
    text = "The weather in Paris is quite nice at this time of the year, said the old man."

    async def begun() -> tuple[int, Sound, list[Sound]]:
        await all_of(joe, "Hello.", "en")  # with its first clause a voice is tried
        assert joe._vits._sound is not None
        before = joe._vits._sound.runs
        async with aclosing(joe.stream(text, language="en")) as sounds:
            first = await anext(sounds)
            runs = joe._vits._sound.runs - before
            return runs, first, [sound async for sound in sounds]

    runs, first, rest = loop.run_until_complete(begun())
    assert runs == 1
    assert 0.2 < len(first.samples) / first.rate < 0.6
    assert len(first.words) == len(text.split())
    assert not any(sound.words for sound in rest)
    assert sum(len(sound.samples) for sound in rest) > 4 * len(first.samples)


def test_windows_join_to_the_sound_that_is_made_at_once(joe: piper.Piper) -> None:
    vits, job = joe._vits, Job()
    thought, _ = joe._think(list("ðə wˈɛðɚɹ ɪn pˈæɹɪs ɪz kwˈaɪt nˈaɪs"), job)
    assert thought.latent is not None
    parts = list(vits.sound(thought, job, 32))
    whole = vits._window(thought.latent, 0, thought.latent.shape[-1], 0, job)
    joined = np.concatenate([samples for samples, _ in parts])
    assert [over for _, over in parts] == [False] * (len(parts) - 1) + [True]
    assert len(parts) > 2
    assert joined.shape == whole.shape
    assert np.abs(joined - whole).max() < 1e-3


def test_closing_stops_the_run_and_begins_no_other(
    loop: Loop, voice: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker, language = voice
    model = model_of(speaker)
    begun = asyncio.Event()
    ended: list[str] = []
    run = model.session.run

    def watched(*args: Any) -> Any:
        # In the runtime itself: by now the run is counted, and only it can be stopped.
        loop.call_soon_threadsafe(begun.set)
        try:
            result = run(*args)
        except Exception:
            ended.append("stopped")
            raise
        ended.append("finished")
        return result

    monkeypatch.setattr(model.session, "run", watched)
    text = "Esta es una frase bastante larga que nadie quiere escuchar hasta el final. " * 4

    async def interrupted() -> int:
        before: int = model.runs
        task = asyncio.create_task(all_of(speaker, text, language))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # One thread for each model: when the next clause is there, the last one is over.
        await all_of(speaker, "Hola.", language)
        return int(model.runs) - before

    assert loop.run_until_complete(interrupted()) == 2
    assert ended == ["stopped", "finished"]


def test_leaving_after_the_first_sentence_begins_no_second(loop: Loop, joe: piper.Piper) -> None:
    text = "This is one sentence that is long enough to stand alone. " * 5

    async def left() -> int:
        before = model_of(joe).runs
        async with aclosing(joe.stream(text, language="en")) as sounds:
            await anext(sounds)
        await all_of(joe, "Hello.", "en")
        return model_of(joe).runs - before

    assert loop.run_until_complete(left()) == 2


def test_faster_is_shorter(loop: Loop, voice: tuple[Any, str]) -> None:
    speaker, language = voice

    def seconds(speed: float) -> float:
        speaker.set_speed(speed)
        sounds = loop.run_until_complete(all_of(speaker, "Uno dos tres cuatro cinco.", language))
        return sum(len(sound.samples) / sound.rate for sound in sounds)

    try:
        assert seconds(1.6) < 0.8 * seconds(0.8)
    finally:
        speaker.set_speed(1.0)


def test_a_language_a_voice_does_not_speak_is_refused(
    loop: Loop, dora: kokoro.Kokoro, joe: piper.Piper
) -> None:
    for speaker, language in ((joe, "es"), (dora, "zz")):
        with pytest.raises(BackendUnavailable) as raised:
            loop.run_until_complete(all_of(speaker, "Hola", language))
        assert raised.value.code == "tts.no_language"


def test_an_unknown_voice_names_the_known_ones(loop: Loop, context: Context) -> None:
    with pytest.raises(MiaError) as raised:
        loop.run_until_complete(kokoro.load(kokoro.KokoroOptions(voice="ef_nadie"), context))
    assert raised.value.code == "tts.unknown_voice"
    assert "ef_dora" in str(raised.value)


@pytest.mark.parametrize("damage", [b"", b"not a model", b"\x0a\x05short" * 9])
def test_a_damaged_model_is_told(
    loop: Loop, context: Context, tmp_path: Path, damage: bytes
) -> None:
    (tmp_path / "voice.onnx").write_bytes(damage)
    real = context.models.path("piper-en-us-joe") / "en_US-joe-medium.onnx.json"
    (tmp_path / "voice.onnx.json").write_bytes(real.read_bytes())
    for loading in (
        kokoro.load(kokoro.KokoroOptions(model=str(tmp_path)), context),
        piper.load(piper.PiperOptions(voice=str(tmp_path / "voice.onnx")), context),
    ):
        with pytest.raises(ModelUnavailable):
            loop.run_until_complete(loading)


def test_every_voice_tells_what_it_is(context: Context) -> None:
    found = kokoro.voices(kokoro.KokoroOptions(), context) + piper.voices(
        piper.PiperOptions(), context
    )
    known = {voice.id: (voice.language, voice.gender) for voice in found}
    assert known["ef_dora"] == ("es", "female")
    assert known["em_alex"] == ("es", "male")
    assert known["piper-en-us-joe"] == ("en", "male")


def test_only_what_is_needed_is_asked_for() -> None:
    assert kokoro.needs(kokoro.KokoroOptions(), ("es",)) == ("kokoro-82m",)
    assert piper.needs(piper.PiperOptions(), ("es", "en")) == ("piper-en-us-joe",)
    assert piper.needs(piper.PiperOptions(), ("es",)) == ()
