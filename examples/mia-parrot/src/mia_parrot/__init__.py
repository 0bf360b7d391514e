"""A mind that repeats what it hears, and a voice that whistles: a plugin for MIA to learn from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.conversation.ports import Prompt, Sound, Usage
from mia.errors import BackendUnavailable


class ParrotOptions(Options):
    """Repeats what you say."""

    prefix: str = Field("", max_length=200, description="Said before what is repeated.")
    asleep: bool = Field(False, description="Whether it sleeps, to see MIA do without it.")


class Parrot:
    """Implements `LanguageModel`."""

    usage: Usage | None = None

    def __init__(self, options: ParrotOptions) -> None:
        self._prefix = options.prefix
        self._asleep = options.asleep

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Word by word. Whoever stops listening closes this generator, and it ends here."""
        if self._asleep:
            raise BackendUnavailable("llm.failed", reason="the parrot is asleep")
        for word in f"{self._prefix} {prompt.messages[-1].content}".split():
            await asyncio.sleep(0)
            yield f"{word} "

    async def warm(self, prompt: Prompt) -> None:
        """A parrot has no cache to warm."""

    async def aclose(self) -> None:
        """It holds nothing."""


async def load_parrot(options: ParrotOptions, _context: Context) -> Parrot:
    return Parrot(options)


class WhistleOptions(Options):
    """Whistles, a note for each word."""

    asleep: bool = Field(False, description="Whether it sleeps, to see MIA do without it.")
    hertz: float = Field(
        880.0,
        ge=100,
        le=4000,
        description="Height of the first note.",
        json_schema_extra={"unit": "Hz"},
    )


class Whistle:
    """Implements `SpeechSynthesizer`."""

    RATE = 24_000
    NOTE_SECONDS = 0.18

    def __init__(self, options: WhistleOptions) -> None:
        self._hertz = options.hertz
        self._asleep = options.asleep
        self._speed = 1.0

    def set_speed(self, factor: float) -> None:
        """With this MIA can change the speed while it runs, and the pitch with it."""
        self._speed = factor

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """One note for each word, up and down a scale of fifths."""
        if self._asleep:
            raise BackendUnavailable("tts.failed", name="whistle", reason="it is asleep")
        length = int(self.NOTE_SECONDS * self.RATE / self._speed)
        times = np.arange(length) / self.RATE
        fade = np.minimum(1, np.minimum(times, times[::-1]) / 0.02)
        for number, _word in enumerate(text.split()):
            hertz = self._hertz * 1.5 ** (number % 3)
            note = 0.2 * fade * np.sin(2 * np.pi * hertz * times)
            await asyncio.sleep(0)
            yield Sound(note.astype(np.float32), self.RATE)

    async def aclose(self) -> None:
        """It holds nothing."""


async def load_whistle(options: WhistleOptions, _context: Context) -> Whistle:
    return Whistle(options)


PARROT = Backend(port="llm", name="parrot", options=ParrotOptions, load=load_parrot)
WHISTLE = Backend(port="tts", name="whistle", options=WhistleOptions, load=load_whistle)
