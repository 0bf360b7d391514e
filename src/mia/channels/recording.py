"""Recordings as the microphone, a tap as the loudspeaker: the live pipeline, repeatable.

The recordings are fed in real time, one after the other. The next one waits until MIA has
finished her answer and a little more, as a polite person would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mia.audio.levels import audible
from mia.audio.tap import Tap
from mia.conversation import Conversation
from mia.conversation.ports import HEARING_RATE, Block, Samples
from mia.telemetry.events import Phase

FRAME_SECONDS = 0.02
FRAME = int(HEARING_RATE * FRAME_SECONDS)
#: What a sound card takes at once.
BLOCK_SECONDS = 0.01
LEAD_IN = 1.0
AFTER_REPLY = 1.0
LONGEST_WAIT = 15.0
LONGEST_REPLY = 60.0
#: Faint noise, as every microphone has: -72 dBFS.
ROOM_TONE = 2.5e-4


class TapLoudspeaker:
    """Hears like a sound card with a short buffer, and writes down when. A `Loudspeaker`.

    As with a card, what becomes softer is whatever has not left it yet: all but the block that is
    on its way out. The fade counts as done when it ends.
    """

    lead = 0.04
    latency = 0.0

    def __init__(self, tap: Tap) -> None:
        self._tap = tap
        self._gain = 1.0
        self._begun: float | None = None

    def begin(self, at: float) -> None:
        """The tap's clock starts at this loop time."""
        self._begun = at

    def _now(self) -> float:
        assert self._begun is not None
        return asyncio.get_running_loop().time() - self._begun

    def play(self, block: Block) -> None:
        self._tap.mia(self._now(), block.samples * np.float32(self._gain))

    def hush(self) -> None:
        if self._begun is not None:
            self._tap.hush(self._now())

    def duck(self, gain: float, seconds: float) -> None:
        if self._begun is not None:
            self._tap.scale(self._now() + BLOCK_SECONDS + seconds, gain / self._gain)
        self._gain = gain


@dataclass(frozen=True, slots=True)
class Said:
    """One recording on the tap's clock; seconds of its first and last audible sample."""

    path: Path
    start: float
    end: float


@dataclass(slots=True)
class RecordedTalk:
    """A conversation with recordings: what was said when, and the tap."""

    tap: Tap = field(default_factory=Tap)
    said: list[Said] = field(default_factory=list)
    begun: float = 0.0
    """The loop's time at which the tap begins."""

    async def hold(
        self, conversation: Conversation, recordings: Sequence[tuple[Path, Samples]]
    ) -> None:
        """Say each recording, and wait for its answer. The conversation is already running."""
        loop = asyncio.get_running_loop()
        loudspeaker = TapLoudspeaker(self.tap)
        tone = np.random.default_rng(1).normal(0, ROOM_TONE, HEARING_RATE).astype(np.float32)
        begun = self.begun = loop.time()
        loudspeaker.begin(begun)
        conversation.attach(loudspeaker)
        waiting = list(recordings)
        speaking: Samples = np.zeros(0, np.float32)
        frames = 0
        while True:
            now = frames * FRAME_SECONDS
            if not len(speaking) and self._may_go_on(now, conversation.phase):
                if not waiting:
                    break
                path, speaking = waiting.pop(0)
                start, end = extent(speaking)
                self.said.append(Said(path, now + start, now + end))
            at = frames * FRAME % len(tone)
            frame = np.roll(tone, -at)[:FRAME].copy()
            voice, speaking = speaking[:FRAME], speaking[FRAME:]
            frame[: len(voice)] += voice
            frames += 1
            # A sound card delivers a frame when all of it has been said.
            await asyncio.sleep(begun + frames * FRAME_SECONDS - loop.time())
            self.tap.user(frame)
            conversation.hear(frame)
        conversation.detach(loudspeaker)

    def _may_go_on(self, now: float, phase: Phase) -> bool:
        if not self.said:
            return now >= LEAD_IN
        ended = self.said[-1].end
        if now > ended + LONGEST_REPLY:
            return True
        if phase != "idle":
            return False
        if self.tap.played_until > ended:
            return now > self.tap.played_until + AFTER_REPLY
        return now > ended + LONGEST_WAIT

    def latencies(self) -> list[float | None]:
        """For each recording, seconds from its last audible sample to the first one of MIA's
        answer, read off the tap; None where there was no answer."""
        _, right = self.tap.channels()
        onsets = [start for start, _ in audible(right, HEARING_RATE)]
        found: list[float | None] = []
        for said, following in zip(
            self.said, [*(s.start for s in self.said[1:]), float("inf")], strict=True
        ):
            answers = [at - said.end for at in onsets if said.end <= at < following]
            found.append(answers[0] if answers else None)
        return found


def extent(samples: Samples) -> tuple[float, float]:
    """Seconds of the first and the last audible sample of a recording."""
    stretches = audible(samples, HEARING_RATE)
    if not stretches:
        return 0.0, len(samples) / HEARING_RATE
    return stretches[0][0], stretches[-1][1]
