"""Lids and gaze: blinks as people blink, glances that come back to the viewer.

Blinks come at log-normal intervals (fits of Bentivoglio and others, 1997; ranges of Doughty, 2001:
about 15 a minute at rest, more in conversation, fewer in thought), shut faster than they open, and
now and then come in pairs. Everything is drawn ahead from one seed and kept as a list of what
happens when, so that any moment can be asked for.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Literal

from mia.avatar.motion import Glide, eased

Attention = Literal["idle", "listening", "thinking", "speaking", "resting"]


@dataclass(frozen=True, slots=True)
class Manner:
    """interval: median seconds between blinks. viewer: share of glances that go to the viewer.
    gaze_x, gaze_y: where the eyes are at home."""

    interval: float
    viewer: float
    gaze_x: float = 0.0
    gaze_y: float = 0.0


MANNERS: dict[Attention, Manner] = {
    "idle": Manner(3.4, 0.7),
    "listening": Manner(3.4, 0.9),
    "thinking": Manner(5.6, 0.25, -0.4, 0.4),
    "speaking": Manner(2.3, 0.7),
    "resting": Manner(6.0, 1.0, 0.0, -0.2),
}
#: Spread of the intervals' logarithm, and the shortest and longest there are.
SPREAD = 0.6
SHORTEST, LONGEST = 0.6, 20.0
#: Share of blinks that come twice, and how soon the second one begins.
TWICE = 0.1
SECOND = 0.36


@dataclass(frozen=True, slots=True)
class Blink:
    begin: float
    shutting: float
    shut: float
    opening: float

    @property
    def end(self) -> float:
        return self.begin + self.shutting + self.shut + self.opening

    def depth(self, at: float) -> float:
        """0 open … 1 shut."""
        into = at - self.begin
        if into <= 0 or at >= self.end:
            return 0.0
        if into < self.shutting:
            return eased(into / self.shutting)
        if into < self.shutting + self.shut:
            return 1.0
        return 1 - eased((into - self.shutting - self.shut) / self.opening)


class Lids:
    def __init__(self, random: Random, begin: float) -> None:
        self._random = random
        self._attention: Attention = "idle"
        self.blinks: deque[Blink] = deque(maxlen=64)
        """Newest last; the last one may be still to come."""
        self._second = False
        self._next = begin + self._interval() * 0.5

    def attend(self, at: float, attention: Attention) -> None:
        """What she is about from `at` on: the wait for the next blink shortens or lengthens."""
        self._draw(at)
        factor = MANNERS[attention].interval / MANNERS[self._attention].interval
        self._attention = attention
        if not self._second and self._next > at:
            self._next = at + (self._next - at) * factor

    def blink_soon(self, at: float) -> None:
        """Blink now, unless she has just blinked: at the end of what was said, say."""
        self._draw(at)
        if not self.blinks or at - self.blinks[-1].begin > 1.0:
            self._next, self._second = at, False

    def shut(self, at: float) -> float:
        """0 … 1 of how far the lids are shut."""
        self._draw(at)
        return max((blink.depth(at) for blink in list(self.blinks)[-3:]), default=0.0)

    def busy(self, at: float, ahead: float = 0.3) -> bool:
        """Whether a blink is on its way, or begins within `ahead` seconds."""
        self._draw(at)
        return self._next <= at + ahead or bool(self.blinks and at < self.blinks[-1].end)

    def _draw(self, until: float) -> None:
        while self._next <= until:
            draw = self._random.uniform
            blink = Blink(self._next, draw(0.06, 0.08), draw(0.02, 0.04), draw(0.1, 0.13))
            self.blinks.append(blink)
            self._second = not self._second and self._random.random() < TWICE
            self._next = blink.begin + (SECOND if self._second else self._interval())

    def _interval(self) -> float:
        """Seconds from one blink to the next: log-normal, drawn again where nobody blinks."""
        median = MANNERS[self._attention].interval
        while True:
            seconds = self._random.lognormvariate(math.log(median), SPREAD)
            if SHORTEST <= seconds <= LONGEST:
                return seconds


#: A glance is over within this (saccades of 5 to 10 degrees take 40 to 50 ms).
SACCADE = 0.045
#: The head comes after the eyes, later and less far.
HEAD_AFTER, HEAD_TAKES = 0.12, 0.5


@dataclass(frozen=True, slots=True)
class Glance:
    at: float
    x: float
    y: float


class Gaze:
    """Where the eyes look, -1 … 1 both ways, and the head after them."""

    def __init__(self, random: Random, begin: float) -> None:
        self._random = random
        self._attention: Attention = "idle"
        self._eyes = (Glide(), Glide())
        self._home = (Glide(), Glide())
        self._head = (Glide(), Glide())
        self._away = False
        self._next = begin + random.uniform(0.5, 2.0)
        self.glances: deque[Glance] = deque(maxlen=64)

    def attend(self, at: float, attention: Attention, delay: float = 0.0) -> None:
        self._draw(at)
        self._attention = attention
        manner = MANNERS[attention]
        self._home[0].to(at, manner.gaze_x, 0.12, delay)
        self._home[1].to(at, manner.gaze_y, 0.12, delay)

    def at_viewer(self, at: float) -> None:
        """Look at the viewer now, for a moment."""
        self._draw(at)
        self._look(at, 0.0, 0.0)
        self._next = at + 1.2

    def at(self, at: float) -> tuple[float, float]:
        self._draw(at)
        x, y = (
            eye.value(at) + home.value(at) for eye, home in zip(self._eyes, self._home, strict=True)
        )
        return min(max(x, -1.0), 1.0), min(max(y, -1.0), 1.0)

    def head(self, at: float) -> tuple[float, float]:
        """Where the head has followed the eyes to, in the same units."""
        self._draw(at)
        return self._head[0].value(at), self._head[1].value(at)

    def busy(self, at: float) -> bool:
        return self._eyes[0].moving(at) or self._home[0].moving(at)

    def _draw(self, until: float) -> None:
        while self._next <= until:
            at = self._next
            to_viewer = self._random.random() < MANNERS[self._attention].viewer
            if self._away or to_viewer:
                self._away = False
                small = 0.03
                self._look(at, self._spread(small), self._spread(small))
                self._next = at + self._random.lognormvariate(math.log(1.6), 0.6)
            else:
                self._away = True
                reach = self._random.uniform(0.14, 0.3)
                turn = self._random.uniform(0, 2 * math.pi)
                self._look(at, reach * math.cos(turn), reach * 0.6 * math.sin(turn))
                self._next = at + self._random.lognormvariate(math.log(0.7), 0.45)

    def _look(self, at: float, x: float, y: float) -> None:
        self.glances.append(Glance(at, x, y))
        for value, eye, head in zip((x, y), self._eyes, self._head, strict=True):
            eye.to(at, value, SACCADE)
            head.to(at, value, HEAD_TAKES, HEAD_AFTER)

    def _spread(self, size: float) -> float:
        return self._random.uniform(-size, size)
