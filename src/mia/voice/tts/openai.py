"""Voices on a server: any that has OpenAI's `/v1/audio/speech`.

OpenAI itself, Kokoro-FastAPI, openedai-speech, LocalAI, and more. Sound is passed on as it
arrives, so speech starts before the server has finished the clause.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mia.backends import Backend, Context
from mia.conversation.ports import Sound
from mia.errors import BackendUnavailable
from mia.servers import ServerOptions, SpeechServer
from mia.voice.catalogue import VoiceInfo
from mia.voice.incoming import Incoming
from mia.voice.pieces import pieces

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NAME = "openai"
#: OpenAI takes this many characters a request.
LONGEST = 4096
#: Bytes passed on at once: 21 ms of 24 kHz sound.
BLOCK = 1024
#: Voices OpenAI's own page names; many other servers accept the same names.
OPENAI_VOICES = ("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")


class OpenAIVoiceOptions(ServerOptions):
    """Any server with /v1/audio/speech."""

    base_url: str = Field(
        "http://localhost:8880/v1",
        description="Address of the server, usually ending in /v1 (Kokoro-FastAPI: "
        "http://localhost:8880/v1).",
    )
    model: str = Field("tts-1", description="Model id as the server names it.")
    voice: str = Field("alloy", description="Voice as the server names it.")
    voices: dict[str, str] = Field(
        default_factory=dict,
        description="Voice for each language (ISO 639-1), where they are not the same.",
    )
    format: Literal["pcm", "wav", "mp3"] = Field(
        "pcm", description="What is asked for; mp3 saves bandwidth and needs the extra edge."
    )
    sample_rate: int = Field(
        24_000,
        ge=8_000,
        le=48_000,
        description="Rate of the server's raw pcm, which does not tell.",
        json_schema_extra={"unit": "Hz"},
    )
    speed: float = Field(1.0, ge=0.5, le=2, description="How fast it speaks, as a factor.")
    instructions: str = Field(
        "", max_length=4096, description="How it is to speak, for models that take it."
    )


class OpenAIVoice:
    """Implements `SpeechSynthesizer`. Clauses may be asked for side by side."""

    def __init__(self, options: OpenAIVoiceOptions) -> None:
        self._options = options
        self._server = SpeechServer(options, options.model)
        self._speed = options.speed
        self._voice = ""

    def set_speed(self, factor: float) -> None:
        """How fast it speaks from the next clause on, 0.25 … 4."""
        self._speed = min(max(factor, 0.25), 4.0)

    def set_voice(self, voice: str | None) -> None:
        """The voice of every language from the next clause on, None: the configured ones; whether
        there is such a voice is seen when it is asked to speak."""
        self._voice = voice or ""

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """The server's sound as it arrives. No word times: the service tells none.

        Raises BackendUnavailable with one of the `server.*` codes.
        """
        for part in _requests(text):
            async with aclosing(self._spoken(part, language)) as sounds:
                async for sound in sounds:
                    yield sound

    async def _spoken(self, text: str, language: str) -> AsyncGenerator[Sound, None]:
        incoming = Incoming(
            self._server.name, self._options.sample_rate, pcm=self._options.format == "pcm"
        )
        async with AsyncExitStack() as open_until:
            blocks = await self._server.asked(lambda: self._begun(text, language, open_until))
            while True:
                block = await self._next(blocks)
                samples = incoming.finish() if block is None else incoming.feed(block)
                if samples.size:
                    yield Sound(samples, incoming.rate)
                if block is None:
                    break

    async def _begun(
        self, text: str, language: str, open_until: AsyncExitStack
    ) -> AsyncIterator[bytes]:
        """Ask for `text`; the blocks of the answer, whose first one is already there."""
        from openai import omit

        options = self._options
        voice = self._voice or options.voices.get(language) or options.voice
        client: AsyncOpenAI = self._server.client
        response = await open_until.enter_async_context(
            client.audio.speech.with_streaming_response.create(
                model=options.model,
                voice=voice,
                input=text,
                response_format=options.format,
                speed=self._speed,
                instructions=options.instructions or omit,
            )
        )
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind in {"application/json", "text/html", "text/plain"}:
            raise BackendUnavailable("server.not_audio", name=self._server.name, kind=kind)
        blocks = response.iter_bytes(BLOCK)
        return _with_first(await anext(blocks, None), blocks)

    async def _next(self, blocks: AsyncIterator[bytes]) -> bytes | None:
        """The next block, None at the end. Raises BackendUnavailable."""
        try:
            async with asyncio.timeout(self._options.timeout_s):
                return await anext(blocks, None)
        except Exception as error:  # the library's border: it passes on whatever its HTTP raises
            raise self._server.problem(error, midway=True) from error

    async def aclose(self) -> None:
        await self._server.aclose()


async def _with_first(first: bytes | None, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first is not None:
        yield first
    async for block in rest:
        yield block


def _requests(text: str) -> list[str]:
    """The text in stretches the server takes; nothing where there is nothing to be said."""
    found: list[str] = []
    for piece in pieces(text):
        if found and len(found[-1]) + 1 + len(piece.text) <= LONGEST:
            found[-1] += f" {piece.text}"
        else:
            found.append(piece.text)
    return found


def voices(options: OpenAIVoiceOptions, context: Context) -> tuple[VoiceInfo, ...]:
    """The configured voices, and OpenAI's own where the server is OpenAI's."""
    found = [
        VoiceInfo(name, name.title(), language, "", NAME, "")
        for language, name in (*options.voices.items(), ("", options.voice))
    ]
    if "api.openai.com" in options.base_url:
        found += [VoiceInfo(name, name.title(), "", "", NAME, "") for name in OPENAI_VOICES]
    del context
    return tuple({voice.id: voice for voice in found}.values())


async def load(options: OpenAIVoiceOptions, _context: Context) -> OpenAIVoice:
    """Whether the server runs is seen at the first clause. Raises BackendUnavailable
    `server.key_missing` for OpenAI itself without a key."""
    return OpenAIVoice(options)


BACKEND = Backend(port="tts", name=NAME, options=OpenAIVoiceOptions, load=load, modules=("openai",))
