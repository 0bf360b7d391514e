"""The real voices, asked ahead: every clause of the lines, with what the voice tells of it."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.avatar.lines import LINES, LIPS
from mia.backends import Context
from mia.conversation.ports import Sound
from mia.home import Home
from mia.models import ModelStore
from mia.voice import VoiceWording
from mia.voice.tts import espeak, kokoro, piper

Spoken = Mapping[str, tuple[Sound, ...]]
"""A clause as it is said, and its sound."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One voice's reading of the lines of a language."""

    voice: str
    language: str
    spoken: Spoken
    replies: Mapping[str, tuple[str, ...]]
    """`plain`, everyday ones, and `lips`, those full of p, b and m; a line a clause."""

    def without(self, *what: str) -> Reading:
        """The same sound, told without its `phonemes`, or without its `words` either."""
        bare: dict[str, Any] = dict.fromkeys(what, ())
        spoken = {
            text: tuple(replace(sound, **bare) for sound in sounds)
            for text, sounds in self.spoken.items()
        }
        return replace(self, spoken=spoken)


class Replayed:
    """Implements `SpeechSynthesizer` with a reading: at once, as often as one likes."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        for sound in self._reading.spoken[text]:
            yield sound

    async def aclose(self) -> None: ...


async def readings() -> list[Reading]:
    """Kokoro (es, en) and Piper (en), which tell phonemes; espeak-ng (es, en), which tells words.

    Kept in the machine's temporary folder, for a second run of the benchmark."""
    kept = Path(tempfile.gettempdir()) / "mia-bench-avatar.pickle"
    if kept.exists():
        found: list[Reading] = pickle.loads(kept.read_bytes())
        return found
    context = Context(ModelStore(Home.find()), ("es", "en"), Path(tempfile.gettempdir()))
    voices: list[tuple[str, Any, tuple[str, ...]]] = [
        ("Kokoro", await kokoro.load(kokoro.KokoroOptions(), context), ("es", "en")),
        ("Piper", await piper.load(piper.PiperOptions(), context), ("en",)),
        ("espeak-ng", espeak.Espeak(espeak.EspeakOptions()), ("es", "en")),
    ]
    made = [
        Reading(
            name,
            language,
            await _spoken(voice, language),
            {"plain": _cut(LINES, language), "lips": _cut(LIPS, language)},
        )
        for name, voice, languages in voices
        for language in languages
    ]
    for _, voice, _ in voices:
        await voice.aclose()
    kept.write_bytes(pickle.dumps(made))
    return made


async def _spoken(voice: Any, language: str) -> Spoken:
    wording = VoiceWording()
    spoken: dict[str, tuple[Sound, ...]] = {}
    for reply in (*_cut(LINES, language), *_cut(LIPS, language)):
        for clause in reply.split("\n"):
            said = wording.spoken(clause, language)
            sounds = [sound async for sound in voice.stream(said, language=language)]
            spoken[said] = tuple(sounds)
    return spoken


def _cut(lines: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    """Each line as MIA would cut it, a clause a line."""
    replies = []
    for line in lines[language]:
        cutter = VoiceWording().cutter(language)
        replies.append("\n".join((*cutter.feed(line), *cutter.finish())))
    return tuple(replies)
