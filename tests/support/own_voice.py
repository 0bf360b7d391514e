"""Speech for a clone without recordings: sentences in MIA's own embedded voice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from mia.audio.tap import write_wav
from mia.backends import Context
from mia.home import Home
from mia.models import ModelStore
from mia.voice.tts import kokoro

SENTENCES = (
    ("en", "What is the weather like in Paris today?"),
    ("en", "I would like to know more about the history of music."),
    ("en", "Thank you very much for your help this morning."),
    ("es", "¿Qué tiempo hace hoy en la ciudad?"),
    ("es", "Estoy preparando la comida para toda la familia."),
    ("es", "Muchas gracias por tu ayuda de esta mañana."),
)


def speak(folder: Path) -> list[tuple[Path, str, str]]:
    """Write each sentence to a WAV; (path, language, text) of each."""
    return asyncio.run(_speak(folder))


async def _speak(folder: Path) -> list[tuple[Path, str, str]]:
    context = Context(ModelStore(Home.find()), ("es", "en"), folder)
    voice = await kokoro.load(kokoro.KokoroOptions(), context)
    spoken = []
    for number, (language, text) in enumerate(SENTENCES):
        sounds = [sound async for sound in voice.stream(text, language=language)]
        rate = sounds[0].rate
        quiet = np.zeros(rate // 7, np.float32)
        path = folder / f"{language}{number}.wav"
        samples = np.concatenate([quiet, *(sound.samples for sound in sounds), quiet])
        write_wav(path, samples, rate)
        spoken.append((path, language, text))
    await voice.aclose()
    return spoken
