"""Opus to 16 kHz mono, by libopus itself.

A decoder may be asked for any of opus's rates: at 16 kHz mono it skips what speech recognition
would throw away, so neither a resampler nor a mixer is needed, and a frame costs a third.
"""

from __future__ import annotations

import discord.opus
import numpy as np

from mia.conversation.ports import HEARING_RATE, Samples

#: 20 ms.
FRAME = HEARING_RATE // 50


class SpeechDecoder(discord.opus.Decoder):
    """One speaker's decoder. It has a memory: frames must come in order."""

    SAMPLING_RATE = HEARING_RATE
    CHANNELS = 1
    SAMPLES_PER_FRAME = FRAME

    def voice(self, packet: bytes) -> Samples:
        """The sound of a packet. Raises ValueError where it is no opus."""
        return self._decoded(packet, fec=False)

    def recovered(self, following: bytes) -> Samples:
        """A lost packet's sound, from what the one after it carries for this case (or, where it
        carries nothing, made up). Raises ValueError."""
        return self._decoded(following, fec=True)

    def concealed(self) -> Samples:
        """A lost packet's sound, made up from what came before."""
        return _samples(self.decode(None, fec=False))

    def _decoded(self, packet: bytes, *, fec: bool) -> Samples:
        try:
            return _samples(self.decode(packet, fec=fec))
        except discord.opus.OpusError as error:
            raise ValueError(f"no opus: {error}") from error


def available() -> bool:
    """Whether libopus is there; discord.py looks for it under the system's own name."""
    return discord.opus.is_loaded() or discord.opus._load_default()


def _samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32768)
