"""Faults, to be put into the face for a moment: a check counts only if one of them fails it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest import mock

import numpy as np

from bench.avatar import checks
from bench.avatar.checks import Check
from bench.avatar.room import take
from bench.avatar.voices import Reading
from mia.avatar import articulation, eyes, face, lipsync, loudness, mouth

Checked = Callable[[list[Reading]], Iterable[Check]]


@dataclass(frozen=True, slots=True)
class Fault:
    """patches: (object, name, what stands there instead)."""

    what: str
    patches: tuple[tuple[Any, str, Any], ...]
    checked: Checked

    @contextmanager
    def made(self) -> Iterator[None]:
        with ExitStack() as stack:
            for where, name, instead in self.patches:
                stack.enter_context(mock.patch.object(where, name, instead))
            yield


def _mouth(read: list[Reading]) -> Iterable[Check]:
    one = read[0]
    return checks.mouth([checks.synced("", take(one, one.replies["plain"]))])


def _plain(read: list[Reading]) -> Iterable[Check]:
    one = read[0]
    made = take(one, one.replies["plain"], lipsync=lipsync.LipSync("rms"))
    return checks.mouth([checks.synced("", made)])


def _lips(read: list[Reading]) -> Iterable[Check]:
    return checks.lips([take(read[0], read[0].replies["lips"])])


def _uniform(lids: eyes.Lids) -> float:
    random: Random = lids._random
    return random.uniform(1, 6)


_on_time = mouth.Mouth.at


def _late(self: mouth.Mouth, at: float, now: float) -> mouth.Said:
    return _on_time(self, at - 0.08, now)


def _fast(self: mouth.Mouth, at: float, now: float) -> mouth.Said:
    """A clock of its own that goes 0.01 % too fast."""
    return _on_time(self, at + at * 1e-4, now)


_smooth = loudness.Loudness.at


def _rough(self: loudness.Loudness, seconds: float) -> float:
    return _smooth(self, seconds) * (0.6 + 0.4 * math.sin(seconds * 60))


def _slow(self: face.LiveFace, at: float) -> Any:
    np.linalg.svd(np.ones((60, 60)))
    return _compose(self, at)


_compose = face.LiveFace._compose

FAULTS = (
    Fault("the mouth 80 ms later", ((mouth.Mouth, "at", _late),), _mouth),
    Fault("the original's smoothing instead of the look-ahead", (), _plain),
    Fault("a mouth that trembles", ((loudness.Loudness, "at", _rough),), _mouth),
    Fault("a frame that takes a millisecond more", ((face.LiveFace, "_compose", _slow),), _mouth),
    Fault("lips that never close", ((articulation.Articulation, "_shut", lambda *_: 0.0),), _lips),
    Fault("a clock of its own", ((mouth.Mouth, "at", _fast),), lambda r: checks.drift(r[0])),
    Fault("shuts within 0.4 s", ((mouth, "SHUTTING", 0.4),), lambda r: checks.barge_in(r[0])),
    Fault("looks 0.3 s late", ((face, "LOOK_LEAD", -0.3),), lambda r: checks.cues(r[0])),
    Fault(
        "blinks at even chances (1 … 6 s)",
        ((eyes.Lids, "_interval", _uniform),),
        lambda _r: checks.blinks(),
    ),
)
