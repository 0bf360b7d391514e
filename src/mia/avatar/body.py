"""Head and breath: never quite still, with her words, and with whoever speaks to her."""

from __future__ import annotations

import math
from collections import deque
from random import Random

from mia.avatar.eyes import Attention
from mia.avatar.motion import Glide, Sway

#: Yaw, pitch, roll in degrees and brows (-1 … 1) that go with what she is about.
POSES: dict[Attention, tuple[float, float, float, float]] = {
    "idle": (0.0, 0.0, 0.0, 0.0),
    "listening": (2.0, -1.0, 4.0, 0.15),
    "thinking": (-5.0, 3.0, -3.5, 0.2),
    "speaking": (0.0, 0.0, 0.0, 0.08),
    "resting": (0.0, -6.0, 2.0, 0.0),
}
#: How far the head wanders, in degrees.
WANDER = (3.0, 1.8, 2.0)
#: Degrees the head goes down with a stressed syllable at full voice, and up before it.
EMPHASIS = 4.5
#: The loudness about which it goes up and down.
MIDDLE = 0.4
#: A nod: degrees, seconds it lasts.
NOD, NOD_SECONDS = 5.0, 0.7
#: Breaths a second, and the share of one in which air is drawn.
BREATHS = 14 / 60
DRAWN = 0.4


class Head:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._sways = tuple(Sway(random, 0.06, 0.45) for _ in WANDER)
        self._pose = tuple(Glide() for _ in range(4))
        self._nods: deque[float] = deque(maxlen=4)
        self._side = 1.0

    def attend(self, at: float, attention: Attention, delay: float = 0.0) -> None:
        if attention == "listening":
            self._side = self._random.choice((-1.0, 1.0))
        yaw, pitch, roll, brows = POSES[attention]
        side = self._side if attention == "listening" else 1.0
        for glide, value in zip(self._pose, (yaw * side, pitch, roll * side, brows), strict=True):
            glide.to(at, value, 0.7, delay)

    def nod(self, at: float) -> None:
        """A small one, unless she has just nodded."""
        if not self._nods or at - self._nods[-1] > 2.5:
            self._nods.append(at)

    def at(self, at: float, voice: float, gaze: tuple[float, float]) -> tuple[float, ...]:
        """Yaw, pitch, roll in degrees, and brows. voice: her loudness over some syllables (0 …
        1). gaze: where the head follows the eyes to."""
        yaw, pitch, roll = (
            sway.value(at) * size for sway, size in zip(self._sways, WANDER, strict=True)
        )
        pose = [glide.value(at) for glide in self._pose]
        lively = 1 + 0.5 * voice
        stress = voice - MIDDLE if voice > 0.02 else 0.0
        nod = sum(_nodding(at - begin) for begin in self._nods)
        return (
            pose[0] + yaw * lively + gaze[0] * 6,
            pose[1] + pitch * lively - EMPHASIS * stress - NOD * nod + gaze[1] * 4,
            pose[2] + roll * lively + 2 * stress * math.sin(at * 1.7),
            pose[3] + 0.35 * max(stress, 0.0),
        )

    def moving(self, at: float) -> bool:
        return any(begin <= at < begin + NOD_SECONDS for begin in self._nods)


def _nodding(into: float) -> float:
    if not 0 <= into < NOD_SECONDS:
        return 0.0
    return math.sin(math.pi * into / NOD_SECONDS) ** 2 * math.cos(
        math.pi * into / NOD_SECONDS * 0.6
    )


class Breath:
    """Air in the lungs, 0 … 1: steady, and drawn before the first word when that is late."""

    def __init__(self, random: Random) -> None:
        self._phase = random.random()
        self._held = Glide()

    def draw(self, at: float) -> None:
        """Breathe in, to speak."""
        self._held.to(at, 1.0, 0.4)

    def let_go(self, at: float) -> None:
        self._held.to(at, 0.0, 1.6)

    def at(self, at: float) -> float:
        phase = (at * BREATHS + self._phase) % 1.0
        x = phase / DRAWN if phase < DRAWN else 1 - (phase - DRAWN) / (1 - DRAWN)
        steady = 0.5 - 0.5 * math.cos(math.pi * x)
        held = self._held.value(at)
        return steady * (1 - held) + held

    def moving(self, at: float) -> bool:
        return self._held.moving(at)
