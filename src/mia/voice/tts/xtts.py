"""XTTS v2: clones a voice from a few seconds of it, in Spanish, English and more.

Through `coqui-tts`, with PyTorch, which is why it is an extra of its own. The model's licence
(Coqui Public Model License) excludes everything that earns money, monetised streams included.
A GPU makes it quick; a CPU speaks slower than people do.
"""

from __future__ import annotations

import asyncio
import hashlib
import pickle
import threading
import zipfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soxr
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.blocking import Worker, run_apart
from mia.conversation.ports import Samples, Sound
from mia.errors import BackendUnavailable, ModelUnavailable
from mia.voice import reference
from mia.voice.catalogue import VoiceInfo
from mia.voice.pieces import pieces

NAME = "xtts"
MODEL = "xtts-v2"
LICENCE = "CPML (non-commercial)"
#: The rate the model listens to a recording at.
REFERENCE_RATE = 22_050
#: How much of the recording shapes the way of speaking, and in what stretches; XTTS's own advice.
CONDITIONING_SECONDS, STRETCH_SECONDS = 30, 6
#: Sounds that may wait between the model's thread and whoever listens.
WAITING = 64


class XttsOptions(Options):
    """XTTS v2: a voice of your own from a recording; needs PyTorch; not for monetised streams."""

    model: str = Field(
        MODEL, description="Catalogue id, or a folder with model.pth, config.json and vocab.json."
    )
    voice: str | None = Field(
        None,
        description="A voice you kept with `mia clone`, one of the model's own, or a recording "
        "(WAV, FLAC); null: the model's first.",
    )
    consent: bool = Field(
        False,
        description="Whether the person in the recording has agreed to be cloned; for a recording "
        "given by its path (`mia clone` asks by itself).",
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where it runs.")
    speed: float = Field(1.0, ge=0.5, le=2, description="How fast it speaks, as a factor.")
    temperature: float = Field(0.75, gt=0, le=2, description="Liveliness of the way it speaks.")
    chunk_tokens: int = Field(
        20, ge=4, le=200, description="Sound given out at once, in steps of the model (46 ms)."
    )
    threads: int = Field(2, ge=1, le=64, description="CPU threads.")


class Xtts:
    """Implements `SpeechSynthesizer`. One clause at a time, on the model's own thread."""

    def __init__(self, folder: Path, options: XttsOptions, context: Context) -> None:
        import torch
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models.xtts import Xtts as Model

        device = options.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cpu":
            torch.set_num_threads(options.threads)
        config = XttsConfig()
        config.load_json(str(folder / "config.json"))
        self._model: Any = Model.init_from_config(config)
        self._model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True)
        self._model.to(device)
        self._rate = int(config.audio.output_sample_rate)
        self._languages = {str(code).split("-")[0] for code in config.languages}
        self._options = options
        self._speed = options.speed
        self._known = _identity(folder)
        self._cache = context.cache / NAME
        self._kept = context.voices
        self._latents: dict[str, tuple[Any, Any]] = {}
        self._worker = Worker(NAME)
        self._voice = options.voice or next(iter(self.own_voices), "")
        self._find(self._voice)  # a voice that is not there, or may not be used, is told now

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self._rate

    @property
    def own_voices(self) -> list[str]:
        """The voices that come with the model."""
        manager = getattr(self._model, "speaker_manager", None)
        return list(manager.speaker_names) if manager is not None else []

    def set_speed(self, factor: float) -> None:
        """How fast it speaks from the next clause on, 0.5 … 2."""
        self._speed = min(max(factor, 0.5), 2.0)

    def set_voice(self, voice: str | None) -> None:
        """Whose voice it speaks in from the next clause on, None: the model's first. Raises as
        `load` does."""
        chosen = voice or next(iter(self.own_voices), "")
        self._find(chosen)
        self._voice = chosen

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """24 kHz, in pieces of `chunk_tokens` steps. No word times: the model tells none.

        Raises BackendUnavailable `tts.no_language`, `tts.failed`, `clone.no_consent`.
        """
        if language not in self._languages:
            raise BackendUnavailable("tts.no_language", name=NAME, language=language)
        loop = asyncio.get_running_loop()
        # The semaphore is the bound; the rest is room for what is under way at the end.
        ready: asyncio.Queue[Samples | None] = asyncio.Queue(3 * WAITING)
        unwanted, room = threading.Event(), threading.Semaphore(WAITING)

        def out(samples: Samples | None) -> None:
            loop.call_soon_threadsafe(ready.put_nowait, samples)

        def work() -> None:
            try:
                for piece in pieces(text):
                    for samples in self._spoken(piece.text, language, unwanted):
                        room.acquire()
                        out(samples)
            finally:
                out(None)

        working = self._worker.submit(work)
        try:
            while (samples := await ready.get()) is not None:
                room.release()
                if samples.size:
                    yield Sound(samples, self._rate)
            await working
        except (RuntimeError, ValueError, AssertionError) as error:
            raise BackendUnavailable("tts.failed", name=NAME, reason=str(error)) from error
        finally:
            unwanted.set()
            room.release(WAITING)
            if not working.done():
                # The thread sees the flag at its next step; nobody waits for it here.
                working.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _spoken(self, text: str, language: str, unwanted: threading.Event) -> Any:
        """Pieces of one sentence's sound, until it is over or unwanted. On the model's thread."""
        if unwanted.is_set():
            return
        conditioning, speaker = self._latents_of(self._voice)
        stream = self._model.inference_stream(
            text,
            "zh-cn" if language == "zh" else language,
            conditioning,
            speaker,
            stream_chunk_size=self._options.chunk_tokens,
            temperature=self._options.temperature,
            speed=self._speed,
            stopping_criteria=[_Unwanted(unwanted)],
        )
        for chunk in stream:
            if unwanted.is_set():
                return
            samples = np.nan_to_num(chunk.detach().float().cpu().numpy().ravel())
            yield np.clip(samples, -1, 1).astype(np.float32, copy=False)

    def _find(self, voice: str) -> Path | None:
        """The recording of a voice; None for one of the model's own.

        Raises BackendUnavailable `tts.unknown_voice`, `clone.no_consent`.
        """
        kept = reference.kept(self._kept)
        if voice in kept:
            if not reference.agreed(kept[voice]):
                raise BackendUnavailable("clone.no_consent", voice=voice)
            return kept[voice]
        if voice in self.own_voices:
            return None
        path = Path(voice).expanduser()
        if voice and path.is_file():
            if not (self._options.consent and voice == self._options.voice):
                raise BackendUnavailable("clone.no_consent", voice=voice)
            return path
        known = ", ".join([*kept, *self.own_voices]) or "—"
        raise BackendUnavailable("tts.unknown_voice", name=NAME, voice=voice or "—", known=known)

    def _latents_of(self, voice: str) -> tuple[Any, Any]:
        """What the model needs to know of a voice: computed once, then kept on disk."""
        recording = self._find(voice)
        if recording is None:
            own = self._model.speaker_manager.speakers[voice]
            return own["gpt_cond_latent"], own["speaker_embedding"]
        key = f"{reference.digest(recording)[:32]}-{self._known}"
        if key not in self._latents:
            self._latents[key] = self._remembered(key) or self._computed(key, recording)
        return self._latents[key]

    def _remembered(self, key: str) -> tuple[Any, Any] | None:
        import torch

        try:
            with np.load(self._cache / f"{key}.npz", allow_pickle=False) as found:
                return torch.from_numpy(found["conditioning"]), torch.from_numpy(found["speaker"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # not there, or damaged: it is computed again

    def _computed(self, key: str, recording: Path) -> tuple[Any, Any]:
        import torch

        heard = reference.read(recording)
        samples = soxr.resample(heard.samples, heard.rate, REFERENCE_RATE).astype(np.float32)
        sound = torch.from_numpy(samples)[None, :].to(self._model.device)
        speaker = self._model.get_speaker_embedding(sound, REFERENCE_RATE)
        conditioning = self._model.get_gpt_cond_latents(
            sound, REFERENCE_RATE, length=CONDITIONING_SECONDS, chunk_length=STRETCH_SECONDS
        )
        conditioning, speaker = conditioning.cpu(), speaker.cpu()
        self._cache.mkdir(parents=True, exist_ok=True)
        partial = self._cache / f"{key}.part.npz"
        np.savez(partial, conditioning=conditioning.numpy(), speaker=speaker.numpy())
        partial.replace(self._cache / f"{key}.npz")
        return conditioning, speaker

    async def aclose(self) -> None:
        self._worker.close()


class _Unwanted:
    """Ends the model's generation at its next step; asked by `transformers` after each."""

    def __init__(self, unwanted: threading.Event) -> None:
        self._unwanted = unwanted

    def __call__(self, input_ids: Any, _scores: Any, **_more: Any) -> Any:
        import torch

        stop = self._unwanted.is_set()
        return torch.full((input_ids.shape[0],), stop, dtype=torch.bool, device=input_ids.device)


def _identity(folder: Path) -> str:
    """A short name for these weights: latents of one model are nothing to another."""
    weights = (folder / "model.pth").stat()
    told = f"{(folder / 'config.json').read_text('utf-8')} {weights.st_size}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def folder_of(options: XttsOptions, context: Context) -> Path:
    """Where the model is. Raises ModelUnavailable."""
    named = Path(options.model).expanduser()
    return named if named.is_dir() else context.models.path(options.model)


def voices(options: XttsOptions, context: Context) -> tuple[VoiceInfo, ...]:
    """The voices that were cloned on this machine; the model's own are told when it is loaded."""
    del options
    names = reference.kept(context.voices)
    return tuple(VoiceInfo(name, name, "", "", NAME, LICENCE) for name in names)


def needs(options: XttsOptions, languages: tuple[str, ...]) -> tuple[str, ...]:
    del languages
    return () if Path(options.model).expanduser().is_dir() else (options.model,)


async def load(options: XttsOptions, context: Context) -> Xtts:
    """Raises ModelUnavailable `model.unreadable`, BackendUnavailable `tts.unknown_voice`,
    `clone.no_consent`, `tts.failed` (no CUDA, out of memory)."""
    folder = folder_of(options, context)
    if not (folder / "model.pth").is_file():
        raise ModelUnavailable("model.unreadable", model=str(folder))
    try:
        return await run_apart("xtts-load", Xtts, folder, options, context)
    except (OSError, KeyError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise ModelUnavailable("model.unreadable", model=str(folder)) from error
    except (RuntimeError, AssertionError, ImportError) as error:
        raise BackendUnavailable("tts.failed", name=NAME, reason=str(error)[:300]) from error


BACKEND = Backend(
    port="tts",
    name=NAME,
    options=XttsOptions,
    load=load,
    needs=needs,
    modules=("torch", "torchaudio", "TTS"),
    extra="xtts",
)
