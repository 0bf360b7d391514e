"""`python -m bench.turns.overhead OUT.json`: what MIA herself adds to a turn, in ms.

Ears, mind and voice answer at once; the loop, the microphone and the tape are real. What is left
of the time from the last voiced sample to the first of the answer, once the hold is taken off, is
her own: events, tasks, locks, queues and playing.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import numpy as np

from bench.turns.room import Room, room
from mia.audio.resample import StreamResampler
from mia.conversation import Mouth, Parts
from mia.conversation.endpointing import hold
from mia.conversation.ports import (
    HEARING_RATE,
    PLAYING_RATE,
    Prompt,
    Samples,
    Sound,
    Transcript,
    Usage,
    Word,
)
from mia.telemetry import events as facts
from mia.voice import VoiceWording

SAID, ANSWER = "What time is it?", "Yes."
SURE = 0.99
SPEECH_SECONDS = 0.6
ANSWER_SECONDS = 0.2
LOUD = 0.05
BETWEEN = 0.9
"""Seconds after an answer has begun until the next question: later than any reopening."""
PATIENCE = 5.0
FIRST = 3
"""Turns that are not counted, in which everything is run for the first time."""


class Loudness:
    """Loud is voice. `VoiceDetector`, with Silero's frames."""

    frame_samples = 512

    def probability(self, frame: Samples) -> float:
        return float(np.abs(frame).max() > LOUD / 2)

    def reset(self) -> None: ...


class Ears:
    """`SpeechToText`."""

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        return Transcript(SAID, language or "en")

    async def aclose(self) -> None: ...


class Melody:
    """`TurnDetector`."""

    async def completeness(self, samples: Samples) -> float:
        return SURE

    async def aclose(self) -> None: ...


class Mind:
    """`LanguageModel`."""

    usage: Usage | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        yield ANSWER

    async def warm(self, prompt: Prompt) -> None: ...

    async def aclose(self) -> None: ...


class Voice:
    """`SpeechSynthesizer`: one steady sound."""

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        samples = np.full(int(ANSWER_SECONDS * PLAYING_RATE), 0.1, np.float32)
        yield Sound(samples, PLAYING_RATE, (Word(0, len(text), 0, ANSWER_SECONDS),))

    async def aclose(self) -> None: ...


def instant() -> Parts:
    return Parts(
        mouth=Mouth(Mind(), Voice(), VoiceWording(80), StreamResampler),
        stt=Ears(),
        turn_detector=Melody(),
        voice_detector=Loudness,
        system_prompt=lambda _language: "",
    )


async def turn(here: Room) -> tuple[float, float] | None:
    """Seconds above the hold: from the user's last sample on the tape, and from the end of the
    frame in which MIA heard it. None where she did not answer."""
    here.scene()
    here.say(np.full(int(SPEECH_SECONDS * HEARING_RATE), LOUD, np.float32))
    if not await here.until(lambda: bool(here.of(facts.PlaybackStarted)), PATIENCE):
        return None
    await asyncio.sleep(BETWEEN)
    left, right, rate = here.channels()
    last = (np.flatnonzero(np.abs(left) > LOUD / 2)[-1] + 1) / rate
    first = np.flatnonzero(np.abs(right) > 0.01)[0] / rate
    stopped = here.of(facts.SpeechStopped)[0]
    assert isinstance(stopped, facts.SpeechStopped)
    waited = hold(SAID, SURE, "en")
    voiced = stopped.audio_ms / 1000 - here.scene_begun
    return float(first - last) - waited, float(first) - voiced - waited


async def measure(times: int) -> dict[str, Any]:
    rows: list[tuple[float, float] | None] = []
    async with room(instant()) as here:
        for _ in range(times + FIRST):
            rows.append(await turn(here))
            await here.until(lambda: here.conversation.phase == "idle", PATIENCE)
    counted = [row for row in rows[FIRST:] if row is not None]
    return {
        "turns": len(counted),
        "unanswered": times - len(counted),
        "from_tape": [tape for tape, _ in counted],
        "from_frame": [frame for _, frame in counted],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--times", type=int, default=60)
    options = parser.parse_args()
    # Whoever hangs is to say where, in the log, instead of waiting for ever.
    faulthandler.dump_traceback_later(180 + 10 * options.times, exit=True)
    found = asyncio.run(measure(options.times))
    options.out.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
