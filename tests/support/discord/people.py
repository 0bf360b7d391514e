"""People in a call: they speak opus over RTP, and keep what they hear of MIA."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tests.support.discord import opus
from tests.support.discord.dave import SILENCE, DaveySession, Session
from tests.support.discord.mls import ExternalSender
from tests.support.discord.transport import AUDIO_LEVEL, Rtp
from tests.support.discord.world import User

if TYPE_CHECKING:
    from tests.support.discord.voice import VoiceServer

_ssrcs = itertools.count(101)
FRAME_SECONDS = 0.02
#: Frames of silence that end a stretch of speech.
TAIL = 5
VP8 = 0x67

Encryption = Callable[[int, int, ExternalSender], Session]


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame of MIA's. at: loop time; frame: None where it could not be decrypted."""

    at: float
    sequence: int
    timestamp: int
    frame: bytes | None


@dataclass
class Person:
    user: User
    encryption: Encryption = DaveySession
    announces: bool = True
    """Whether the server tells whose SSRC it is (op 5) before they speak."""
    listens: bool = True
    """Whether they keep what MIA says."""
    extension: bytes | None = AUDIO_LEVEL
    ssrc: int = field(default_factory=lambda: next(_ssrcs))
    voice: VoiceServer | None = None
    heard: list[Heard] = field(default_factory=list)
    sent: int = 0
    """Frames put on the wire (those it lost, too), the silence that ends a sound among them."""
    begun: float = 0.0
    """Loop time at which the first frame of the newest sound was sent: it was over by then."""
    sequence: int = 1
    timestamp: int = 0
    _quiet_since: float | None = None

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.nick or self.user.name

    async def say(
        self,
        sound: opus.Samples | Sequence[bytes],
        *,
        pace: float = FRAME_SECONDS,
        tail: int = TAIL,
    ) -> None:
        """Speak a sound at 48 kHz (or its opus frames), a frame every `pace` seconds."""
        frames = opus.encode(sound) if isinstance(sound, np.ndarray) else sound
        loop = asyncio.get_running_loop()
        if self.announces and self.voice is not None:
            await self.voice.speaking(self)
        begun = self.begun = loop.time()
        if self._quiet_since is not None:  # the clock of the sound goes on while nothing is sent
            quiet = begun - self._quiet_since
            self.timestamp += max(0, round(quiet / FRAME_SECONDS)) * opus.FRAME
        for number, frame in enumerate([*frames, *[SILENCE] * tail]):
            await asyncio.sleep(begun + number * pace - loop.time())
            self.send(frame)
        self._quiet_since = loop.time() + FRAME_SECONDS

    def send(self, frame: bytes) -> bool:
        """One frame of 20 ms, now; whether it will arrive."""
        if self.voice is None:
            return False
        payload = self.voice.protected(self, frame)
        packet = Rtp(self.sequence, self.timestamp, self.ssrc, payload, extension=self.extension)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + opus.FRAME) & 0xFFFFFFFF
        self.sent += 1
        return self.voice.relay(packet)

    def show_camera(self, packets: int = 1) -> None:
        """Packets of a video, from an SSRC of its own and from the voice's."""
        assert self.voice is not None
        for number in range(packets):
            for ssrc in (self.ssrc + 50_000, self.ssrc):
                self.voice.relay(Rtp(number, number * 3000, ssrc, b"\x90" * 200, VP8))

    def take(self, packet: Rtp, frame: bytes | None) -> None:
        at = asyncio.get_running_loop().time()
        self.heard.append(Heard(at, packet.sequence, packet.timestamp, frame))

    def sound(self) -> opus.Samples:
        """What they heard of MIA, silence left out, mono at 48 kHz."""
        return opus.decode(h.frame for h in self.heard if h.frame not in (None, SILENCE))

    @property
    def undecipherable(self) -> int:
        return sum(h.frame is None for h in self.heard)
