"""Kokoro-82M: a small voice model for Spanish, English and more, on the CPU.

The int8 export takes a fifth of the time its sound lasts on two cores that have nothing else to
do, and a third where products of bytes are not exact (`onnx/products.py`).
espeak-ng (from the Piper package) writes its phonemes; how long each of them lasts is read from
inside the model, so words and mouth shapes are exact.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.blocking import Worker, run_apart
from mia.conversation.ports import Samples, Sound
from mia.errors import BackendUnavailable, ModelUnavailable
from mia.onnx.products import products_are_exact, with_products
from mia.voice import kokoro_symbols as kokoro
from mia.voice import timing
from mia.voice.catalogue import VoiceInfo
from mia.voice.onnx import Job, Model
from mia.voice.onnx_file import styletts_durations
from mia.voice.phonemes import counting, phonemes
from mia.voice.speaking import Spoken, speak

NAME = "kokoro"
MODEL = "kokoro-82m"
RATE = 24_000
#: The model's own unit of duration: 25 ms.
FRAME_SAMPLES = 600
#: The sound comes two frames before the durations say: measured on four voices in both languages,
#: by the noise of s and z, by the closures of p, t and k, and by which vowel a frame sounds like
#: (59 % of them right as told, 91 % so much earlier; `bench/avatar/learn_vowels.py`).
EARLY = 2 * FRAME_SAMPLES / RATE
STYLE_SHAPE = (kokoro.LONGEST, 1, 256)

DEFAULT_VOICES = {"es": "ef_dora", "en": "af_heart"}
#: First letter of a voice's name: its language, and the espeak-ng voice that writes phonemes.
LANGUAGES = {
    "a": ("en", "en-us"), "b": ("en", "en-gb"), "e": ("es", "es-419"), "f": ("fr", "fr-fr"),
    "i": ("it", "it"), "p": ("pt", "pt-br"), "h": ("hi", "hi"),
}  # fmt: skip
ESPEAK = dict(reversed(LANGUAGES.values()))
LICENCE = "Apache-2.0"


class KokoroOptions(Options):
    """Kokoro-82M: Spanish, English and more, offline, natural, slower than Piper."""

    model: str = Field(
        MODEL, description="Catalogue id, or a folder with the ONNX file and voices/*.bin."
    )
    voice: str | None = Field(
        None,
        description="Voice for its own language (ef_dora, em_alex, af_heart, …: `mia voices`); "
        "null: the one of `voices`.",
    )
    voices: dict[str, str] = Field(
        default_factory=lambda: dict(DEFAULT_VOICES),
        description="Voice for each language (ISO 639-1).",
    )
    spanish: str = Field(
        "es-419",
        pattern="^es(-419)?$",
        description="Pronunciation of Spanish: es-419 (Latin America) or es (Spain).",
    )
    speed: float = Field(1.0, ge=0.5, le=2, description="How fast it speaks, as a factor.")
    threads: int = Field(2, ge=1, le=64, description="CPU threads.")


class Kokoro:
    """Implements `SpeechSynthesizer`. One clause at a time: the model is the bottleneck."""

    def __init__(
        self, folder: Path, options: KokoroOptions, languages: tuple[str, ...] = ()
    ) -> None:
        self._folder = folder
        self._options = options
        self._only = len(languages) == 1
        self._speed = options.speed
        self._voice = options.voice
        self._styles: dict[str, Samples] = {}
        model = onnx_file(folder).read_bytes()
        if products_are_exact():
            model = with_products(model)
        self._model = Model(model, options.threads, styletts_durations, gives_back=True)
        self._tokens = next(n for n in self._model.inputs if n in ("tokens", "input_ids"))
        self._worker = Worker("kokoro")
        for language in languages:
            if language in DEFAULT_VOICES:  # a mistyped voice is found now, not in mid-talk
                self._style(self.voice_for(language))

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, factor: float) -> None:
        """How fast it speaks from the next sentence on, 0.5 … 2."""
        self._speed = min(max(factor, 0.5), 2.0)

    def set_voice(self, voice: str | None) -> None:
        """The voice of its language from the next sentence on; None: the one of `voices`.

        Reads the voice's file. Raises BackendUnavailable("tts.unknown_voice").
        """
        if voice is not None:
            self._style(voice)
        self._voice = voice

    def voice_for(self, language: str) -> str:
        """The name of the voice that speaks a language: the chosen one its own (or the only
        one there is to speak), else the one for the language.

        Raises BackendUnavailable("tts.no_language") when there is none.
        """
        chosen = self._voice
        if chosen and (self._only or LANGUAGES.get(chosen[0], ("",))[0] == language):
            return chosen
        named = self._options.voices.get(language) or DEFAULT_VOICES.get(language)
        if named and language in ESPEAK:
            return named
        raise BackendUnavailable("tts.no_language", name=NAME, language=language)

    def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """24 kHz; word and phoneme times exact to 25 ms."""
        voice = self.voice_for(language)

        def say(piece: str, job: Job) -> Iterator[Spoken]:
            yield self._say(piece, voice, language, job)

        return speak(self._worker, say, text, backend=NAME)

    def _say(self, text: str, voice: str, language: str, job: Job) -> Spoken:
        espeak = self._espeak(voice, language)
        symbols = kokoro.written(phonemes(text, espeak), language)
        if symbols and symbols[-1] not in ",.;:!?…—":
            symbols += ","  # the clause goes on: without a mark the voice swallows its last sound
        samples: list[Samples] = []
        timed: list[timing.Symbol] = []
        at = 0.0
        for chunk in kokoro.chunks(symbols):
            if not chunk.strip():
                continue
            sound, frames = self._run(chunk, voice, job)
            seconds = len(sound) / RATE
            if frames is None:
                laid = timing.spread(chunk, 0.0, seconds)
            else:
                told = timing.symbols(f" {chunk} ", frames, FRAME_SAMPLES / RATE)[1:-1]
                laid = tuple(symbol.moved(EARLY, seconds) for symbol in told)
            timed += (
                timing.Symbol(kokoro.sounding(s.symbol), s.begin + at, s.finish + at) for s in laid
            )
            samples.append(sound)
            at += seconds
        whole = np.concatenate(samples) if samples else np.zeros(0, np.float32)
        return Spoken(whole, RATE, tuple(timed), counting(espeak))

    def _espeak(self, voice: str, language: str) -> str:
        """The espeak-ng voice that writes the phonemes: any voice can speak any language."""
        own, espeak = LANGUAGES.get(voice[0], ("", ""))
        if language == "es":
            return self._options.spanish
        return espeak if own == language else ESPEAK[language]

    def _run(self, symbols: str, voice: str, job: Job) -> tuple[Samples, list[float] | None]:
        ids = [kokoro.VOCABULARY[symbol] for symbol in symbols]
        # Some exports take the speed as a whole number, and then only 1 makes sense.
        whole = "int" in self._model.inputs["speed"]
        outputs = self._model.run(
            {
                self._tokens: np.array([[kokoro.PAD, *ids, kokoro.PAD]], np.int64),
                "style": self._style(voice)[len(ids) - 1],
                "speed": np.array([1 if whole else self._speed], np.int32 if whole else np.float32),
            },
            job,
        )
        samples = np.asarray(outputs[0], np.float32).ravel()
        frames = [float(f) for f in np.ravel(outputs[-1])] if self._model.times else None
        if frames is not None and len(frames) != len(ids) + 2:
            frames = None
        return samples, frames

    def _style(self, voice: str) -> Samples:
        """A voice's style vectors, (510, 1, 256) float32, by length of the input.

        Raises BackendUnavailable("tts.unknown_voice"), ModelUnavailable("model.unreadable").
        """
        if voice not in self._styles:
            path = self._folder / "voices" / f"{voice}.bin"
            if not voice.isidentifier() or not path.is_file():
                known = ", ".join(sorted(p.stem for p in self._folder.glob("voices/*.bin")))
                raise BackendUnavailable("tts.unknown_voice", name=NAME, voice=voice, known=known)
            styles = np.fromfile(path, np.float32)
            if styles.size != np.prod(STYLE_SHAPE):
                raise ModelUnavailable("model.unreadable", model=str(path))
            self._styles[voice] = styles.reshape(STYLE_SHAPE)
        return self._styles[voice]

    async def aclose(self) -> None:
        self._worker.close()


def onnx_file(folder: Path) -> Path:
    """The model in a folder. Raises ModelUnavailable("model.unreadable") if there is none."""
    for path in sorted(folder.glob("*.onnx")):
        return path
    raise ModelUnavailable("model.unreadable", model=str(folder))


def folder_of(options: KokoroOptions, context: Context) -> Path:
    """Where the model is. Raises ModelUnavailable."""
    named = Path(options.model).expanduser()
    return named if named.is_dir() else context.models.path(options.model)


def voices(options: KokoroOptions, context: Context) -> tuple[VoiceInfo, ...]:
    """The voices that lie beside the model. Raises ModelUnavailable."""
    found = []
    for path in sorted(folder_of(options, context).glob("voices/*.bin")):
        kind, _, name = path.stem.partition("_")
        language, _ = LANGUAGES.get(kind[:1], ("", ""))
        gender = {"f": "female", "m": "male"}.get(kind[1:2], "")
        if language and name:
            found.append(VoiceInfo(path.stem, name.title(), language, gender, NAME, LICENCE))
    return tuple(found)


def needs(options: KokoroOptions, languages: tuple[str, ...]) -> tuple[str, ...]:
    del languages
    return () if Path(options.model).expanduser().is_dir() else (options.model,)


async def load(options: KokoroOptions, context: Context) -> Kokoro:
    folder = folder_of(options, context)
    try:
        return await run_apart("kokoro-load", Kokoro, folder, options, context.languages)
    except (ValueError, RuntimeError, OSError, StopIteration) as error:
        raise ModelUnavailable("model.unreadable", model=str(folder)) from error


BACKEND = Backend(
    port="tts",
    name=NAME,
    options=KokoroOptions,
    load=load,
    needs=needs,
    modules=("onnxruntime", "piper"),
    extra="local",
)
