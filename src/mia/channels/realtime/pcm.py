"""The protocol's sound: base64 of PCM16 at 24 kHz, to and from float samples."""

from __future__ import annotations

import base64
import binascii

import numpy as np

from mia.channels.realtime.errors import RealtimeError
from mia.conversation.ports import Samples

_TAPS = 96
_CUTOFF = 7_900.0
_GRID = 48_000.0


def decode(text: str, param: str = "audio") -> Samples:
    """Base64 PCM16 little-endian → float32 in [-1, 1), one value a sample.

    Raises RealtimeError `invalid_base64` or `invalid_audio` (half a sample at the end).
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RealtimeError("invalid_base64", param=param) from error
    if len(raw) % 2:
        raise RealtimeError("invalid_audio", param=param, bytes=len(raw))
    return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)


def encode(samples: Samples) -> str:
    """Float samples → base64 PCM16 little-endian; what is beyond full scale is clipped."""
    scaled = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
    return base64.b64encode(scaled.tobytes()).decode("ascii")


def _phases() -> tuple[Samples, Samples]:
    """The two polyphase branches of a Kaiser-windowed sinc low-pass on the 48 kHz grid.

    96 taps with beta 5.65 (60 dB, Kaiser 1974) give a transition of 1.8 kHz about 7.9 kHz and a
    delay of 1 ms.
    """
    time = np.arange(_TAPS) - (_TAPS - 1) / 2
    taps = np.sinc(2 * _CUTOFF / _GRID * time) * np.kaiser(_TAPS, 5.65)
    taps *= 2 / taps.sum()
    even, odd = taps[0::2], taps[1::2]
    return even[::-1].astype(np.float32), odd[::-1].astype(np.float32)


class Decimator:
    """24 kHz → 16 kHz as a stream, 1 ms late.

    A library's streaming resampler holds sound back in blocks of its own (soxr: 2.5 … 20 ms, and
    its quickest quality lets everything above 8 kHz fold down); three samples in and two out
    need no block.
    """

    _EVEN, _ODD = _phases()
    _PAST = _TAPS // 2 - 1

    def __init__(self) -> None:
        self._held: Samples = np.zeros(self._PAST, np.float32)

    def process(self, samples: Samples) -> Samples:
        """The 16 kHz samples that are ready: two for every three received."""
        held = np.concatenate((self._held, samples))
        triples = (len(held) - self._PAST) // 3
        if triples == 0:
            self._held = held
            return np.zeros(0, np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(held, self._PAST + 1)
        out = np.empty(triples * 2, np.float32)
        out[0::2] = windows[0 : triples * 3 : 3] @ self._EVEN
        out[1::2] = windows[1 : triples * 3 : 3] @ self._ODD
        self._held = held[triples * 3 :]
        return out

    def reset(self) -> None:
        """Forget the sound so far."""
        self._held = np.zeros(self._PAST, np.float32)
