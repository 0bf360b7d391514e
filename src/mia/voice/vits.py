"""A VITS voice whose sound comes window by window, the first after a fraction of the work.

Most of the work is the last part of the model, which makes sound of frames; it looks at a few
frames on either side only, so it can begin with the first third of a second of a clause. What
comes out is the same, sample for sample, as long as each window is given those neighbours; that is
tried once with each voice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mia.conversation.ports import Samples
from mia.voice.onnx import Job, Model
from mia.voice.onnx_file import halves, vits_durations

#: Frames of a clause's first window, after the silence it begins with: about a third of a second.
#: Each later one is twice as long as the one before, up to the longest.
FIRST, LONGEST_WINDOW = 32, 256
#: How many neighbours a window may need on either side: those of Piper's voices need 10, its
#: largest ones about twice that.
MARGINS = (12, 24)
#: Windows of this many frames are tried, and may differ by this much from the whole (-60 dBFS).
TRIED, SAME = 128, 1e-3

Latent = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Thought:
    """What is to be said, before it is sound. frames: of each id, where the voice tells."""

    latent: Latent | None
    samples: Samples | None
    frames: list[float] | None
    seconds: float


class Vits:
    """One clause at a time. hop: samples of a frame. rate: samples a second. Raises OSError,
    ValueError or RuntimeError for a damaged file."""

    def __init__(self, path: Path, threads: int, hop: int, rate: int) -> None:
        content = path.read_bytes()
        cut = halves(content)
        self._hop, self._rate = hop, rate
        self._sound: Model | None = None
        self._margin: int | None = None
        """Neighbours a window needs; None: not tried yet, negative: it cannot be cut."""
        if cut is None:
            self.model = Model(content, threads, vits_durations, gives_back=True)
        else:
            self.model = Model(cut.before, threads)
            self._sound = Model(cut.after, threads)

    @property
    def inputs(self) -> Mapping[str, str]:
        return self.model.inputs

    def think(self, feeds: Mapping[str, Any], job: Job) -> Thought:
        """Raises Cancelled, RuntimeError."""
        outputs = self.model.run(feeds, job)
        if self._sound is None:
            samples = np.asarray(outputs[0], np.float32).ravel()
            told = len(outputs) > 1
            frames = [float(one) for one in np.ravel(outputs[-1])] if told else None
            return Thought(None, samples, frames, len(samples) / self._rate)
        latent = np.asarray(outputs[0], np.float32)
        frames = [float(one) for one in np.ravel(outputs[1])]
        return Thought(latent, None, frames, latent.shape[-1] * self._hop / self._rate)

    def sound(self, thought: Thought, job: Job, first: int) -> Iterator[tuple[Samples, bool]]:
        """Its sound, in order, and whether that is the end of it. first: frames of the first
        window. Raises Cancelled, RuntimeError."""
        if thought.samples is not None:
            yield thought.samples, True
        if thought.latent is None or self._sound is None:
            return
        margin = self._fitting(thought.latent, job)
        total = thought.latent.shape[-1]
        at, size = 0, first
        while at < total:
            # No short rest: it would be little else than the silence at the end.
            size = size if margin >= 0 and total - at - size > FIRST else total - at
            window = self._window(thought.latent, at, size, max(margin, 0), job)
            yield window, at + size >= total
            at, size = at + size, min(2 * size, LONGEST_WINDOW)

    def _window(self, latent: Latent, at: int, size: int, margin: int, job: Job) -> Samples:
        assert self._sound is not None
        first = max(at - margin, 0)
        stretch = np.ascontiguousarray(latent[..., first : at + size + margin])
        (name,) = self._sound.inputs
        samples = np.asarray(self._sound.run({name: stretch}, job)[0], np.float32).ravel()
        return samples[(at - first) * self._hop : (at - first + size) * self._hop]

    def _fitting(self, latent: Latent, job: Job) -> int:
        """How many neighbours a window needs of this voice; found out with its first clause."""
        if self._margin is None:
            some = np.resize(latent.T, (TRIED, *latent.T.shape[1:])).T
            whole = self._window(some, 0, TRIED, 0, job)
            half = TRIED // 2
            for margin in MARGINS:
                parts = [self._window(some, at, half, margin, job) for at in (0, half)]
                joined = np.concatenate(parts)
                if joined.shape == whole.shape and np.abs(joined - whole).max() < SAME:
                    self._margin = margin
                    break
            else:
                self._margin = -1
        return self._margin
