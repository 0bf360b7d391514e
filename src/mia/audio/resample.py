"""Changing the sample rate of a stream, piece by piece, with `soxr`."""

from __future__ import annotations

from typing import Literal

import numpy as np
import soxr

from mia.conversation.ports import Samples


class StreamResampler:
    """One stream of mono float32 from one rate to another. Implements `Resampler`.

    quality: soxr's name; "HQ" for a voice that is played (a few ms are held back until the end
    of the clause), "QQ" where delay matters more than the last decibel.
    """

    def __init__(
        self, rate_in: int, rate_out: int, quality: Literal["QQ", "LQ", "MQ", "HQ", "VHQ"] = "HQ"
    ) -> None:
        self._stream = (
            soxr.ResampleStream(rate_in, rate_out, 1, dtype="float32", quality=quality)
            if rate_in != rate_out
            else None
        )

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """What of the stream is known with these samples; with `last`, all that is left."""
        if self._stream is None:
            return samples
        resampled: Samples = self._stream.resample_chunk(
            np.ascontiguousarray(samples, np.float32), last=last
        )
        return resampled
