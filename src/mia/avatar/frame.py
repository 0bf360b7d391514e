"""What the face does at one moment: the one shape every output is given.

Outputs differ in what they call things and how much of it they can show; none of them decides
anything. The page's own avatars (`web/ui/js`) use the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol

Viseme = Literal[
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou"
]
"""The fifteen mouth shapes of Oculus' set, which VRChat, VRM and ARKit mappings start from."""

NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Vowels:
    """How much of each vowel's shape the mouth has, 0 … 1; together at most 1."""

    a: float = 0.0
    i: float = 0.0
    u: float = 0.0
    e: float = 0.0
    o: float = 0.0


CLOSED = Vowels()


@dataclass(frozen=True, slots=True)
class Frame:
    """The face at one moment. Left and right are MIA's own."""

    at: float = 0.0
    """The loop's time this is for, in seconds."""
    speaking: bool = False
    """Whether a sound of hers is heard at this moment."""
    mouth_open: float = 0.0
    """0 … 1; lips closed … jaw as far down as it goes."""
    mouth_form: float = 0.0
    """-1 … 1; pursed … drawn wide (a smile adds to it)."""
    vowels: Vowels = CLOSED
    viseme: Viseme = "sil"
    eye_open_left: float = 1.0
    """0 … 1; shut … open."""
    eye_open_right: float = 1.0
    gaze_x: float = 0.0
    """-1 … 1; as far to her left … right as eyes go. 0 looks at the viewer."""
    gaze_y: float = 0.0
    """-1 … 1; down … up."""
    head_yaw: float = 0.0
    """Degrees, to her right; within about ±20."""
    head_pitch: float = 0.0
    """Degrees, up; within about ±15."""
    head_roll: float = 0.0
    """Degrees, towards her right shoulder; within about ±15."""
    brows: float = 0.0
    """-1 … 1; knitted … raised."""
    breath: float = 0.0
    """0 … 1; breathed out … in."""
    expressions: Mapping[str, float] = field(default_factory=lambda: NOTHING)
    """Weight 0 … 1 of each expression that shows (`mia.avatar.expressions`); neutral: none."""


class Face(Protocol):
    """Where an output gets its frames, whenever it is about to send one."""

    def frame(self, at: float) -> Frame:
        """The face at loop time `at`: now, or a little ahead for an output that is late by so
        much. The same moment gives the same frame to everybody."""
        ...

    @property
    def lively(self) -> bool:
        """Whether much moves just now (speech, a blink, an expression on its way): send often."""
        ...
