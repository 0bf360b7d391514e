"""What `bench.words` lets Whisper hear: people, recorded, and sentences said by embedded voices."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from mia.audio.resample import StreamResampler
from mia.backends import Context, backends
from mia.conversation.ports import HEARING_RATE, Samples

SENTENCES = Path(__file__).parent / "sentences.json"
#: A backend of port `tts` and, of Kokoro, a voice; they take the sentences in turn.
VOICES = {
    "en": ("af_heart", "af_bella", "am_michael", "af_heart", "espeak"),
    "es": ("ef_dora", "em_alex", "em_santa", "ef_dora", "espeak"),
}
#: Standard deviation of the noise laid over embedded voices, full scale 1: a quiet room.
NOISE = 2e-3


@dataclass(frozen=True, slots=True)
class Utterance:
    """kind: "people" or "voices". samples: 16 kHz mono float32. origin: of a recording."""

    kind: str
    language: str
    samples: Samples
    text: str
    origin: str


def people(folder: Path) -> list[Utterance]:
    """The recordings named in FOLDER/truth.json, or in truth.json of its folders en and es."""
    found = []
    lists = [
        path
        for place in (folder, folder / "en", folder / "es")
        if (path := place / "truth.json").is_file()
    ]
    for path in lists:
        for line in json.loads(path.read_text("utf-8")):
            samples, rate = soundfile.read(path.parent / line["file"], dtype="float32")
            if rate != HEARING_RATE:
                raise SystemExit(f"{line['file']}: {rate} Hz instead of {HEARING_RATE}")
            # Up to the first comma, colon or file name: who or what package it is from.
            origin = re.split(r"[,:;(]| tests?/| public/| resources/| assets/", line["origin"])[0]
            if licence := line.get("licence"):
                origin = f"{origin.strip()} ({licence})"
            elif named := re.search(r"\(([^)]*)\)", line["origin"]):
                origin = f"{origin.strip()} ({named[1]})"
            language, text = line["language"], line["transcript"]
            found.append(Utterance("people", language, samples, text, origin))
    return found


async def embedded(context: Context) -> list[Utterance]:
    """The sentences, each by one of its language's voices, with the same faint noise each time.

    What was said is kept in a temporary folder, so a second run begins at once.
    """
    lines: dict[str, Sequence[str]] = json.loads(SENTENCES.read_text("utf-8"))
    cache = Path(tempfile.gettempdir()) / "mia-bench-voices"
    cache.mkdir(exist_ok=True)
    found = []
    for language, voices in VOICES.items():
        for number, text in enumerate(lines[language]):
            voice = voices[number % len(voices)]
            name = hashlib.sha256(f"{language} {voice} {text}".encode()).hexdigest()[:16]
            path = cache / f"{name}.npy"
            if not path.is_file():
                np.save(path, await _said(text, language, voice, context))
            clean = np.load(path)
            random = np.random.default_rng(int(name, 16))
            samples = clean + random.normal(0, NOISE, len(clean)).astype(np.float32)
            found.append(Utterance("voices", language, samples, text, voice))
    return found


async def _said(text: str, language: str, voice: str, context: Context) -> Samples:
    """The sentence at 16 kHz, between two tenths of a second of silence."""
    backend = backends("tts")["espeak" if voice == "espeak" else "kokoro"]
    values = {} if voice == "espeak" else {"voices": {language: voice}}
    tts = await backend.load(backend.options.model_validate(values), context)
    parts: list[Samples] = []
    resampler: StreamResampler | None = None
    async for piece in tts.stream(text, language=language):
        resampler = resampler or StreamResampler(piece.rate, HEARING_RATE)
        parts.append(resampler.feed(piece.samples))
    await tts.aclose()
    assert resampler is not None, text
    parts.append(resampler.feed(np.zeros(0, np.float32), last=True))
    quiet = np.zeros(HEARING_RATE // 10, np.float32)
    return np.concatenate([quiet, *parts, quiet])
