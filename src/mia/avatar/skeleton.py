"""Bones of a humanoid at rest, and head and eyes as they are turned.

Unity's axes, which VMC has: metres, x to her right, y up, z ahead, left-handed; quaternions as
x, y, z, w. A place is relative to the bone above.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from mia.avatar.frame import Frame

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Bone = tuple[Vector, Quaternion]

STRAIGHT: Quaternion = (0.0, 0.0, 0.0, 1.0)
#: How far eyes turn at a gaze of 1, in degrees.
EYES_YAW, EYES_PITCH = 20.0, 12.0
#: The neck takes this share of a turn of the head: a skull on a stiff neck looks like a doll's.
NECK_SHARE = 0.35
#: How far upper arms hang down from the T-pose, in degrees.
ARMS_DOWN = 70.0

#: Places of a slender figure of 1.5 m; programs take the model's own where they know better.
_NECK: Vector = (0.0, 0.11, -0.01)
_HEAD: Vector = (0.0, 0.08, 0.02)
_EYES: Mapping[str, Vector] = {"LeftEye": (-0.03, 0.06, 0.03), "RightEye": (0.03, 0.06, 0.03)}


def turned(yaw: float, pitch: float, roll: float) -> Quaternion:
    """A turn, in degrees: to her right, up, towards her right shoulder.

    Unity turns about z, then x, then y; up and towards the right are against its sense.
    """
    y, x, z = (math.radians(angle) / 2 for angle in (yaw, -pitch, -roll))
    sy, cy, sx, cx, sz, cz = (f(a) for a in (y, x, z) for f in (math.sin, math.cos))
    return (
        cy * sx * cz + sy * cx * sz,
        sy * cx * cz - cy * sx * sz,
        cy * cx * sz - sy * sx * cz,
        cy * cx * cz + sy * sx * sz,
    )


def face_bones(frame: Frame) -> dict[str, Bone]:
    """Neck, head and both eyes of a frame."""
    yaw, pitch, roll = frame.head_yaw, frame.head_pitch, frame.head_roll
    rest = 1 - NECK_SHARE
    eyes = turned(frame.gaze_x * EYES_YAW, frame.gaze_y * EYES_PITCH, 0.0)
    return {
        "Neck": (_NECK, turned(yaw * NECK_SHARE, pitch * NECK_SHARE, roll * NECK_SHARE)),
        "Head": (_HEAD, turned(yaw * rest, pitch * rest, roll * rest)),
        **{name: (place, eyes) for name, place in _EYES.items()},
    }


def _pair(name: str, place: Vector, roll: float = 0.0) -> dict[str, Bone]:
    """A bone of both sides; `place` and `roll` are the right one's."""
    x, y, z = place
    return {
        f"Right{name}": ((x, y, z), turned(0, 0, roll)),
        f"Left{name}": ((-x, y, z), turned(0, 0, -roll)),
    }


#: A body that stands with its arms down.
REST: Mapping[str, Bone] = {
    "Hips": ((0.0, 0.85, 0.0), STRAIGHT),
    "Spine": ((0.0, 0.05, 0.01), STRAIGHT),
    "Chest": ((0.0, 0.11, 0.0), STRAIGHT),
    "UpperChest": ((0.0, 0.11, -0.01), STRAIGHT),
    "Neck": (_NECK, STRAIGHT),
    "Head": (_HEAD, STRAIGHT),
    **_pair("Shoulder", (0.02, 0.09, -0.01)),
    **_pair("UpperArm", (0.08, -0.01, 0.0), ARMS_DOWN),
    **_pair("LowerArm", (0.21, 0.0, 0.0)),
    **_pair("Hand", (0.2, 0.0, 0.0)),
    **_pair("UpperLeg", (0.07, -0.04, 0.0)),
    **_pair("LowerLeg", (0.0, -0.37, 0.0)),
    **_pair("Foot", (0.0, -0.38, -0.02)),
}
