"""MP3 to samples while it arrives."""

from __future__ import annotations

import numpy as np

from mia.conversation.ports import Samples

#: Samples a second of what comes out, whatever goes in.
RATE = 24_000


class Mp3Decoder:
    """Give it the bytes of one MP3 stream in order, cut anywhere; it gives back mono samples at
    RATE. Bytes that are no MP3 are skipped. One packet takes a fraction of a millisecond, so this
    runs on the loop."""

    def __init__(self) -> None:
        import av

        self._codec = av.CodecContext.create("mp3", "r")
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)

    def feed(self, data: bytes) -> Samples:
        """What these bytes complete; may be empty."""
        return self._decoded(data)

    def finish(self) -> Samples:
        """What was still inside, at the end of the stream."""
        return self._decoded(None)

    def _decoded(self, data: bytes | None) -> Samples:
        import av

        blocks: list[Samples] = []
        packets = self._codec.parse(data) if data else [*self._codec.parse(None), None]
        for packet in packets:
            try:
                frames = self._codec.decode(packet)
            except av.error.InvalidDataError:
                continue  # a damaged frame is a click, not the end of the clause
            for frame in frames:
                blocks += [block.to_ndarray()[0] for block in self._resampler.resample(frame)]
        if data is None:
            blocks += [block.to_ndarray()[0] for block in self._resampler.resample(None)]
        if not blocks:
            return np.zeros(0, np.float32)
        return np.concatenate(blocks).astype(np.float32, copy=False)
