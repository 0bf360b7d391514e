"""Whisper through CTranslate2 (`faster-whisper`), with a window as short as the speech allows.

Whisper pads everything to 30 s, and on two cores that padding costs more than the rest of a turn
together. The encoder takes fewer frames as well: with 10 s the text stays the same for a third of
the time, below 8 s English falls apart (`bench/results/`). So the window is the speech and
a margin, never under `window_s`, never over Whisper's 30 s.

A beam hears Spanish much better than following the likeliest word alone does, and takes twice the
time. So the likeliest words come first, and only where Whisper itself is unsure of them (their
mean log-probability is below `sure_logprob`) is the beam asked as well, over the same encoded
sound; and only where the beam is unsure too does Whisper look again, with a wider window
(`bench/results/words.md`, decision 8). A call that nobody waits for any more stops between steps.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.blocking import IMPORTING, Worker
from mia.conversation.ports import HEARING_RATE, Samples, Transcript
from mia.errors import BackendUnavailable, ModelUnavailable
from mia.hearing.hallucinations import imagined
from mia.hearing.quickest import quickest

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

#: Whisper's own longest window, and the silence it likes to see after the last word.
LONGEST_SECONDS = 30
MARGIN_SECONDS = 1.0
FRAMES_PER_SECOND = 100
#: Samples of silence after the sound: more than a frame sees (400), so that the last sees no sound.
SILENCE = 800
#: The window of a second look.
WIDE_SECONDS = 15.0
#: Nobody speaks more tokens a second than this; it ends a decoder that has begun to repeat.
TOKENS_PER_SECOND = 9
LEAST_TOKENS = 24
LONGEST_TOKENS = 448
#: What the number of threads is tried with.
TRIALS = 3
TYPICAL_TOKENS = 16
TYPICAL_PROMPT = ("<|startoftranscript|>", "<|es|>", "<|transcribe|>", "<|notimestamps|>")


class WhisperOptions(Options):
    model: str = Field(
        "base",
        description="Whisper size (tiny, base, small, medium, large-v3, turbo), a catalogue id, "
        "or the folder of a CTranslate2 model.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where it runs.")
    compute_type: str = Field(
        "auto", description="CTranslate2 number format; auto: int8 on the CPU, float16 on CUDA."
    )
    beam_size: int = Field(
        5,
        ge=1,
        le=10,
        description="Guesses followed at once where the first one is unsure; 1: none besides it.",
    )
    sure_logprob: float = Field(
        -0.3,
        le=0,
        description="Mean log-probability of a word piece from which the first guess is believed; "
        "0: never, the beam is asked at once.",
    )
    window_s: float = Field(
        10.0, ge=8, le=30, description="Shortest stretch of sound Whisper is shown, in seconds."
    )
    hot_words: str | None = Field(
        None,
        max_length=400,
        description="Names and words to expect, as they are written; null: her names with "
        "`input.mode: wake-name`, else none.",
    )
    threads: int | None = Field(
        None,
        ge=1,
        le=64,
        description="CPU threads; null: as many as it is quickest with on this machine, tried "
        "once.",
    )


class Whisper:
    """Implements `SpeechToText`. One call at a time: the model is the bottleneck anyway."""

    def __init__(self, folder: Path, options: WhisperOptions) -> None:
        with IMPORTING:
            import ctranslate2
            from faster_whisper import WhisperModel

        device = options.device
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        compute = options.compute_type
        if compute == "auto":
            compute = "int8" if device == "cpu" else "float16"
        self._model: WhisperModel = WhisperModel(
            str(folder),
            device=device,
            compute_type=compute,
            cpu_threads=options.threads or 1,
            local_files_only=True,
        )
        self._options = options
        self._worker = Worker("whisper")

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        """The text of up to 30 s of sound; of more, the last 30 s."""
        unwanted = threading.Event()
        try:
            return await self._worker.run(self._transcribe, samples, language, unwanted)
        finally:
            unwanted.set()

    def _transcribe(
        self, samples: Samples, language: str | None, unwanted: threading.Event
    ) -> Transcript:
        if unwanted.is_set():
            return Transcript("", language or "")

        longest = int((LONGEST_SECONDS - MARGIN_SECONDS) * HEARING_RATE)
        heard = samples[-longest:]
        seconds = len(heard) / HEARING_RATE
        window = max(self._options.window_s, seconds + MARGIN_SECONDS)
        encoded = self._encode(heard, window)
        if language is None:
            language = self._language_of(encoded)
        text, no_speech, confidence = "", 0.0, 0.0
        beam, sure = self._options.beam_size, self._options.sure_logprob
        looks = [(1, window), (beam, window)] if sure < 0 and beam > 1 else [(beam, window)]
        if sure < 0 and window < WIDE_SECONDS:
            looks.append((beam, WIDE_SECONDS))
        for width, seen in looks:
            if unwanted.is_set():
                break
            if seen != window:
                window, encoded = seen, self._encode(heard, seen)
            text, no_speech, confidence = self._decode(encoded, language, seconds, beam=width)
            if confidence >= sure:
                break
        if imagined(text, no_speech=no_speech, confidence=confidence, samples=heard):
            text = ""
        return Transcript(text, language, no_speech=no_speech, confidence=confidence)

    def _encode(self, heard: Samples, window: float) -> Any:
        import ctranslate2

        features = self._features(heard, window)
        return self._model.model.encode(ctranslate2.StorageView.from_array(features))

    def _features(self, heard: Samples, window: float) -> Samples:
        """Log-mel features, (1, 80 or 128, frames) float32, of the sound and silence after it.

        Silent frames are all the same, and computing ten seconds of them took 10 ms: only the
        first few are computed.
        """
        mel = self._model.feature_extractor(np.pad(heard, (0, SILENCE)), padding=0)
        frames = int(min(window, LONGEST_SECONDS) * FRAMES_PER_SECOND)
        mel = mel[None, :, :frames]
        padded: Samples = np.pad(mel, ((0, 0), (0, 0), (0, frames - mel.shape[2])), mode="edge")
        return padded

    def _language_of(self, encoded: Any) -> str:
        (ranking,) = self._model.model.detect_language(encoded)
        token: str = ranking[0][0]
        return token.strip("<|>")

    def _decode(
        self, encoded: Any, language: str, seconds: float, *, beam: int
    ) -> tuple[str, float, float]:
        """The text, how likely there was no speech, and the mean log-probability of a token."""
        from faster_whisper.tokenizer import Tokenizer

        tokenizer = Tokenizer(
            self._model.hf_tokenizer,
            self._model.model.is_multilingual,
            task="transcribe",
            language=language,
        )
        prompt = self._model.get_prompt(
            tokenizer, [], without_timestamps=True, hotwords=self._options.hot_words or None
        )
        most = max(LEAST_TOKENS, int(seconds * TOKENS_PER_SECOND))
        (result,) = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=beam,
            # CTranslate2 lets Whisper write half of this at most (`src/models/whisper.cc` there).
            max_length=min(2 * most, LONGEST_TOKENS),
            suppress_blank=True,
            suppress_tokens=[-1],
            return_scores=True,
            return_no_speech_prob=True,
        )
        text: str = tokenizer.decode(result.sequences_ids[0]).strip()
        return text, float(result.no_speech_prob), float(result.scores[0])

    async def work(self) -> float:
        """Seconds a typical look takes: ten seconds of sound, a sentence of words."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await self._worker.run(self._work)
        return loop.time() - begun

    def _work(self) -> None:
        encoded = self._encode(np.zeros(HEARING_RATE, np.float32), self._options.window_s)
        token_to_id = self._model.hf_tokenizer.token_to_id
        begin = [token_to_id(token) for token in TYPICAL_PROMPT]
        # Without its last word it writes on for as long as it may.
        never = token_to_id("<|endoftext|>")
        self._model.model.generate(
            encoded, [begin], beam_size=1, max_length=2 * TYPICAL_TOKENS, suppress_tokens=[never]
        )

    async def aclose(self) -> None:
        self._worker.close()


def folder_of(options: WhisperOptions, context: Context) -> Path:
    """Where the weights are. Raises ModelUnavailable."""
    named = Path(options.model).expanduser()
    if (named / "model.bin").is_file():
        return named
    size = options.model
    return context.models.path(size if size.startswith("whisper-") else f"whisper-{size}")


def needs(options: WhisperOptions, languages: tuple[str, ...]) -> tuple[str, ...]:
    del languages
    if Path(options.model).expanduser().exists():
        return ()
    size = options.model
    return (size if size.startswith("whisper-") else f"whisper-{size}",)


async def load(options: WhisperOptions, context: Context) -> Whisper:
    folder = folder_of(options, context)
    worker = Worker("whisper-load")

    async def trial(threads: int) -> float:
        tried = await worker.run(Whisper, folder, options.model_copy(update={"threads": threads}))
        try:
            # The least of a few: what else the machine does only ever adds.
            return min([await tried.work() for _ in range(TRIALS)])
        finally:
            await tried.aclose()

    try:
        if options.hot_words is None:
            options = options.model_copy(update={"hot_words": ", ".join(context.names)})
        if options.threads is None:
            name = f"{folder.name} {options.device} {options.compute_type}"
            threads = await quickest(name, context.cache / "threads.json", trial)
            options = options.model_copy(update={"threads": threads})
        return await worker.run(Whisper, folder, options)
    except (RuntimeError, ValueError, OSError) as error:
        # CTranslate2 raises these for a damaged model, no CUDA, or an unknown number format.
        if "model" in str(error).lower() and "open" in str(error).lower():
            raise ModelUnavailable("model.unreadable", model=str(folder)) from error
        raise BackendUnavailable("stt.cannot_load", reason=str(error)) from error
    finally:
        worker.close()


BACKEND = Backend(
    port="stt",
    name="faster-whisper",
    options=WhisperOptions,
    load=load,
    needs=needs,
    modules=("faster_whisper",),
    extra="local",
)
