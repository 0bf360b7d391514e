"""From a frame to the blend shapes of a VRM: names of VRM 0, VRM 1, and ARKit's 52.

Names as VMC's specification lists them. VRM 0 clips for ARKit's shapes ("Perfect Sync") bear
ARKit's names with a capital first letter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mia.avatar.frame import Frame, Vowels
from mia.avatar.moods import kindred
from mia.avatar.values import blink_left, blink_right

Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Shapes:
    """face: mouth, eyelids and whatever else moves without an expression. moods: blend shape of
    each expression, by one of the words for it."""

    face: Callable[[Frame], Values]
    moods: Mapping[str, Mapping[str, float]]


def _spoken(frame: Frame) -> Vowels:
    """The vowels; where nothing tells them apart, an open mouth is an `a`."""
    v = frame.vowels
    total = v.a + v.i + v.u + v.e + v.o
    return Vowels(a=frame.mouth_open) if total < 0.05 < frame.mouth_open else v


def _lids(frame: Frame) -> tuple[float, float, float]:
    """Both eyes together, and what each is shut beyond that: models add the three up."""
    left, right = blink_left(frame), blink_right(frame)
    both = min(left, right)
    return both, left - both, right - both


def _vrm(names: tuple[str, ...]) -> Callable[[Frame], Values]:
    """names: of a, i, u, e, o, both eyes, the left, the right one."""

    def face(frame: Frame) -> Values:
        v = _spoken(frame)
        return dict(zip(names, (v.a, v.i, v.u, v.e, v.o, *_lids(frame)), strict=True))

    return face


def _arkit(frame: Frame) -> Values:
    v = _spoken(frame)
    wide, narrow = max(0.0, frame.mouth_form), max(0.0, -frame.mouth_form)
    x, y = frame.gaze_x, frame.gaze_y
    smile = max(wide * 0.6, (v.i + v.e) * 0.35)
    frown = max(0.0, -frame.brows)
    return {
        "JawOpen": max(frame.mouth_open, v.a * 0.7) * 0.7,
        "MouthFunnel": v.o * 0.7,
        "MouthPucker": max(v.u * 0.8, narrow * 0.6),
        "MouthStretchLeft": v.e * 0.4,
        "MouthStretchRight": v.e * 0.4,
        "MouthSmileLeft": smile,
        "MouthSmileRight": smile,
        "EyeBlinkLeft": blink_left(frame),
        "EyeBlinkRight": blink_right(frame),
        "EyeLookInLeft": max(0.0, x),
        "EyeLookOutLeft": max(0.0, -x),
        "EyeLookInRight": max(0.0, -x),
        "EyeLookOutRight": max(0.0, x),
        "EyeLookUpLeft": max(0.0, y),
        "EyeLookUpRight": max(0.0, y),
        "EyeLookDownLeft": max(0.0, -y),
        "EyeLookDownRight": max(0.0, -y),
        "BrowInnerUp": max(0.0, frame.brows),
        "BrowDownLeft": frown,
        "BrowDownRight": frown,
    }


_ARKIT_MOODS = {
    "joy": {"MouthSmileLeft": 0.8, "MouthSmileRight": 0.8, "CheekSquintLeft": 0.5}
    | {"CheekSquintRight": 0.5, "EyeSquintLeft": 0.3, "EyeSquintRight": 0.3},
    "fun": {"MouthSmileLeft": 0.5, "MouthSmileRight": 0.5, "EyeSquintLeft": 0.2}
    | {"EyeSquintRight": 0.2},
    "sad": {"MouthFrownLeft": 0.7, "MouthFrownRight": 0.7, "BrowInnerUp": 0.7},
    "angry": {"BrowDownLeft": 0.9, "BrowDownRight": 0.9, "MouthFrownLeft": 0.3}
    | {"MouthFrownRight": 0.3, "NoseSneerLeft": 0.4, "NoseSneerRight": 0.4},
    "surprised": {"EyeWideLeft": 0.8, "EyeWideRight": 0.8, "BrowInnerUp": 0.8}
    | {"BrowOuterUpLeft": 0.7, "BrowOuterUpRight": 0.7},
}

NAMES: Mapping[str, Shapes] = {
    "vrm0": Shapes(
        _vrm(("A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R")),
        {
            "joy": {"Joy": 1},
            "fun": {"Fun": 1},
            "sad": {"Sorrow": 1},
            "angry": {"Angry": 1},
            # VRM 0 has no preset of it; makers who add one call it so.
            "surprised": {"Surprised": 1},
        },
    ),
    "vrm1": Shapes(
        _vrm(("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight")),
        {
            "joy": {"happy": 1},
            "fun": {"relaxed": 1},
            "sad": {"sad": 1},
            "angry": {"angry": 1},
            "surprised": {"surprised": 1},
        },
    ),
    "arkit": Shapes(_arkit, _ARKIT_MOODS),
}


def blend_shapes(frame: Frame, shapes: Shapes, chosen: Mapping[str, str]) -> Values:
    """Every blend shape this frame says something about, 0 … 1.

    chosen: the user's own blend shape for an expression; "" shows nothing for it.
    """
    values = shapes.face(frame)
    for mood, weight in frame.expressions.items():
        for name, share in _mood(mood, shapes, chosen).items():
            values[name] = min(1.0, max(values.get(name, 0.0), weight * share))
    return values


def _mood(mood: str, shapes: Shapes, chosen: Mapping[str, str]) -> Mapping[str, float]:
    if mood in chosen:
        return {chosen[mood]: 1.0} if chosen[mood] else {}
    return next((shapes.moods[word] for word in kindred(mood) if word in shapes.moods), {})
