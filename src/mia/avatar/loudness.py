"""How loud a reply is at each moment of its sound, against how loud this voice gets.

Sound is there before it is heard, so the envelope looks both ways: it neither lags nor guesses.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from mia.conversation.ports import Samples

HOP = 0.005
#: Standard deviation of the window a moment's loudness is taken over: syllables stay, single
#: periods of the voice do not.
SPREAD = 0.022
_REACH = round(3 * SPREAD / HOP)
_KERNEL = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) * HOP / SPREAD) ** 2)
_KERNEL /= _KERNEL.sum()
#: A wider one, for what moves slower than a mouth.
SLOW_SPREAD = 0.11
_SLOW_STEP = 4
_SLOW_REACH = round(2.5 * SLOW_SPREAD / HOP / _SLOW_STEP)
_SLOW_AT = np.arange(-_SLOW_REACH, _SLOW_REACH + 1) * _SLOW_STEP
_SLOW = np.exp(-0.5 * (_SLOW_AT * HOP / SLOW_SPREAD) ** 2)
_SLOW /= _SLOW.sum()

#: Loudness is felt, and shown, less than in proportion.
GAMMA = 0.75
#: Quieter than this share of the voice's loud moments is no speech.
FLOOR = 0.045

#: Decibels of full scale that the distribution of a voice's loudness has room for.
LOWEST_DB = -80
#: What is so far below the loudest is pause, not voice.
PAUSE_DB = 36
#: A voice never heard before is taken to reach this (RMS; voices are levelled to about 0.1).
FIRST_PEAK = 0.18
LEAST_PEAK, MOST_PEAK = 0.01, 0.7
#: Hops of voice after which what was heard counts half: 30 s.
HALF_LIFE = 30 / HOP


class VoiceLevel:
    """How loud a voice gets: the 95th percentile of its voiced moments, newest most."""

    def __init__(self) -> None:
        self._counts = np.zeros(-LOWEST_DB + 1)
        self._counts[round(20 * np.log10(FIRST_PEAK)) - LOWEST_DB] = 1.0
        self.peak = FIRST_PEAK

    def learn(self, power: np.ndarray) -> None:
        """power: mean square of each hop."""
        decibels = 10 * np.log10(np.maximum(power, 1e-8))
        voiced = decibels[decibels > max(float(decibels.max(initial=-99)) - PAUSE_DB, LOWEST_DB)]
        if not voiced.size:
            return
        bins = np.clip(np.rint(voiced).astype(int), LOWEST_DB, 0) - LOWEST_DB
        self._counts *= 0.5 ** (voiced.size / HALF_LIFE)
        self._counts += np.bincount(bins, minlength=self._counts.size)
        share = np.cumsum(self._counts) / self._counts.sum()
        loud = float(10 ** ((int(np.searchsorted(share, 0.95)) + LOWEST_DB) / 20))
        self.peak = min(max(loud, LEAST_PEAK), MOST_PEAK)


class Loudness:
    """The envelope of one reply's sound. Pieces are given in order and may be of any length."""

    def __init__(self, level: VoiceLevel) -> None:
        self._level = level
        self._power = np.zeros(_SLOW_REACH * _SLOW_STEP + 1)
        """Mean square of each hop, after as many empty ones as a window reaches back."""
        self._hops = 0
        self._left = np.zeros(0, np.float32)
        """Samples that do not make a hop yet."""
        self._gains: deque[tuple[int, float]] = deque(maxlen=256)
        """(first hop, loud moments of the voice) of each piece."""
        self.pieces: list[tuple[float, int, Samples]] = []
        """(begin in seconds, rate, samples) as they came."""
        self.seconds = 0.0
        """Where the sound ends, so far."""

    def add(self, begin: float, rate: int, samples: Samples) -> None:
        self.pieces.append((begin, rate, samples))
        self.seconds = begin + len(samples) / rate
        size = round(rate * HOP)
        sound = np.concatenate((self._left, samples)) if self._left.size else samples
        count = len(sound) // size
        self._left = sound[count * size :].copy()
        if not count:
            return
        square = sound[: count * size].reshape(count, size).astype(np.float64) ** 2
        power: np.ndarray = square.mean(axis=1)
        self._level.learn(power)
        self._gains.append((self._hops, self._level.peak))
        first = self._first
        if first + self._hops + count + first > len(self._power):
            grown = np.zeros(2 * (first + self._hops + count) + first)
            grown[: first + self._hops] = self._power[: first + self._hops]
            self._power = grown
        self._power[first + self._hops : first + self._hops + count] = power
        self._hops += count

    def at(self, seconds: float) -> float:
        """0 … 1: silence … as loud as this voice gets."""
        hop = self._hop(seconds)
        if hop is None:
            return 0.0
        at = self._first + hop
        power = float(self._power[at - _REACH : at + _REACH + 1] @ _KERNEL)
        return self._open(power, hop)

    def slowly(self, seconds: float) -> float:
        """The same over a few syllables."""
        hop = self._hop(seconds)
        if hop is None:
            return 0.0
        return self._open(float(self._power[_SLOW_AT + (self._first + hop)] @ _SLOW), hop)

    @property
    def _first(self) -> int:
        return _SLOW_REACH * _SLOW_STEP

    def _hop(self, seconds: float) -> int | None:
        hop = int(seconds / HOP)
        return hop if -_REACH <= hop < self._hops + _REACH and self._hops else None

    def _open(self, power: float, hop: int) -> float:
        peak = next((p for first, p in reversed(self._gains) if first <= hop), self._level.peak)
        loud = (power**0.5 / peak - FLOOR) / (1 - FLOOR)
        return float(min(loud, 1.0) ** GAMMA) if loud > 0 else 0.0
