"""espeak-ng: a robot's voice that speaks a hundred languages at once and never fails.

It stands in for a voice that does, so that a reply has no silent hole, and it is the voice of a
machine that is too slow for any other. The library and its data come in the `espeakng-loader`
wheel (GPL-3.0). Constants and the event's layout: espeak-ng's `speak_lib.h`.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.blocking import Worker, run_apart
from mia.conversation.ports import Samples, Sound, Word
from mia.errors import BackendUnavailable
from mia.voice.catalogue import VoiceInfo

NAME = "espeak"
#: ISO 639-1 → espeak-ng's own voice where its default is not the one people expect.
VOICES = {"es": "es-419", "en": "en-us", "pt": "pt-br", "zh": "cmn"}
NORMAL_WORDS_A_MINUTE = 165
SLOWEST, FASTEST = 80, 450
NORMAL_PITCH = 50

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_BY_CHARACTER = 1
_RATE, _PITCH = 1, 3
_END_OF_LIST, _WORD = 0, 1
_OK = 0


class EspeakOptions(Options):
    """espeak-ng: every language, at once, in a robot's voice."""

    voice: str | None = Field(
        None, description="espeak-ng voice (es, es-419, en-us, …); null: by the language."
    )
    speed: float = Field(1.0, ge=0.5, le=2, description="How fast it speaks, as a factor.")
    semitones: float = Field(0.0, ge=-12, le=12, description="How high it speaks, in semitones.")


class _EventId(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """Implements `SpeechSynthesizer`. The library has one state: one clause at a time."""

    def __init__(self, options: EspeakOptions) -> None:
        import espeakng_loader

        self._speed = options.speed
        self._semitones = options.semitones
        self._voice = options.voice
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self._rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DONT_EXIT))
        if self._rate <= 0:
            raise BackendUnavailable("tts.failed", name=NAME, reason="espeak_Initialize")
        self._callback = _Callback(self._heard)
        self._library.espeak_SetSynthCallback(self._callback)
        self._parts: list[np.ndarray] = []
        self._words: list[tuple[int, int, float]] = []
        self._unwanted = threading.Event()
        self._worker = Worker(NAME)

    def set_speed(self, factor: float) -> None:
        """How fast it speaks from the next clause on; 1 is normal."""
        self._speed = factor

    def set_semitones(self, semitones: float) -> None:
        """How high it speaks from the next clause on; 0 is normal."""
        self._semitones = semitones

    def set_voice(self, voice: str | None) -> None:
        """espeak-ng's voice from the next clause on; None: by the language."""
        self._voice = voice

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        unwanted = threading.Event()
        try:
            sound = await self._worker.run(self._say, text, language, unwanted)
        finally:
            unwanted.set()
        if sound is not None and len(sound.samples):
            yield sound

    def _say(self, text: str, language: str, unwanted: threading.Event) -> Sound | None:
        if unwanted.is_set():
            return None
        self._parts, self._words, self._unwanted = [], [], unwanted
        voice = self._voice or VOICES.get(language, language)
        if self._library.espeak_SetVoiceByName(voice.encode()) != _OK:
            raise BackendUnavailable("tts.no_language", language=language, name=NAME)
        words = max(SLOWEST, min(FASTEST, round(NORMAL_WORDS_A_MINUTE * self._speed)))
        pitch = max(0, min(99, round(NORMAL_PITCH + self._semitones * 4)))
        self._library.espeak_SetParameter(_RATE, words, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        raw = text.encode() + b"\0"
        failed = self._library.espeak_Synth(
            raw, ctypes.c_size_t(len(raw)), 0, _BY_CHARACTER, 0, _UTF8, None, None
        )
        if failed != _OK:
            raise BackendUnavailable("tts.failed", name=NAME, reason=f"espeak_Synth: {failed}")
        if unwanted.is_set() or not self._parts or not self._words:
            return None
        samples: Samples = np.concatenate(self._parts).astype(np.float32) / np.float32(32768)
        return Sound(samples, self._rate, self._placed(text, len(samples) / self._rate))

    def _heard(self, samples: Any, count: int, events: Any) -> int:
        """Called by the library with each stretch of sound; 1 stops it."""
        if samples and count > 0:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _END_OF_LIST:
            event = events[index]
            if event.type == _WORD:
                start = event.text_position - 1
                self._words.append((start, start + event.length, event.audio_position / 1000))
            index += 1
        return int(self._unwanted.is_set())

    def _placed(self, text: str, seconds: float) -> tuple[Word, ...]:
        ends = [*(begin for _, _, begin in self._words[1:]), seconds]
        return tuple(
            Word(start, min(end, len(text)), begin, finish)
            for (start, end, begin), finish in zip(self._words, ends, strict=True)
        )

    async def aclose(self) -> None:
        await asyncio.shield(self._worker.run(self._library.espeak_Terminate))
        self._worker.close()


def voices(options: EspeakOptions, context: Context) -> tuple[VoiceInfo, ...]:
    """The Spanish and English ones; every other language has one under its own code."""
    del options, context
    named = (
        ("es-419", "Latinoamérica", "es"), ("es", "España", "es"),
        ("en-us", "American", "en"), ("en-gb", "British", "en"),
    )  # fmt: skip
    return tuple(
        VoiceInfo(voice, name, language, "", NAME, "GPL-3.0") for voice, name, language in named
    )


async def load(options: EspeakOptions, context: Context) -> Espeak:
    del context
    try:
        return await run_apart("espeak-load", Espeak, options)
    except OSError as error:
        raise BackendUnavailable("tts.failed", name=NAME, reason=str(error)) from error


BACKEND = Backend(
    port="tts",
    name=NAME,
    options=EspeakOptions,
    load=load,
    modules=("espeakng_loader",),
    extra="local",
)
