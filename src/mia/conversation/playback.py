"""Playing a reply's sound, and knowing at any time how much of it was heard.

The playhead is the truth that mouth, subtitles and history follow. It is derived from when each
block was due at the loudspeaker; where the loudspeaker itself reports how far it is, from that.
A block goes out only when the loudspeaker has less than its `lead` left, so that little has to
be taken back when somebody interrupts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import numpy as np

from mia.conversation.ports import PLAYING_RATE, Block, Loudspeaker, Samples
from mia.conversation.tuning import DEFAULT, Tuning

#: Waits shorter than this are over: time in floating point never quite arrives.
INSTANT = 1e-6
#: How long a report of the loudspeaker's own playhead is carried on by the clock.
REPORT_LASTS = 0.5


class Silence:
    """A loudspeaker that nobody listens to: replies are paced, shown, and not heard."""

    lead = 0.2
    latency = 0.0

    def play(self, block: Block) -> None: ...

    def hush(self) -> None: ...

    def duck(self, gain: float, seconds: float) -> None: ...


class Track:
    """One reply's sound: pieces come in, blocks go out at the pace of hearing."""

    def __init__(
        self,
        reply: str,
        loudspeaker: Callable[[], Loudspeaker],
        tuning: Tuning = DEFAULT,
        placed: Callable[[float, Samples], None] = lambda _begin, _samples: None,
    ) -> None:
        """placed: told of each piece of sound, and at which second of the whole it begins."""
        self.reply = reply
        self._placed = placed
        self._loudspeaker = loudspeaker
        self._tuning = tuning
        self._loop = asyncio.get_running_loop()
        self._pieces: list[Samples] = []
        self._length = 0
        self._closed = False
        self._changed = asyncio.Event()
        self._position = 0
        """The next sample to hand out."""
        self._until = 0.0
        """When the last sample handed out will have been heard."""
        self._spans: deque[tuple[float, int, int]] = deque(maxlen=4096)
        """(when it begins to be heard, first sample, samples) of every block handed out."""
        self._sounded = False
        """Something was handed out …"""
        self._own_sounded = False
        """… of the reply itself."""
        self._paused = False
        self._stopped: float | None = None
        self._report: tuple[float, float] | None = None
        self.furthest = 0.0
        """How far it was heard before it was last rewound, in seconds."""
        self._fade_in = False
        self.words_from = 0.0
        """Seconds of this sound after which the reply's own words begin."""
        self.underruns = 0
        """How often the next sound came later than the end of the one before."""

    # ── sound in ─────────────────────────────────────────────────────────────────────────────

    @property
    def seconds(self) -> float:
        """Length of the sound so far."""
        return self._length / PLAYING_RATE

    def add(self, samples: Samples) -> None:
        """More sound at PLAYING_RATE, to be heard right after what is there."""
        if len(samples):
            self._placed(self.seconds, samples)
            self._pieces.append(samples)
            self._length += len(samples)
            self._changed.set()

    def fill(self, samples: Samples) -> None:
        """Something that is no part of the reply is heard first. Only before any sound of it."""
        assert not self._length
        self.add(samples)
        self.words_from = self.seconds

    def close(self) -> None:
        """No more will come: the reply ends when what is there has been heard."""
        self._closed = True
        self._changed.set()

    @property
    def paused(self) -> bool:
        """The sound is held."""
        return self._paused

    def buffered(self) -> float:
        """Seconds of sound that were not heard yet."""
        return self.seconds - self.playhead()

    async def below(self, seconds: float) -> None:
        """Wait until fewer than `seconds` of sound are left to be heard."""
        while (spare := self.buffered() - seconds) > INSTANT and self._stopped is None:
            if self._spans and not self._paused:
                await asyncio.sleep(spare)
            else:
                await self._wait()

    # ── sound out ────────────────────────────────────────────────────────────────────────────

    async def play(self, sounding: Callable[[bool], None]) -> None:
        """Hand the sound out until all of it was heard; `sounding` is called when the first
        sample is, with whether it is the reply's own; if not, again when that is."""
        while self._stopped is None:
            speaker = self._loudspeaker()
            now = self._loop.time()
            if self._paused or (self._position >= self._length and not self._closed):
                await self._wait()
            elif self._position >= self._length:
                if now >= self._until - INSTANT:
                    return
                await self._wait(self._until - now)
            elif (early := self._until - now - speaker.lead) > INSTANT:
                await self._wait(early)
            else:
                self._hand_out(speaker, now, sounding)

    def _hand_out(self, speaker: Loudspeaker, now: float, sounding: Callable[[bool], None]) -> None:
        size = int(self._tuning.block * PLAYING_RATE)
        samples = self._slice(self._position, min(size, self._edge() - self._position))
        if self._fade_in:
            samples = _faded(samples, self._tuning.fade)
            self._fade_in = False
        start = max(now + speaker.latency, self._until)
        own = self._position >= int(self.words_from * PLAYING_RATE)
        if not self._sounded or (own and not self._own_sounded):
            self._sounded, self._own_sounded = True, own
            self._loop.call_at(start, sounding, own)
        elif own and start > self._until + INSTANT and self._spans[-1][2]:
            self.underruns += 1
        speaker.play(Block(self.reply, self._position, samples))
        self._spans.append((start, self._position, len(samples)))
        self._position += len(samples)
        self._until = start + len(samples) / PLAYING_RATE

    def _edge(self) -> int:
        """Where the next block ends at the latest: no block is half filler."""
        words = int(self.words_from * PLAYING_RATE)
        return words if self._position < words else self._length

    def _slice(self, start: int, count: int) -> Samples:
        parts, at = [], 0
        for piece in self._pieces:
            low, high = max(start - at, 0), min(start + count - at, len(piece))
            if low < high:
                parts.append(piece[low:high])
            at += len(piece)
            if at >= start + count:
                break
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    async def _wait(self, seconds: float | None = None) -> None:
        """Until something changes, or for `seconds`."""
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    # ── the playhead ─────────────────────────────────────────────────────────────────────────

    def playhead(self) -> float:
        """Seconds of this sound heard by now."""
        if self._stopped is not None:
            return self._stopped
        now = self._loop.time()
        paced = 0.0
        for start, first, count in reversed(self._spans):
            if start <= now:
                paced = (first + min(count, (now - start) * PLAYING_RATE)) / PLAYING_RATE
                break
        if self._report is None:
            return paced
        seconds, at = self._report
        return min(self._position / PLAYING_RATE, seconds + min(now - at, REPORT_LASTS))

    def report(self, seconds: float) -> None:
        """The loudspeaker says how much of this sound was heard."""
        known = min(max(0.0, seconds), self._position / PLAYING_RATE)
        if self._stopped is not None:
            self._stopped = known
        else:
            self._report = (known, self._loop.time())

    def pause(self) -> float:
        """Hold the sound at once; the playhead it stopped at."""
        at = self.playhead()
        self.furthest = max(self.furthest, at)
        self._paused = True
        self._loudspeaker().hush()
        self._rewind(at)
        return at

    def resume(self, seconds: float) -> None:
        """Go on from `seconds`, at full volume."""
        self.unduck()
        if self._paused:
            self._rewind(seconds)
            self._fade_in = True
            self._paused = False
        self._changed.set()

    def stop(self) -> float:
        """Be silent at once and for good; the playhead it stopped at."""
        if self._stopped is None:
            at = self.playhead()
            self._stopped = at
            speaker = self._loudspeaker()
            speaker.hush()
            speaker.duck(1.0, 0.0)
            self._changed.set()
        return self._stopped

    def duck(self) -> None:
        """She is softer, and goes on."""
        self._loudspeaker().duck(self._tuning.duck_gain, self._tuning.duck_ramp)

    def unduck(self) -> None:
        """She is as loud as before."""
        self._loudspeaker().duck(1.0, self._tuning.duck_ramp)

    def _rewind(self, seconds: float) -> None:
        now = self._loop.time()
        self._position = min(int(seconds * PLAYING_RATE), self._length)
        self._until = now
        self._report = None
        self._spans.append((now, self._position, 0))


def _faded(samples: Samples, seconds: float) -> Samples:
    count = min(int(seconds * PLAYING_RATE), len(samples))
    faded = samples.copy()
    faded[:count] *= np.linspace(0, 1, count, dtype=np.float32)
    return faded
