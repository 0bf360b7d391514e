"""Ears on a server: any that has OpenAI's `/v1/audio/transcriptions`.

OpenAI itself, Groq, speaches, whisper.cpp's server, LocalAI, and more.
"""

from __future__ import annotations

import io
from typing import Any, Literal

import numpy as np
import soundfile
from pydantic import Field

from mia.backends import Backend, Context
from mia.conversation.ports import HEARING_RATE, Samples, Transcript
from mia.errors import BackendUnavailable
from mia.hearing.hallucinations import imagined
from mia.servers import ServerOptions, SpeechServer

NAME = "openai"
#: Shorter sound is refused by OpenAI; silence is put behind it.
SHORTEST_SECONDS = 0.2
#: How `verbose_json` names the languages MIA cares for; servers other than OpenAI write the code.
LANGUAGE_NAMES = {
    "spanish": "es", "english": "en", "french": "fr", "german": "de", "italian": "it",
    "portuguese": "pt", "catalan": "ca", "galician": "gl", "basque": "eu", "japanese": "ja",
    "chinese": "zh", "korean": "ko", "russian": "ru", "dutch": "nl", "polish": "pl",
}  # fmt: skip


class OpenAIEarsOptions(ServerOptions):
    """Any server with /v1/audio/transcriptions."""

    base_url: str = Field(
        "http://localhost:8000/v1",
        description="Address of the server, usually ending in /v1 (speaches: "
        "http://localhost:8000/v1).",
    )
    model: str = Field("whisper-1", description="Model id as the server names it.")
    prompt: str | None = Field(
        None,
        max_length=800,
        description="Names and words the server is to expect; null: her names "
        "with `input.mode: wake-name`, else none.",
    )
    temperature: float | None = Field(
        None, ge=0, le=1, description="How freely it guesses; null: the server's own value."
    )


class OpenAIEars:
    """Implements `SpeechToText`. Calls may run side by side; the server decides how many."""

    def __init__(self, options: OpenAIEarsOptions, languages: tuple[str, ...], prompt: str) -> None:
        self._options = options
        self._server = SpeechServer(options, options.model)
        self._first = languages[0] if languages else "es"
        self._prompt = prompt if options.prompt is None else options.prompt
        self._tells_language = True

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        """The server's text. Raises BackendUnavailable with one of the `server.*` codes."""
        if not len(samples):
            return Transcript("", language or self._first)
        verbose = language is None and self._tells_language
        wav = _wav(samples)
        try:
            answer = await self._server.asked(lambda: self._ask(wav, language, verbose=verbose))
        except BackendUnavailable as error:
            # OpenAI's newer models know `json` only, and do not tell the language.
            if not verbose or error.code != "server.refused":
                raise
            self._tells_language = verbose = False
            answer = await self._server.asked(lambda: self._ask(wav, language, verbose=False))
        text = answer.get("text")
        if not isinstance(text, str):
            raise BackendUnavailable("server.not_compatible", url=self._options.base_url)
        said = text.strip()
        no_speech, confidence = _doubt(answer.get("segments"))
        if imagined(said, no_speech=no_speech, confidence=confidence, samples=samples):
            said = ""
        heard = str(answer.get("language") or "").lower()
        code = language or LANGUAGE_NAMES.get(heard, heard if len(heard) == 2 else self._first)
        return Transcript(said, code, no_speech)

    async def _ask(self, wav: bytes, language: str | None, *, verbose: bool) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if language is not None:
            fields["language"] = language
        if self._prompt:
            fields["prompt"] = self._prompt
        if self._options.temperature is not None:
            fields["temperature"] = self._options.temperature
        form: Literal["json", "verbose_json"] = "verbose_json" if verbose else "json"
        answer = await self._server.client.audio.transcriptions.create(
            file=("speech.wav", wav, "audio/wav"),
            model=self._options.model,
            response_format=form,
            **fields,
        )
        # Without a JSON content type the library hands the body on as it is.
        return answer.model_dump() if hasattr(answer, "model_dump") else {}

    async def aclose(self) -> None:
        await self._server.aclose()


def _wav(samples: Samples) -> bytes:
    """16 kHz, 16 bit, mono."""
    lacking = int(SHORTEST_SECONDS * HEARING_RATE) - len(samples)
    if lacking > 0:
        samples = np.pad(samples, (0, lacking))
    out = io.BytesIO()
    soundfile.write(out, np.clip(samples, -1, 1), HEARING_RATE, format="WAV", subtype="PCM_16")
    return out.getvalue()


def _doubt(segments: object) -> tuple[float, float]:
    """The likeliest "no speech" and the mean log-probability of a verbose answer."""
    rows = [row for row in segments if isinstance(row, dict)] if isinstance(segments, list) else []
    if not rows:
        return 0.0, 0.0
    no_speech = min(float(row.get("no_speech_prob") or 0.0) for row in rows)
    return no_speech, float(np.mean([float(row.get("avg_logprob") or 0.0) for row in rows]))


async def load(options: OpenAIEarsOptions, context: Context) -> OpenAIEars:
    """Whether the server runs is seen when it is asked. Raises BackendUnavailable
    `server.key_missing` for OpenAI itself without a key."""
    return OpenAIEars(options, context.languages, ", ".join(context.names))


BACKEND = Backend(port="stt", name=NAME, options=OpenAIEarsOptions, load=load, modules=("openai",))
