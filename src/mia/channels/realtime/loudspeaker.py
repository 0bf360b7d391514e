"""A client as a loudspeaker: blocks out as `response.output_audio.delta`."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from mia.conversation.ports import PLAYING_RATE, Block, Loudspeaker, Samples


class Listener(Protocol):
    """Where a loudspeaker's sound and signals go: the session's translator."""

    def sound(self, reply: str, offset: int, samples: Samples) -> None: ...
    def hushed(self) -> None: ...
    def ducked(self, gain: float, seconds: float) -> None: ...


class Fader:
    """A volume that moves in a straight line, sample by sample."""

    def __init__(self) -> None:
        self._gain = self._goal = 1.0
        self._step = 0.0

    def go(self, goal: float, seconds: float) -> None:
        """Move to `goal` within `seconds` of sound."""
        self._goal = goal
        steps = max(1, round(seconds * PLAYING_RATE))
        self._step = (goal - self._gain) / steps

    def apply(self, samples: Samples) -> Samples:
        """The samples at the volume of their moment."""
        if self._gain == self._goal == 1.0:
            return samples
        ramp = self._gain + self._step * np.arange(1, len(samples) + 1)
        low, high = sorted((self._gain, self._goal))
        ramp = np.clip(ramp, low, high)
        if len(ramp):
            self._gain = float(ramp[-1])
        if abs(self._gain - self._goal) < 1e-6:
            self._gain = self._goal
        faded: Samples = samples * ramp.astype(np.float32)
        return faded


class SocketLoudspeaker:
    """The loudspeaker of one session. fades: scale the samples when ducked, for clients that do
    not know `mia.duck`."""

    #: What the protocol promises: sound goes out at most this far ahead of play.
    lead = 0.2
    #: A page's own buffer (40 ms) and the sound card behind it (20 ms, WASAPI shared mode and
    #: PipeWire alike); the reported playhead corrects what a client has beyond that.
    latency = 0.06

    def __init__(self, listener: Listener, *, fades: bool) -> None:
        self._listener = listener
        self._fader = Fader() if fades else None

    def play(self, block: Block) -> None:
        samples = self._fader.apply(block.samples) if self._fader else block.samples
        self._listener.sound(block.reply, block.offset, samples)

    def hush(self) -> None:
        if self._fader:
            self._fader = Fader()
        self._listener.hushed()

    def duck(self, gain: float, seconds: float) -> None:
        if self._fader:
            self._fader.go(gain, seconds)
        else:
            self._listener.ducked(gain, seconds)


class Room:
    """One loudspeaker that sounds in several places: where the speaker is, and with everybody who
    only listens. The first of them sets the pace."""

    #: Our own pages say what they play and fall silent within 10 ms, so more may be on its way to
    #: them: on a machine whose cores are all at work page or server stand still for a quarter of a
    #: second at a time, and with 0.2 s of sound in hand she was heard to stutter.
    lead = 0.6
    latency = SocketLoudspeaker.latency

    def __init__(self) -> None:
        self.places: tuple[Loudspeaker, ...] = ()

    def play(self, block: Block) -> None:
        for place in self.places:
            place.play(block)

    def hush(self) -> None:
        for place in self.places:
            place.hush()

    def duck(self, gain: float, seconds: float) -> None:
        for place in self.places:
            place.duck(gain, seconds)
