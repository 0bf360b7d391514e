"""`python -m bench.clause`: what a clause of Kokoro's costs, with products of bytes and without.

The voice is loaded as it is and as its file has it (`mia/onnx/products.py`); both say the same
clauses in turn. Then Whisper (base) writes down the sentences of `bench/sentences.json` as either
says them, and a process of its own says the longest clause there is.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import soxr

from bench.machine import file, resident_mib
from bench.wording import misheard
from mia.backends import Context
from mia.conversation.ports import HEARING_RATE, Samples
from mia.home import Home
from mia.models.store import ModelStore
from mia.voice.tts import kokoro

CLAUSES = (
    ("es", "Hola, ¿qué tal?"),
    ("es", "Me gusta mucho caminar por la playa cuando sale el sol."),
    ("es", "Hoy he estado leyendo un libro muy largo sobre los barcos que cruzaban el Atlántico."),
    ("en", "Sure, why not?"),
    ("en", "I like to walk along the beach when the sun comes up."),
)
LONGEST = " ".join(["murciélagos valientes sobrevuelan bosques oscuros"] * 9)
ROUNDS = 9


def voice(*, products: bool) -> kokoro.Kokoro:
    context = Context(ModelStore(Home.find()), ("es", "en"), Path())
    with mock.patch.object(kokoro, "products_are_exact", return_value=products):
        return asyncio.run(kokoro.load(kokoro.KokoroOptions(), context))


def said(speaker: kokoro.Kokoro, text: str, language: str) -> tuple[float, Samples]:
    """Seconds of work, and the sound at 24 kHz."""

    async def all_of() -> list[Samples]:
        return [sound.samples async for sound in speaker.stream(text, language=language)]

    begun = time.perf_counter()
    sounds = asyncio.run(all_of())
    return time.perf_counter() - begun, np.concatenate(sounds)


def cost(voices: list[kokoro.Kokoro]) -> list[str]:
    rows = [
        "| clause | sound s | as the file has it s | by products s | of it |",
        "|---|---|---|---|---|",
    ]
    for language, text in CLAUSES:
        took: list[list[float]] = [[], []]
        seconds = 0.0
        for _ in range(ROUNDS):
            for times, speaker in zip(took, voices, strict=True):
                work, sound = said(speaker, text, language)
                times.append(work)
                seconds = len(sound) / kokoro.RATE
        before, now = (statistics.median(times) for times in took)
        rows.append(f"| {text} | {seconds:.2f} | {before:.2f} | {now:.2f} | {now / before:.2f} |")
    return rows


def understood(voices: list[kokoro.Kokoro]) -> list[str]:
    from faster_whisper import WhisperModel

    folder = ModelStore(Home.find()).path("whisper-base")
    ears: Any = WhisperModel(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    sentences = json.loads((Path(__file__).parent / "sentences.json").read_text("utf-8"))
    rows = ["| language | sentences | as the file has it | by products |", "|---|---|---|---|"]
    for language, texts in sentences.items():
        shares = []
        for speaker in voices:
            counts = []
            for text in texts:
                _, sound = said(speaker, text, language)
                quiet = np.zeros(kokoro.RATE // 4, np.float32)
                heard = soxr.resample(
                    np.concatenate([quiet, sound, quiet]), kokoro.RATE, HEARING_RATE
                )
                pieces, _ = ears.transcribe(heard, language=language, beam_size=5)
                counts.append(misheard(text, "".join(piece.text for piece in pieces), language))
            shares.append(100 * sum(w for w, _ in counts) / sum(n for _, n in counts))
        rows.append(f"| {language} | {len(texts)} | {shares[0]:.1f} % | {shares[1]:.1f} % |")
    return rows


def memory() -> str:
    """What a process of its own holds: with the voice, after a clause, after the longest."""
    speaker = voice(products=True)
    held = [resident_mib(os.getpid())]
    for text in (CLAUSES[1][1], LONGEST, CLAUSES[1][1]):
        said(speaker, text, "es")
        held.append(resident_mib(os.getpid()))
    return json.dumps(held)


def main() -> None:
    command = [sys.executable, "-m", "bench.clause", "--memory"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded, one, longest, after = json.loads(done.stdout.splitlines()[-1])
    voices = [voice(products=False), voice(products=True)]
    for speaker in voices:
        said(speaker, CLAUSES[0][1], "es")
    body = [
        *cost(voices),
        f"\nMedians of {ROUNDS}, in turn; work by the clock, with two threads.\n",
        "Words misheard by Whisper (base):\n",
        *understood(voices),
        f"\nMemory of a process with the voice alone: {loaded:.0f} MiB loaded, {one:.0f} after a "
        f"clause, {longest:.0f} after one of 27 s, {after:.0f} after another clause.",
    ]
    file("clause", "What a clause costs", "python -m bench.clause --file", "\n".join(body))


if __name__ == "__main__":
    if "--memory" in sys.argv:
        print(memory())
    else:
        main()
