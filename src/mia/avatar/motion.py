"""Movement as functions of time: asked for any moment, in any order, they say the same."""

from __future__ import annotations

import math
from random import Random


def eased(x: float) -> float:
    """0 … 1 without a jerk at either end."""
    if x <= 0:
        return 0.0
    return 1.0 if x >= 1 else x * x * x * (10 + x * (6 * x - 15))


class Glide:
    """A value on its way from where it was to where it is sent."""

    def __init__(self, value: float = 0.0) -> None:
        self._from = self._to = value
        self._begin = -math.inf
        self._seconds = 1.0

    def to(self, at: float, value: float, seconds: float, delay: float = 0.0) -> None:
        """Go to `value` within `seconds`, from `delay` seconds after `at` on."""
        if value == self._to and math.isinf(self._begin):
            return
        self._from = self.value(at + delay)
        self._to, self._begin, self._seconds = value, at + delay, seconds

    def value(self, at: float) -> float:
        if at >= self._begin + self._seconds:
            return self._to
        return self._from + (self._to - self._from) * eased((at - self._begin) / self._seconds)

    def moving(self, at: float) -> bool:
        return self._from != self._to and self._begin <= at < self._begin + self._seconds


class Sway:
    """A slow wandering about zero that never repeats: waves between `slowest` and `fastest` Hz,
    the slower the larger; within ±1, mostly within ±0.6."""

    def __init__(self, random: Random, slowest: float, fastest: float, waves: int = 4) -> None:
        steps = [slowest * (fastest / slowest) ** (k / (waves - 1)) for k in range(waves)]
        rates = [rate * random.uniform(0.85, 1.15) for rate in steps]
        total = sum(1 / (1 + k) for k in range(waves))
        self._waves = [
            (2 * math.pi * rate, random.uniform(0, 2 * math.pi), 1 / (1 + k) / total)
            for k, rate in enumerate(rates)
        ]

    def value(self, at: float) -> float:
        return sum(size * math.sin(turn * at + phase) for turn, phase, size in self._waves)
