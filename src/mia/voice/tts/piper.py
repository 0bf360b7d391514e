"""Piper: quick voices for many languages (any voice of its catalogue, or your own file).

The model is a VITS; the frames each phoneme lasts are read from inside it, so words and mouth
shapes are exact; the beginning of a clause is heard while the rest of it is still being made
(`mia.voice.vits`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.blocking import Worker, run_apart
from mia.conversation.ports import Sound
from mia.errors import BackendUnavailable, ModelUnavailable
from mia.voice import timing
from mia.voice.catalogue import VoiceInfo
from mia.voice.onnx import Job
from mia.voice.phonemes import PAUSES, STRESS, counting, espeak_alone
from mia.voice.shaping import Loudness
from mia.voice.speaking import Spoken, speak
from mia.voice.vits import FIRST, LONGEST_WINDOW, Thought, Vits

NAME = "piper"
DEFAULT_VOICE = "piper-en-us-joe"
#: Longest stretch of phonemes in one run: the model's attention grows with its square.
LONGEST = 600


class PiperOptions(Options):
    """Piper: quick offline voices; English included, a voice file of yours for any language."""

    voice: str | None = Field(
        None,
        description="Catalogue id of a Piper voice, or the path of its .onnx file (its .onnx.json "
        "beside it); null: Joe, English.",
    )
    speaker: int | str | None = Field(
        None, description="Speaker of a voice with several, by number or name; null: its first."
    )
    speed: float = Field(1.0, ge=0.5, le=2, description="How fast it speaks, as a factor.")
    noise: float | None = Field(
        None, ge=0, le=2, description="Liveliness of the sound; null: as the voice says."
    )
    rhythm_noise: float | None = Field(
        None, ge=0, le=2, description="Liveliness of the rhythm; null: as the voice says."
    )
    threads: int = Field(2, ge=1, le=64, description="CPU threads.")


class Piper:
    """Implements `SpeechSynthesizer`. One clause at a time."""

    def __init__(self, path: Path, options: PiperOptions) -> None:
        from piper import PiperVoice
        from piper.config import PiperConfig

        described = json.loads(Path(f"{path}.json").read_text("utf-8"))
        self._config: Any = PiperConfig.from_dict(described)
        self._language = language_of(described)
        hop = int(self._config.hop_length)
        self._vits = Vits(path, options.threads, hop, self.rate)
        # Only its phonemizer is used: it knows the scripts that espeak-ng does not.
        self._text: Any = PiperVoice(session=self._vits.model.session, config=self._config)
        self._options = options
        self._speaker = self._speaker_id(options.speaker)
        self._speed = options.speed
        self._loudness = Loudness()
        self._worker = Worker("piper")

    @property
    def rate(self) -> int:
        """Samples a second, the voice's own."""
        return int(self._config.sample_rate)

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, factor: float) -> None:
        """How fast it speaks from the next sentence on, 0.5 … 2."""
        self._speed = min(max(factor, 0.5), 2.0)

    def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """At the voice's own rate; word and phoneme times exact to about 12 ms.

        Raises BackendUnavailable("tts.no_language") for a language the voice does not speak.
        """
        if self._language and language != self._language:
            raise BackendUnavailable("tts.no_language", name=NAME, language=language)
        return speak(self._worker, self._say, text, backend=NAME, loudness=self._loudness)

    def _say(self, text: str, job: Job) -> Iterator[Spoken]:
        thoughts: list[tuple[Thought, int]] = []
        timed: list[timing.Symbol] = []
        at = 0.0
        for written in self._phonemes(text):
            thought, frames = self._think(written, job)
            if frames is None:
                laid = timing.spread(written, 0.0, thought.seconds)
            else:
                laid = timing.symbols(written, frames, self._config.hop_length / self.rate)
            if timed:
                timed.append(timing.Symbol(" ", at, at))
            timed += (timing.Symbol(s.symbol, s.begin + at, s.finish + at) for s in laid)
            # Half of the first symbol's time is the pause before it, more or less.
            first = FIRST + int(frames[0] / 2) if frames and not thoughts else LONGEST_WINDOW
            thoughts.append((thought, first))
            at += thought.seconds
        symbols = tuple(timed)
        for number, (thought, first) in enumerate(thoughts, 1):
            for samples, over in self._vits.sound(thought, job, first):
                last = over and number == len(thoughts)
                yield Spoken(samples, self.rate, symbols, self._count, last)
                symbols = ()

    def _count(self, word: str) -> int:
        if self._config.phoneme_type == "espeak":
            return counting(self._config.espeak_voice)(word)
        return len(word)

    def _phonemes(self, text: str) -> list[list[str]]:
        """The symbols of each sentence; only such as the voice knows."""
        # Two brackets would be read as raw phonemes.
        text = text.replace("[[", "[").replace("]]", "]")
        with espeak_alone():
            sentences: list[list[str]] = self._text.phonemize(text)
        known = self._config.phoneme_id_map
        found: list[list[str]] = []
        for sentence in sentences:
            symbols = [symbol for symbol in sentence if symbol in known]
            while symbols:
                found.append(symbols[:LONGEST])
                symbols = symbols[LONGEST:]
        return [s for s in found if any(c not in PAUSES and c not in STRESS for c in s)]

    def _think(self, symbols: list[str], job: Job) -> tuple[Thought, list[float] | None]:
        """What is to be heard, and the frames each symbol lasts, where that is known."""
        known = self._config.phoneme_id_map
        # Piper puts a pad after the beginning and after every symbol.
        pad = known["_"]
        ids = [*known["^"], *pad]
        sizes = []
        for symbol in symbols:
            ids += [*known[symbol], *pad]
            sizes.append(len(known[symbol]) + len(pad))
        before = len(known["^"]) + len(pad)
        ids += known["$"]
        options, config = self._options, self._config
        noise = config.noise_scale if options.noise is None else options.noise
        rhythm = config.noise_w_scale if options.rhythm_noise is None else options.rhythm_noise
        feeds: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([noise, config.length_scale / self._speed, rhythm], np.float32),
        }
        if "sid" in self._vits.inputs:
            feeds["sid"] = np.array([self._speaker], np.int64)
        thought = self._vits.think(feeds, job)
        each = np.array(thought.frames or ())
        if len(each) != len(ids):
            return thought, None
        # What the beginning lasts is the first symbol's: a pause before it, mostly.
        starts = np.cumsum([before, *sizes[:-1]])
        frames = [float(each[s : s + n].sum()) for s, n in zip(starts, sizes, strict=True)]
        frames[0] += float(each[:before].sum())
        return thought, frames

    def _speaker_id(self, speaker: int | str | None) -> int:
        """Raises BackendUnavailable("tts.unknown_voice")."""
        known: dict[str, int] = dict(self._config.speaker_id_map)
        if speaker is None:
            return int(self._config.default_speaker_id)
        number = known.get(str(speaker), speaker if isinstance(speaker, int) else -1)
        if not 0 <= number < max(self._config.num_speakers, 1):
            names = ", ".join(known) or f"0 … {self._config.num_speakers - 1}"
            raise BackendUnavailable("tts.unknown_voice", name=NAME, voice=speaker, known=names)
        return number

    async def aclose(self) -> None:
        self._worker.close()


def language_of(described: dict[str, Any]) -> str:
    """ISO 639-1 of a voice by its description, "" if it does not tell."""
    language = described.get("language") or {}
    code = language.get("family") or language.get("code") or ""
    return str(code or described.get("espeak", {}).get("voice", ""))[:2].lower()


def file_of(options: PiperOptions, context: Context) -> Path:
    """The voice's .onnx file. Raises ModelUnavailable."""
    chosen = options.voice or DEFAULT_VOICE
    named = Path(chosen).expanduser()
    place = named if named.exists() else context.models.path(chosen)
    path = next(iter(sorted(place.glob("*.onnx"))), place) if place.is_dir() else place
    if path.suffix != ".onnx" or not Path(f"{path}.json").is_file():
        raise ModelUnavailable("model.unreadable", model=str(place))
    return path


def voices(options: PiperOptions, context: Context) -> tuple[VoiceInfo, ...]:
    """The configured voice and Joe, where they are there."""
    found: dict[str, VoiceInfo] = {}
    for chosen in dict.fromkeys((options.voice, DEFAULT_VOICE)):
        if chosen is None:
            continue
        path = file_of(PiperOptions(voice=chosen), context)
        described = json.loads(Path(f"{path}.json").read_text("utf-8"))
        name = str(described.get("dataset") or path.stem)
        licence = _LICENCES.get(chosen, "")
        language = language_of(described)
        gender = "male" if chosen == DEFAULT_VOICE else ""
        found[chosen] = VoiceInfo(chosen, name.title(), language, gender, NAME, licence)
    return tuple(found.values())


#: Joe's weights; what they were trained on is told by `mia models`.
_LICENCES = {DEFAULT_VOICE: "MIT"}


def needs(options: PiperOptions, languages: tuple[str, ...]) -> tuple[str, ...]:
    if options.voice is None:
        return (DEFAULT_VOICE,) if "en" in languages or not languages else ()
    return () if Path(options.voice).expanduser().exists() else (options.voice,)


async def load(options: PiperOptions, context: Context) -> Piper:
    path = file_of(options, context)
    try:
        return await run_apart("piper-load", Piper, path, options)
    except (ValueError, RuntimeError, OSError, KeyError) as error:
        raise ModelUnavailable("model.unreadable", model=str(path)) from error


BACKEND = Backend(
    port="tts",
    name=NAME,
    options=PiperOptions,
    load=load,
    needs=needs,
    modules=("onnxruntime", "piper"),
    extra="local",
)
