"""XTTS: the real loading, listening and streaming code of `coqui-tts`, on a tiny random model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from mia.backends import Context, load
from mia.errors import BackendUnavailable, MiaError, ModelUnavailable
from mia.voice import reference
from mia.voice.tts.xtts import Xtts, XttsOptions, voices
from tests.voice.contract import LONG, Opened, SynthesizerContract, joined, spoken
from tests.voice_torch import tiny


class NoModels:
    def path(self, model_id: str) -> Path:
        raise ModelUnavailable("model.unreadable", model=model_id)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with tiny.narrow():
        yield tiny.build(tmp_path_factory.mktemp("xtts"))


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.recording(tmp_path_factory.mktemp("recordings") / "somebody.wav")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(NoModels(), ("es", "en"), tmp_path / "cache", tmp_path / "voices")


async def opened(model: Path, context: Context, **options: object) -> Xtts:
    chosen = XttsOptions.model_validate({"model": str(model), "chunk_tokens": 8, **options})
    voice: Xtts = await load("tts", "xtts", chosen, context)
    return voice


class TestXtts(SynthesizerContract):
    clause = "Hola."
    strange = ("¡Ñandú! 日本語 🦜", "<x> \x07")

    @pytest.fixture(autouse=True)
    def _with(self, model: Path, context: Context) -> None:
        self.model, self.context = model, context

    def opened(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            voice = await opened(self.model, self.context)
            yield Opened(voice, rate=24_000, same=False)
            await voice.aclose()

        return one()

    endless = opened

    def broken(self) -> AbstractAsyncContextManager[Opened]:
        @asynccontextmanager
        async def one() -> AsyncIterator[Opened]:
            yield Opened(await opened(Path("nowhere"), self.context))

        return one()


def run(model: Path, context: Context, test: object, **options: object) -> None:
    async def all_of_it() -> None:
        voice = await opened(model, context, **options)
        try:
            await test(voice)  # type: ignore[operator]
        finally:
            await voice.aclose()

    asyncio.run(all_of_it())


def code_of(model: Path, context: Context, **options: object) -> str:
    with pytest.raises(MiaError) as caught:
        asyncio.run(opened(model, context, **options))
    return caught.value.code


def test_a_clause_is_heard_in_several_pieces(model: Path, context: Context) -> None:
    async def test(voice: Xtts) -> None:
        sounds = await spoken(voice, "Hola.")
        assert len(sounds) > 1
        assert abs(joined(sounds)).max() > 0.001

    run(model, context, test)


def test_a_clause_that_nobody_wants_stops_within_a_step_of_the_model(
    model: Path, context: Context
) -> None:
    async def test(voice: Xtts) -> None:
        steps: list[int] = []
        inner = voice._model.gpt.gpt_inference.forward

        def counted(*args: object, **more: object) -> object:
            steps.append(1)
            return inner(*args, **more)

        voice._model.gpt.gpt_inference.forward = counted
        async with aclosing(voice.stream(LONG, language="es")) as sounds:
            await anext(sounds)
        left = len(steps)
        await voice._worker.run(lambda: None)  # the thread is free again
        assert len(steps) <= left + 9, "the piece it was at, and no other"

    run(model, context, test)


def test_a_recording_is_cloned_only_with_consent(
    model: Path, context: Context, recording: Path
) -> None:
    assert code_of(model, context, voice=str(recording)) == "clone.no_consent"

    async def test(voice: Xtts) -> None:
        assert joined(await spoken(voice, "Hola.")).size

    run(model, context, test, voice=str(recording), consent=True)


def test_a_kept_voice_is_used_by_its_name_and_listened_to_once(
    model: Path, context: Context, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert context.voices is not None
    reference.keep(recording, "Ana", context.voices)
    assert [voice.id for voice in voices(XttsOptions(), context)] == ["Ana"]
    computed: list[str] = []
    real = Xtts._computed

    def counted(self: Xtts, key: str, path: Path) -> object:
        computed.append(key)
        return real(self, key, path)

    monkeypatch.setattr(Xtts, "_computed", counted)

    async def test(voice: Xtts) -> None:
        assert joined(await spoken(voice, "Hola.")).size
        assert joined(await spoken(voice, "Hola.")).size

    run(model, context, test, voice="Ana")
    run(model, context, test, voice="Ana")
    assert len(computed) == 1, "the second time it is read from the disk"
    (kept,) = (context.cache / "xtts").glob("*.npz")
    kept.write_bytes(b"damaged")
    run(model, context, test, voice="Ana")
    assert len(computed) == 2


def test_what_is_kept_is_what_the_model_computes(
    model: Path, context: Context, recording: Path
) -> None:
    async def test(voice: Xtts) -> None:
        fresh = voice._latents_of(str(recording))
        voice._latents.clear()
        again = voice._latents_of(str(recording))
        for one, other in zip(fresh, again, strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())

    run(model, context, test, voice=str(recording), consent=True)


def test_a_voice_whose_consent_was_given_for_another_recording_is_refused(
    model: Path, context: Context, recording: Path, tmp_path: Path
) -> None:
    assert context.voices is not None
    kept = reference.keep(recording, "Ana", context.voices)
    tiny.recording(kept, seconds=5)
    assert code_of(model, context, voice="Ana") == "clone.no_consent"


def test_voice_and_speed_change_while_she_speaks(
    model: Path, context: Context, recording: Path
) -> None:
    assert context.voices is not None
    reference.keep(recording, "Ana", context.voices)

    async def test(voice: Xtts) -> None:
        slow = joined(await spoken(voice, "Hola."))
        voice.set_speed(2)
        voice.set_voice("Ana")
        quick = joined(await spoken(voice, "Hola."))
        assert len(quick) < 0.7 * len(slow)
        with pytest.raises(BackendUnavailable, match="Nobody"):
            voice.set_voice("Nobody")

    run(model, context, test)


def test_what_cannot_be_loaded_is_told(
    model: Path, context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code_of(model, context, voice="Nobody") == "tts.unknown_voice"
    (tmp_path / "model.pth").write_bytes(b"no model")
    (tmp_path / "config.json").write_text((model / "config.json").read_text())
    (tmp_path / "vocab.json").write_text((model / "vocab.json").read_text())
    assert code_of(tmp_path, context) in {"model.unreadable", "tts.failed"}
    assert code_of(model, context, device="cuda") == "tts.failed"


def test_a_language_it_does_not_speak_is_told(model: Path, context: Context) -> None:
    async def test(voice: Xtts) -> None:
        with pytest.raises(BackendUnavailable) as caught:
            await spoken(voice, "Hei.", "fi")
        assert caught.value.code == "tts.no_language"

    run(model, context, test)
