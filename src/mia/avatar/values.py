"""The numbers of a frame by name, for outputs whose names the user chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from mia.avatar.frame import Frame, Viseme

#: Oculus' numbers of the visemes, which VRChat uses too: sil is 0, ou is 14.
VISEME_NUMBERS: Mapping[str, int] = {name: n for n, name in enumerate(get_args(Viseme))}


def blink_left(frame: Frame) -> float:
    """0 … 1; open … shut."""
    return 1 - frame.eye_open_left


def blink_right(frame: Frame) -> float:
    """0 … 1; open … shut."""
    return 1 - frame.eye_open_right


def blink(frame: Frame) -> float:
    """Both eyes as one, 0 … 1; open … shut."""
    return 1 - (frame.eye_open_left + frame.eye_open_right) / 2


VALUES: Mapping[str, Callable[[Frame], float]] = {
    "mouth_open": lambda frame: frame.mouth_open,
    "mouth_form": lambda frame: frame.mouth_form,
    "vowel_a": lambda frame: frame.vowels.a,
    "vowel_i": lambda frame: frame.vowels.i,
    "vowel_u": lambda frame: frame.vowels.u,
    "vowel_e": lambda frame: frame.vowels.e,
    "vowel_o": lambda frame: frame.vowels.o,
    "viseme": lambda frame: float(VISEME_NUMBERS[frame.viseme]),
    "speaking": lambda frame: float(frame.speaking),
    "blink": blink,
    "blink_left": blink_left,
    "blink_right": blink_right,
    "gaze_x": lambda frame: frame.gaze_x,
    "gaze_y": lambda frame: frame.gaze_y,
    "head_yaw": lambda frame: frame.head_yaw,
    "head_pitch": lambda frame: frame.head_pitch,
    "head_roll": lambda frame: frame.head_roll,
    "brows": lambda frame: frame.brows,
    "breath": lambda frame: frame.breath,
}
"""Ranges as in `Frame`; head angles in degrees."""


def value_of(name: str) -> Callable[[Frame], float]:
    """How to read `name` off a frame: one of `VALUES`, else the weight of that expression."""
    return VALUES.get(name) or (lambda frame: frame.expressions.get(name, 0.0))
