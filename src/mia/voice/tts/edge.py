"""Microsoft Edge's voices, through the unmodified `edge-tts` client. Needs the internet.

The service sends MP3 and, between its packets, when each word is heard. Both are passed on as
they arrive, so speech starts before the clause is complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.conversation.ports import Sound, Word
from mia.errors import BackendUnavailable
from mia.voice.catalogue import VoiceInfo
from mia.voice.mp3 import RATE, Mp3Decoder
from mia.voice.word_places import WordFinder

if TYPE_CHECKING:
    from edge_tts import Communicate
    from edge_tts.typing import TTSChunk

#: The service counts time in ticks of 100 ns.
TICKS_PER_SECOND = 10_000_000

#: A voice is shifted in Hz, MIA counts in semitones; they meet at the pitch of a typical female
#: voice, which all the default voices have. A deep voice is shifted a little too far.
VOICE_HERTZ = 200.0

#: Sound may end this long before the last word's end and still count as complete, in seconds.
TOLERANCE_SECONDS = 0.25

DEFAULT_VOICES = {
    "es": "es-CL-CatalinaNeural",
    "en": "en-US-AriaNeural",
    "de": "de-DE-KatjaNeural",
    "fr": "fr-FR-DeniseNeural",
    "it": "it-IT-ElsaNeural",
    "pt": "pt-BR-FranciscaNeural",
}
#: Speaks any language, with an accent.
OTHER_VOICE = "en-US-EmmaMultilingualNeural"

_PERCENT = r"^[+-]\d{1,3}%$"


class EdgeOptions(Options):
    voice: str = Field(
        "",
        pattern=r"^$|^[a-z]{2,3}-[A-Z]{2,}-.+Neural$",
        description="Voice for its own language (a multilingual one: for all), such as "
        '"es-CL-CatalinaNeural"; empty: one for each language.',
    )
    rate: str = Field("+0%", pattern=_PERCENT, description="Change of speed, such as +10%.")
    pitch: str = Field(
        "+0Hz", pattern=r"^[+-]\d{1,3}Hz$", description="Change of pitch in hertz, such as -5Hz."
    )
    volume: str = Field("+0%", pattern=_PERCENT, description="Change of volume, such as -20%.")
    speed: float = Field(1.0, ge=0.5, le=2, description="Speed as a factor; goes on top of rate.")
    semitones: float = Field(
        0.0, ge=-12, le=12, description="Change of pitch in semitones; goes on top of pitch."
    )
    proxy: str = Field("", description="Address of a proxy; empty: the one of the environment.")
    connect_timeout_s: int = Field(
        5, ge=1, le=60, description="Longest wait for a connection, in seconds."
    )
    receive_timeout_s: int = Field(
        10, ge=1, le=120, description="Longest silence of the service, in seconds."
    )


class EdgeVoice:
    """Implements `SpeechSynthesizer`. Every clause is a connection of its own."""

    def __init__(self, options: EdgeOptions) -> None:
        self._options = options

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """The clause's sound at 24 kHz with its words, packet by packet.

        Raises BackendUnavailable: `edge.offline`, `edge.refused`, `edge.no_audio`,
        `edge.interrupted` (also after some sound was given out), `edge.failed`.
        """
        if not text.strip():
            return
        client = self._client(text, language)
        decoder, finder, words = Mp3Decoder(), WordFinder(text), list[Word]()
        heard, last = 0, 0.0
        try:
            async with aclosing(client.stream()) as messages:
                while (message := await self._next(messages)) is not None:
                    if message["type"] == "audio":
                        samples = decoder.feed(message["data"])
                        heard += samples.size
                        if samples.size:
                            yield Sound(samples, RATE, words=tuple(words))
                            words.clear()
                    elif message["type"] == "WordBoundary":
                        begin = message["offset"] / TICKS_PER_SECOND
                        last = begin + message["duration"] / TICKS_PER_SECOND
                        if place := finder.find(message["text"]):
                            words.append(Word(*place, begin, last))
        except BackendUnavailable:
            raise
        except Exception as error:  # the library's border: it passes on whatever aiohttp raises
            raise _translated(error, heard) from error
        samples = decoder.finish()
        heard += samples.size
        if samples.size or words:
            yield Sound(samples, RATE, words=tuple(words))
        # A connection that is cut looks to the client like one that ended.
        if client.state.get("chunk_audio_bytes", 0) or heard / RATE + TOLERANCE_SECONDS < last:
            raise BackendUnavailable("edge.interrupted")

    def set_speed(self, factor: float) -> None:
        """How fast it speaks from the next clause on, 0.5 … 2."""
        self._options.speed = min(max(factor, 0.5), 2.0)

    def set_semitones(self, semitones: float) -> None:
        """How much higher it speaks from the next clause on, -12 … 12."""
        self._options.semitones = min(max(semitones, -12.0), 12.0)

    def set_voice(self, voice: str | None) -> None:
        """The voice from the next clause on; None: one for each language.

        Raises BackendUnavailable("tts.unknown_voice") for what cannot be a voice's name.
        """
        try:
            self._options.voice = voice or ""
        except ValueError as error:
            known = ", ".join((*DEFAULT_VOICES.values(), OTHER_VOICE))
            raise BackendUnavailable(
                "tts.unknown_voice", name="Edge", voice=voice, known=known
            ) from error

    async def _next(self, messages: AsyncGenerator[TTSChunk, None]) -> TTSChunk | None:
        """The next message, or None after the last.

        The client's own `receive_timeout` is not observed by its WebSocket, which would wait for
        a silent service for ever."""
        async with asyncio.timeout(self._options.receive_timeout_s):
            return await anext(messages, None)

    async def aclose(self) -> None:
        """Nothing is kept between clauses."""

    def _client(self, text: str, language: str) -> Communicate:
        import edge_tts

        options = self._options
        return edge_tts.Communicate(
            text,
            voice_for(options, language),
            rate=prosody_rate(options),
            volume=options.volume,
            pitch=prosody_pitch(options),
            boundary="WordBoundary",
            proxy=options.proxy or None,
            connect_timeout=options.connect_timeout_s,
        )


def voice_for(options: EdgeOptions, language: str) -> str:
    """The voice that speaks `language` (ISO 639-1): the chosen one where it can."""
    chosen = options.voice
    if chosen and (chosen.split("-")[0] == language or "Multilingual" in chosen):
        return chosen
    return DEFAULT_VOICES.get(language, OTHER_VOICE)


def prosody_rate(options: EdgeOptions) -> str:
    """Both speeds as the one percentage that the service takes."""
    factor = (1 + int(options.rate[:-1]) / 100) * options.speed
    return f"{round((factor - 1) * 100):+d}%"


def prosody_pitch(options: EdgeOptions) -> str:
    """Both pitches as the one number of hertz that the service takes."""
    shift: float = VOICE_HERTZ * (2 ** (options.semitones / 12) - 1)
    return f"{round(int(options.pitch[:-2]) + shift):+d}Hz"


def _translated(error: Exception, heard: int) -> BackendUnavailable:
    """The client's exception as one of ours; `heard`: samples that had arrived."""
    import aiohttp
    from edge_tts import exceptions as edge

    if isinstance(error, edge.NoAudioReceived):
        return BackendUnavailable("edge.no_audio")
    # The service refuses clocks that are minutes off; the client corrects that once by itself.
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return BackendUnavailable("edge.refused", status=error.status)
    if isinstance(error, edge.SkewAdjustmentError):
        return BackendUnavailable("edge.refused", status=403)
    if heard:
        return BackendUnavailable("edge.interrupted")
    if isinstance(error, aiohttp.ClientError | OSError | TimeoutError | edge.WebSocketError):
        return BackendUnavailable("edge.offline", reason=str(error) or type(error).__name__)
    return BackendUnavailable("edge.failed", reason=str(error) or type(error).__name__)


def voices(options: EdgeOptions, context: Context) -> tuple[VoiceInfo, ...]:
    """The configured voice and the default ones; the service has some 400 more."""
    del context
    names = [options.voice] if options.voice else []
    return tuple(
        VoiceInfo(
            name,
            name.split("-")[-1].removesuffix("Neural").removesuffix("Multilingual"),
            name.split("-")[0],
            "",
            "edge",
            "",
        )
        for name in dict.fromkeys((*names, *DEFAULT_VOICES.values(), OTHER_VOICE))
    )


async def load(options: EdgeOptions, _context: Context) -> EdgeVoice:
    """Whether the service can be reached is seen at the first clause."""
    return EdgeVoice(options)


BACKEND = Backend(
    port="tts",
    name="edge",
    options=EdgeOptions,
    load=load,
    modules=("edge_tts", "av"),
    extra="edge",
)
