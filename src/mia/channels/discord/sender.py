"""MIA's voice into the call: blocks of a reply become 20 ms opus frames at discord.py's pace.

discord.py's player has a thread of its own that takes a frame every 20 ms and sends it on time;
`SpeakingSource.read` never waits, so that pace is kept. The source lives as long as the call;
the player runs while there is something to say, because other people's Discord shows for as long
as it does that she is speaking.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator

import discord
import discord.opus
import numpy as np

from mia.audio.resample import StreamResampler
from mia.channels.discord.rtp import SILENCE
from mia.conversation.ports import PLAYING_RATE, Block, Samples

log = logging.getLogger(__name__)

RATE = 48_000
FRAME = RATE // 50
FADE_SECONDS = 0.015
#: Frames of silence sent between two pieces of sound before the player rests: half a second, so
#: that a pause between two sentences does not switch her light off.
LINGER = 25
#: Frames between two reports of how far she was heard; nobody hears the difference to one.
REPORT_EVERY = 5
#: Seconds a busy thread keeps the interpreter when another one wants it. Python's own 5 ms are a
#: quarter of a frame, and the player and the socket's reader ask several times for each.
SWITCH_SECONDS = 0.001
#: Blocks of sound that are kept at most, 20 ms each; `lead` keeps it far below.
MOST = 500


@contextlib.contextmanager
def prompt_threads() -> Iterator[None]:
    """Let the threads of a call have the interpreter sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, SWITCH_SECONDS))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class _Piece:
    """A stretch of a reply at 48 kHz; `offset`: its first sample's place in the reply's sound, in
    samples at PLAYING_RATE."""

    def __init__(self, reply: str, offset: int, samples: Samples) -> None:
        self.reply = reply
        self.offset = offset
        self.samples = samples


class SpeakingSource(discord.AudioSource):
    """A `Loudspeaker` that discord.py's player reads from.

    `play`, `hush` and `duck` are called on the loop, `read` on the player's thread.
    """

    #: Sound that waits here: three frames, so that one late loop costs no gap.
    lead = 0.06
    #: One frame waits for its turn, half of one on average, and the network is another matter.
    latency = 0.02

    def __init__(
        self, start: Callable[[], None], heard: Callable[[str, float], None] | None = None
    ) -> None:
        """start: have the player read from this. heard: told how many seconds of a reply were
        sent, on the loop."""
        self._start = start
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._encoder = discord.opus.Encoder(
            application="voip", bitrate=64, fec=True, expected_packet_loss=0.05, signal_type="voice"
        )
        self._resampler = StreamResampler(PLAYING_RATE, RATE)
        self._reply = ""
        self._place_in_reply = 0.0
        """Where in the reply's sound the next sample out of the resampler belongs, in samples at
        PLAYING_RATE: it holds a few milliseconds back."""
        self._lock = threading.Lock()
        self._pieces: deque[_Piece] = deque(maxlen=MOST)
        self._gain = self._goal = 1.0
        self._step = 0.0
        self._quiet = 0
        """Frames of silence in a row."""
        self._reading = False
        """The player has asked and was not told to rest."""
        self.frames = 0
        """Frames of sound sent."""
        self._place: tuple[str, int] | None = None
        """Which reply was sent up to which sample at PLAYING_RATE."""

    # ── on the loop ──────────────────────────────────────────────────────────────────────────

    def play(self, block: Block) -> None:
        if block.reply != self._reply:
            self._reply = block.reply
            self._resampler = StreamResampler(PLAYING_RATE, RATE, "MQ")
            self._place_in_reply = block.offset
        samples = self._resampler.feed(block.samples)
        offset = int(self._place_in_reply)
        self._place_in_reply += len(samples) * PLAYING_RATE / RATE
        with self._lock:
            self._pieces.append(_Piece(block.reply, offset, samples))
            asleep = not self._reading
            if asleep:
                self._reading, self._quiet = True, 0
        if asleep:
            self._start()

    def hush(self) -> None:
        """Forget what was not sent yet, but for a fade to silence."""
        count = round(FADE_SECONDS * RATE)
        with self._lock:
            rest, place = self._taken(count)
            self._pieces.clear()
            if len(rest):
                fade = np.linspace(1, 0, len(rest), dtype=np.float32)
                self._pieces.append(_Piece("", 0, rest * fade))
            place = place or self._place
        self._resampler = StreamResampler(PLAYING_RATE, RATE)
        self._reply = ""
        if place is not None:
            self._report(place)

    def duck(self, gain: float, seconds: float) -> None:
        with self._lock:
            self._goal = gain
            self._step = abs(gain - self._gain) / max(1.0, seconds * RATE)

    def stopped(self) -> None:
        """The player has ended, whoever ended it: the next sound starts it again."""
        with self._lock:
            self._reading = False
            waiting = bool(self._pieces)
        if waiting:
            with self._lock:
                self._reading = True
            self._start()

    def _report(self, place: tuple[str, int]) -> None:
        reply, samples = place
        if reply and self._heard is not None:
            self._heard(reply, samples / PLAYING_RATE)

    # ── on the player's thread ───────────────────────────────────────────────────────────────

    def is_opus(self) -> bool:
        return True

    def read(self) -> bytes:
        """The next frame; empty: nothing more is to be said for now."""
        with self._lock:
            samples, place = self._taken(FRAME)
            if not len(samples):
                self._quiet += 1
                if self._quiet > LINGER:
                    self._reading = False
                    return b""
                return SILENCE
            self._quiet = 0
            samples = self._at_volume(samples)
            self._place = place or self._place
            self.frames += 1
        if len(samples) < FRAME:
            samples = np.pad(samples, (0, FRAME - len(samples)))
        if place is not None and self.frames % REPORT_EVERY == 0:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
                self._loop.call_soon_threadsafe(self._report, place)
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
        return self._encoder.encode(np.repeat(pcm, 2).tobytes(), FRAME)

    def _taken(self, count: int) -> tuple[Samples, tuple[str, int] | None]:
        """The next samples, and how far the reply is with them."""
        parts: list[Samples] = []
        place: tuple[str, int] | None = None
        while count > 0 and self._pieces:
            piece = self._pieces.popleft()
            parts.append(piece.samples[:count])
            used = len(parts[-1])
            done = piece.offset + used * PLAYING_RATE // RATE
            if piece.reply:
                place = (piece.reply, done)
            if len(piece.samples) > count:
                self._pieces.appendleft(_Piece(piece.reply, done, piece.samples[count:]))
            count -= used
        return (np.concatenate(parts) if parts else np.zeros(0, np.float32)), place

    def _at_volume(self, samples: Samples) -> Samples:
        if self._gain == self._goal == 1.0:
            return samples
        sign = 1.0 if self._goal > self._gain else -1.0
        ramp = self._gain + sign * self._step * np.arange(1, len(samples) + 1, dtype=np.float32)
        low, high = sorted((self._gain, self._goal))
        clipped = np.clip(ramp, low, high).astype(np.float32)
        self._gain = float(clipped[-1])
        scaled: Samples = samples * clipped
        return scaled
