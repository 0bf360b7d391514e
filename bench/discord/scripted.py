"""Parts that take fixed times, so that what a call itself adds is seen on any machine.

The voice detector is MIA's; what she understands, thinks and says is scripted.
"""

from __future__ import annotations

import asyncio

from bench.turns.tones import Storyteller, Tones
from mia import main as program
from mia.audio.resample import StreamResampler
from mia.config import Config
from mia.conversation import Mouth, Parts
from mia.conversation.ports import Samples, Transcript
from mia.hearing.vad import silero
from mia.home import Home

STT_SECONDS = 0.3
JUDGING_SECONDS = 0.06


class Hearsay:
    """Understands the same whatever is said. `SpeechToText`."""

    async def transcribe(self, samples: Samples, *, language: str | None) -> Transcript:
        await asyncio.sleep(STT_SECONDS)
        return Transcript("What is the weather in Paris?", "en")

    async def aclose(self) -> None: ...


class Sure:
    """Takes every utterance for complete. `TurnDetector`."""

    async def completeness(self, samples: Samples) -> float:
        await asyncio.sleep(JUDGING_SECONDS)
        return 0.95

    async def aclose(self) -> None: ...


async def scripted(config: Config, home: Home) -> Parts:
    """Everything a conversation is made of."""
    vad = await silero.load(silero.SileroOptions(), program.context_of(config, home))
    return Parts(
        mouth=Mouth(Storyteller(), Tones(), program.wording_of(config), StreamResampler),
        stt=Hearsay(),
        turn_detector=Sure(),
        voice_detector=vad.detector,
        system_prompt=lambda _language: "",
    )
