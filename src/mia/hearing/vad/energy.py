"""Voice by loudness alone (RMS): needs no model, and suits a close microphone in a quiet room."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mia.backends import Backend, Context, Options
from mia.conversation.ports import Samples

FRAME = 320
#: How much louder than the room a frame must be, and how fast the room's level is learnt.
ABOVE_ROOM = 3.0
ROOM_RISE = 0.005
ROOM_FALL = 0.2


class EnergyOptions(Options):
    threshold: float = Field(
        0.01, gt=0, lt=1, description="Loudness (RMS, full scale = 1) above which sound is speech."
    )


class EnergyModel:
    def __init__(self, threshold: float) -> None:
        self._threshold = threshold

    def detector(self) -> EnergyVad:
        return EnergyVad(self._threshold)


class EnergyVad:
    """One stream's loudness detector. Implements `VoiceDetector`.

    The threshold rises with the room: a fan that starts in mid-talk is not a voice for ever.
    """

    frame_samples = FRAME

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self.reset()

    def reset(self) -> None:
        self._room = 0.0

    def probability(self, frame: Samples) -> float:
        """0 … 1 for 20 ms of sound; 0.5 exactly at the threshold."""
        loudness = float(np.sqrt(np.mean(np.square(frame, dtype=np.float64))))
        speed = ROOM_FALL if loudness < self._room else ROOM_RISE
        self._room += (loudness - self._room) * speed
        threshold = max(self._threshold, self._room * ABOVE_ROOM)
        ratio = loudness / threshold
        return min(1.0, ratio / (1.0 + ratio))


async def load(options: EnergyOptions, context: Context) -> EnergyModel:
    del context
    return EnergyModel(options.threshold)


BACKEND = Backend(port="vad", name="energy", options=EnergyOptions, load=load)
