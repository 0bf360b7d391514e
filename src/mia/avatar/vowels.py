"""Which vowel a stretch of sound is most like, where a voice tells nothing about its sounds.

Twelve mel cepstra of each 10 ms and a linear classifier. The spectrum's mean over what this voice
said so far is taken off first, so that one set of weights serves every voice. The weights were
learnt from MIA's own Kokoro voices, whose sounds have known times (`bench/avatar/learn_vowels.py`,
which also says how often they are right on voices they were not learnt from).
"""

from __future__ import annotations

import functools
import json
from importlib import resources

import numpy as np
import numpy.typing as npt

from mia.conversation.ports import Samples

Floats = npt.NDArray[np.float64]

STEP = 0.01
WINDOW = 0.025
BANDS = 24
LOWEST_HZ, HIGHEST_HZ = 120.0, 5_500.0
CEPSTRA = 12
VOWELS = "aiueo"
#: How sure the classifier is made: below 1 its probabilities are softer than it learnt.
SOFTNESS = 0.8
#: Frames of a general voice that the mean begins with.
PRIOR_FRAMES = 60


@functools.cache
def _bank(rate: int) -> tuple[int, Floats, Floats, Floats]:
    """FFT size, window, mel filters (bins, bands) and cosines (bands, cepstra) for a rate."""
    length = round(rate * WINDOW)
    size = 1 << (length - 1).bit_length()
    highest = min(HIGHEST_HZ, rate / 2 * 0.95)
    edges = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(highest), BANDS + 2))
    bins = np.fft.rfftfreq(size, 1 / rate)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters = np.maximum(0.0, np.minimum(rising, falling))
    k = np.arange(1, CEPSTRA + 1)
    cosines = np.cos(np.pi * np.outer(np.arange(BANDS) + 0.5, k) / BANDS)
    return size, np.hanning(length), filters, cosines


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: Floats) -> Floats:
    return 700 * (10 ** (mel / 2595) - 1)


def cepstra(samples: Samples, rate: int) -> tuple[Floats, Floats]:
    """(frames, 12) cepstra, one frame every STEP seconds about its own moment, and the frames'
    mean squares. As many frames as whole steps in `samples`."""
    size, window, filters, cosines = _bank(rate)
    step, length = round(rate * STEP), len(window)
    count = len(samples) // step
    if not count:
        return np.zeros((0, CEPSTRA)), np.zeros(0)
    padded = np.zeros(count * step + length)
    before = (length - step) // 2
    padded[before : before + len(samples)] = samples[: len(padded) - before]
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[: count * step : step]
    power = np.abs(np.fft.rfft(frames * window, size)) ** 2
    return np.log(power @ filters + 1e-8) @ cosines / BANDS, np.mean(frames**2, axis=1)


@functools.cache
def _learnt() -> tuple[Floats, Floats, Floats]:
    """Weights (12, 5), biases (5,), and the mean cepstra of the voices learnt from."""
    text = resources.files("mia.avatar").joinpath("vowels.json").read_text("utf-8")
    data = json.loads(text)
    return np.array(data["weights"]), np.array(data["biases"]), np.array(data["mean"])


class VowelEar:
    """Hears vowels in one reply's sound; asked block by block as it is about to be heard."""

    def __init__(self) -> None:
        self._weights, self._biases, mean = _learnt()
        self._sum = mean * PRIOR_FRAMES
        self._frames = float(PRIOR_FRAMES)

    def shares(self, samples: Samples, rate: int) -> Floats:
        """(frames, 5): how much of a, i, u, e, o there is in each STEP; each row adds up to 1."""
        found, power = cepstra(samples, rate)
        if not len(found):
            return np.zeros((0, len(VOWELS)))
        voiced = found[power > max(float(power.max()) * 0.02, 1e-6)]
        if len(voiced):
            self._sum = self._sum + voiced.sum(axis=0)
            self._frames += len(voiced)
        scores = (found - self._sum / self._frames) @ self._weights + self._biases
        raised = np.exp(SOFTNESS * (scores - scores.max(axis=1, keepdims=True)))
        shares: Floats = raised / raised.sum(axis=1, keepdims=True)
        return shares
