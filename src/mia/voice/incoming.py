"""Sound that arrives as bytes from a server, whatever it is wrapped in: raw PCM, WAV, or MP3."""

from __future__ import annotations

import importlib.util
import struct
from typing import Literal

import numpy as np

from mia.conversation.ports import Samples
from mia.errors import BackendUnavailable
from mia.voice.mp3 import RATE as MP3_RATE
from mia.voice.mp3 import Mp3Decoder

Kind = Literal["pcm", "wav", "mp3"]

#: Bytes that are enough to tell what a stream is.
_HEAD = 12
#: A WAV header longer than this is none.
_LONGEST_HEADER = 65_536
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class Incoming:
    """Give it the bytes of one stream in order, cut anywhere; it gives back mono samples.

    name: of the server, for messages. rate: samples a second of raw PCM, which does not tell.
    pcm: whether raw samples were asked for, so that bytes of no known form are taken for them.
    """

    def __init__(self, name: str, rate: int, *, pcm: bool = True) -> None:
        self._name = name
        self._pcm = pcm
        self._kind: Kind | None = None
        self._left = b""
        self._mp3: Mp3Decoder | None = None
        self._sample = np.dtype("<i2")
        self._channels = 1
        self.rate = rate
        """Samples a second; certain once the first sample is out."""

    def feed(self, data: bytes) -> Samples:
        """What these bytes complete; may be empty.

        Raises BackendUnavailable("server.not_audio") for what is no sound MIA can read.
        """
        self._left += data
        if self._kind is None and not self._began():
            return np.zeros(0, np.float32)
        if self._mp3 is not None:
            data, self._left = self._left, b""
            return self._mp3.feed(data)
        whole = self._sample.itemsize * self._channels
        end = len(self._left) // whole * whole
        data, self._left = self._left[:end], self._left[end:]
        raw = np.frombuffer(data, self._sample).astype(np.float32)
        if self._sample.kind == "i":
            raw /= np.float32(2 ** (8 * self._sample.itemsize - 1))
        mono: Samples = raw.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
        return mono

    def finish(self) -> Samples:
        """What was still inside, at the end of the stream."""
        if self._kind is None and self._left:
            if not self._pcm:
                raise self._no_sound("?")
            self._kind = "pcm"  # too short to be anything with a header
            return self.feed(b"")
        return self._mp3.finish() if self._mp3 is not None else np.zeros(0, np.float32)

    def _began(self) -> bool:
        """Whether the stream's form is known by now, and its header has been taken off."""
        head = self._left[:_HEAD]
        if len(head) < _HEAD:
            return False
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            return self._wav_began()
        if head[:3] == b"ID3" or (head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
            if importlib.util.find_spec("av") is None:
                raise BackendUnavailable(
                    "backend.not_installed", name=self._name, missing="av", extra="edge"
                )
            self._kind, self._mp3, self.rate = "mp3", Mp3Decoder(), MP3_RATE
            return True
        for magic, kind in ((b"OggS", "Ogg"), (b"fLaC", "FLAC"), (b"\x1aE\xdf\xa3", "WebM")):
            if head.startswith(magic):
                raise self._no_sound(kind)
        if head.lstrip()[:1] in (b"{", b"<") and head.isascii():
            raise self._no_sound(head.decode("ascii"))
        if not self._pcm:
            raise self._no_sound("?")
        self._kind = "pcm"
        return True

    def _wav_began(self) -> bool:
        at, format_seen = 12, False
        while at + 8 <= len(self._left):
            name, size = struct.unpack_from("<4sI", self._left, at)
            if name == b"data":
                if not format_seen:
                    raise self._no_sound("WAV")
                self._kind, self._left = "wav", self._left[at + 8 :]
                return True
            if name == b"fmt " and at + 24 <= len(self._left):
                code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", self._left, at + 8)
                forms = {(_PCM, 16): "<i2", (_PCM, 32): "<i4", (_FLOAT, 32): "<f4"}
                form = forms.get((_PCM if code == _EXTENSIBLE else code, bits))
                if form is None or not channels or not 4_000 <= rate <= 192_000:
                    raise self._no_sound(f"WAV, {bits} bit")
                self._sample, self._channels, self.rate = np.dtype(form), channels, rate
                format_seen = True
            at += 8 + size + size % 2
        if len(self._left) > _LONGEST_HEADER:
            raise self._no_sound("WAV")
        return False

    def _no_sound(self, kind: str) -> BackendUnavailable:
        return BackendUnavailable("server.not_audio", name=self._name, kind=kind)
