"""Mouth shapes in time, each flowing into the next: which shape the lips have at any moment.

Every gesture has a window that rises and falls about its two ends; at a moment the shapes whose
windows are open share the mouth by their windows times how much each insists (dominance, after
Cohen and Massaro, 1993). A sound's lips are therefore on their way before it is heard.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from operator import attrgetter

from mia.avatar.frame import Viseme
from mia.avatar.visemes import REST, SHAPES, FiveVowels, Shape

#: Half of the time in which one shape becomes the next.
REACH = 0.035
#: Lips close within this before a p, b or m, and part again as quickly.
CLOSING = 0.03
#: They are still on their way in this share of the sound, at either end.
MEETING = 0.12
#: No gesture lasts longer: what is further back than this cannot show any more.
LONGEST = 1.5


@dataclass(frozen=True, slots=True)
class Gesture:
    begin: float
    finish: float
    shape: Shape
    sure: float = 1.0
    """How far lips that close do: less where their moment is a guess."""


@dataclass(frozen=True, slots=True)
class Lips:
    """The mouth at one moment, before loudness opens it. jaw and form as in `Shape`, closed: 0 …
    1, how much the lips touch."""

    viseme: Viseme
    jaw: float
    form: float
    vowels: FiveVowels
    closed: float


RESTING = Lips("sil", REST.jaw, 0.0, REST.vowels, 0.0)


class Articulation:
    """The gestures of one reply, by seconds of its sound.

    hold: seconds the lips stay shut after a bilabial's end. The mouth is shown so much early, and
    would otherwise part before the sound does.
    """

    def __init__(self, hold: float = 0.0) -> None:
        self._hold = hold
        self._gestures: list[Gesture] = []

    def add(self, viseme: Viseme, begin: float, finish: float, sure: float = 1.0) -> None:
        if finish > begin:
            insort(self._gestures, Gesture(begin, finish, SHAPES[viseme], sure), key=_begin)

    def clear(self, begin: float, finish: float) -> None:
        """Forget the gestures that begin within [begin, finish): they are told anew."""
        low = bisect_left(self._gestures, begin, key=_begin)
        high = bisect_left(self._gestures, finish, key=_begin)
        del self._gestures[low:high]

    def at(self, seconds: float) -> Lips:
        last = bisect_left(self._gestures, seconds + CLOSING + REACH, key=_begin)
        total = jaw = form = closed = strongest = 0.0
        a = i = u = e = o = 0.0
        viseme: Viseme = "sil"
        for number in range(last - 1, -1, -1):
            gesture = self._gestures[number]
            if gesture.begin < seconds - LONGEST:
                break
            shape = gesture.shape
            if shape.closes:
                closed = max(closed, self._shut(gesture, seconds))
            window = _rise(seconds - gesture.begin) * _rise(gesture.finish - seconds)
            if window <= 0:
                continue
            weight = window * shape.insists
            if window > strongest:
                strongest, viseme = window, shape.viseme
            total += weight
            jaw += weight * shape.jaw
            form += weight * shape.form
            vowels = shape.vowels
            a += weight * vowels[0]
            i += weight * vowels[1]
            u += weight * vowels[2]
            e += weight * vowels[3]
            o += weight * vowels[4]
        if not total and not closed:
            return RESTING
        rest = max(0.0, 0.5 - total)
        whole = total + rest or 1.0
        jaw, form = (jaw + rest * REST.jaw) / whole, form / whole
        if closed > 0.5:
            viseme = "PP"
        return Lips(
            viseme, jaw, form, (a / whole, i / whole, u / whole, e / whole, o / whole), closed
        )

    def _shut(self, gesture: Gesture, seconds: float) -> float:
        meeting = MEETING * (gesture.finish - gesture.begin)
        before = gesture.begin + meeting - seconds
        after = seconds - (gesture.finish - meeting + self._hold)
        away = max(before, after, 0.0)
        return max(0.0, gesture.sure - away / CLOSING)


_begin = attrgetter("begin")


def _rise(seconds: float) -> float:
    """0 … 1 about an end of a gesture, `seconds` inside it."""
    x = (seconds + REACH) / (2 * REACH)
    if x <= 0:
        return 0.0
    return 1.0 if x >= 1 else x * x * (3 - 2 * x)
