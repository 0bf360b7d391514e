"""The real Silero, Smart Turn and Whisper, on recordings of people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from mia.audio.levels import audible
from mia.audio.recording import read_recording
from mia.backends import Context
from mia.conversation.listening import Heard, Listener
from mia.conversation.moves import Settled, Silent, Stirred, Voiced
from mia.conversation.ports import HEARING_RATE
from mia.hearing import smart_turn
from mia.hearing.hallucinations import plain
from mia.hearing.stt import faster_whisper
from mia.hearing.stt.faster_whisper import WIDE_SECONDS
from mia.hearing.vad import energy, silero
from mia.home import Home
from mia.models import ModelStore
from tests.conftest import Utterance

pytestmark = pytest.mark.models
#: Nobody is understood to the letter: of an utterance one word may differ, never its last.
ONE_WORD = 1


class Counting:
    """The model, and how often it was asked for what."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.encoded = 0
        self.beams: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, features: Any) -> Any:
        self.encoded += 1
        return self._model.encode(features)

    def generate(self, *args: Any, **options: Any) -> Any:
        self.beams.append(options["beam_size"])
        return self._model.generate(*args, **options)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    place: Path = tmp_path_factory.mktemp("ears")
    return Context(ModelStore(Home.find()), ("es", "en"), place)


def padded(utterance: Utterance) -> np.ndarray:
    """A second of room, the recording, a second of room."""
    sound = read_recording(utterance.path)
    room = np.random.default_rng(1).normal(0, 2.5e-4, HEARING_RATE).astype(np.float32)
    return np.concatenate([room, sound, room])


@pytest.mark.parametrize("name", ["silero", "energy"])
def test_a_voice_is_found_where_it_is(
    context: Context, utterances: Sequence[Utterance], name: str
) -> None:
    module = {"silero": silero, "energy": energy}[name]
    model = asyncio.run(module.load(module.BACKEND.options(), context))
    for utterance in utterances:
        sound = padded(utterance)
        stretches = audible(sound, HEARING_RATE)
        listener = Listener(model.detector)
        events: list[Heard] = []
        for at in range(0, len(sound), 320):
            events += listener.hear(sound[at : at + 320], (at + 320) / HEARING_RATE)
        # A breath or a click may stir her, and is nobody.
        events = [event for event in events if not isinstance(event, Stirred | Settled)]
        assert isinstance(events[0], Voiced), utterance.path.name
        assert isinstance(events[-1], Silent), utterance.path.name
        # Some begin with an audible breath, which is no voice.
        assert events[0].onset == pytest.approx(stretches[0][0], abs=0.35), utterance.path.name
        assert events[-1].last_voiced == pytest.approx(stretches[-1][1], abs=0.35)


def test_a_finished_sentence_sounds_more_finished_than_a_half_one(
    context: Context, utterances: Sequence[Utterance]
) -> None:
    async def judge() -> list[tuple[float, float]]:
        detector = await smart_turn.load(context)
        scores = []
        for utterance in utterances:
            sound = read_recording(utterance.path)
            whole = await detector.completeness(sound)
            half = await detector.completeness(sound[: int(len(sound) * 0.55)])
            scores.append((half, whole))
        await detector.aclose()
        return scores

    scores = asyncio.run(judge())
    assert all(whole > 0.5 for _, whole in scores), scores
    assert np.mean([half for half, _ in scores]) < np.mean([whole for _, whole in scores])


def test_nothing_is_heard_in_silence_and_noise(context: Context) -> None:
    async def transcribe() -> list[str]:
        whisper = await faster_whisper.load(faster_whisper.WhisperOptions(), context)
        random = np.random.default_rng(2)
        sounds = [np.zeros(HEARING_RATE * 2), random.normal(0, 0.001, HEARING_RATE * 2)]
        heard = [
            (await whisper.transcribe(sound.astype(np.float32), language=language)).text
            for sound in sounds
            for language in ("es", "en")
        ]
        await whisper.aclose()
        return heard

    assert asyncio.run(transcribe()) == ["", "", "", ""]


def test_the_language_is_found_out_when_it_is_not_known(
    context: Context, utterances: Sequence[Utterance]
) -> None:
    async def languages() -> list[str]:
        whisper = await faster_whisper.load(faster_whisper.WhisperOptions(), context)
        found = [
            (await whisper.transcribe(read_recording(u.path), language=None)).language
            for u in utterances
        ]
        await whisper.aclose()
        return found

    assert asyncio.run(languages()) == [u.language for u in utterances]


def test_what_people_say_is_heard_to_the_last_word(
    context: Context, utterances: Sequence[Utterance]
) -> None:
    async def transcribe() -> list[str]:
        whisper = await faster_whisper.load(faster_whisper.WhisperOptions(), context)
        heard = [
            (await whisper.transcribe(read_recording(u.path), language=u.language)).text
            for u in utterances
        ]
        await whisper.aclose()
        return heard

    heard = asyncio.run(transcribe())
    for utterance, text in zip(utterances, heard, strict=True):
        said = plain(utterance.transcript)
        assert jiwer.wer(said, plain(text)) <= ONE_WORD / len(said.split()), text
        assert plain(text).split()[-1] == said.split()[-1], text


@pytest.mark.parametrize(("sure", "searches"), [(-100.0, [1]), (-1e-6, [1, 5])])
def test_the_sound_is_encoded_once_however_often_it_is_searched(
    context: Context, utterances: Sequence[Utterance], sure: float, searches: list[int]
) -> None:
    async def transcribe() -> Counting:
        # As wide as the second look would be, so that there is none.
        options = faster_whisper.WhisperOptions(sure_logprob=sure, window_s=WIDE_SECONDS)
        whisper = await faster_whisper.load(options, context)
        whisper._model.model = counting = Counting(whisper._model.model)
        await whisper.transcribe(read_recording(utterances[0].path), language="en")
        await whisper.aclose()
        return counting

    counting = asyncio.run(transcribe())
    assert (counting.encoded, counting.beams) == (1, searches)


def test_silence_is_known_without_computing_it(context: Context) -> None:
    folder = faster_whisper.folder_of(faster_whisper.WhisperOptions(), context)
    whisper = faster_whisper.Whisper(folder, faster_whisper.WhisperOptions())
    sound = np.random.default_rng(4).normal(0, 0.1, 30_011).astype(np.float32)
    padded = np.zeros(10 * HEARING_RATE, np.float32)
    padded[: len(sound)] = sound
    whole = whisper._model.feature_extractor(padded, padding=0)[:, :1000]
    np.testing.assert_allclose(whisper._features(sound, 10), whole[None], atol=1e-6)


def test_whisper_finds_out_its_number_of_threads_and_remembers_it(
    context: Context, tmp_path: Path
) -> None:
    async def load() -> int | None:
        here = replace(context, cache=tmp_path)
        whisper = await faster_whisper.load(faster_whisper.WhisperOptions(), here)
        await whisper.aclose()
        return whisper._options.threads

    threads = asyncio.run(load())
    assert threads in (1, 2, 4)
    assert json.loads((tmp_path / "threads.json").read_text("utf-8")).popitem()[1] == threads
