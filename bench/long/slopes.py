"""Straight lines through what was counted: what grows, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Standard errors beside a slope: 95 % for many samples, were they independent.
SURE = 1.96


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth an hour, and the half-width of its interval of 95 %; the least and the most seen."""

    an_hour: float
    give_or_take: float
    least: float
    most: float
    samples: int

    @property
    def grows(self) -> bool:
        """Zero lies below the interval."""
        return self.an_hour - self.give_or_take > 0


def slope(seconds: Sequence[float], values: Sequence[float]) -> Slope:
    """Least squares through (seconds, values), the interval widened for neighbouring samples
    that resemble each other (effective number by the residuals' autocorrelation at lag 1)."""
    x = np.asarray(seconds, float) / 3600
    y = np.asarray(values, float)
    if len(x) < 3 or np.ptp(x) == 0:
        return Slope(0.0, math.inf, float(min(values)), float(max(values)), len(x))
    steep, level = np.polyfit(x, y, 1)
    rest = y - (steep * x + level)
    spread = float(np.sqrt(np.sum(rest**2) / (len(x) - 2)))
    error = spread / float(np.sqrt(np.sum((x - x.mean()) ** 2)))
    alike = float(np.corrcoef(rest[:-1], rest[1:])[0, 1]) if np.ptp(rest) > 1e-9 else 0.0
    alike = min(max(alike, 0.0), 0.98) if math.isfinite(alike) else 0.0
    widened = error * math.sqrt((1 + alike) / (1 - alike))
    return Slope(float(steep), SURE * widened, float(y.min()), float(y.max()), len(x))
