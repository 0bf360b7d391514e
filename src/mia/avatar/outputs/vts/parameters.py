"""From a frame to VTube Studio's input parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from mia.avatar.frame import Frame
from mia.avatar.outputs.vts.options import VtsOptions

Read = Callable[[Frame], float]

#: Our own parameters, for mappings of the user's: what may be created, with its range.
CUSTOM: Mapping[str, dict[str, Any]] = {
    name: {
        "parameterName": name,
        "explanation": explanation,
        "min": least,
        "max": 1,
        "defaultValue": 0,
    }
    for name, least, explanation in (
        ("MiaSpeaking", 0, "1 while MIA speaks"),
        ("MiaBreath", 0, "MIA's breath: 0 out, 1 in"),
        ("MiaMouthForm", -1, "MIA's mouth: -1 pursed, 1 drawn wide"),
    )
}


def _reads(options: VtsOptions) -> dict[str, Read]:
    """How each parameter is read off a frame, with VTube Studio's ranges."""
    side = -1.0 if options.mirror else 1.0
    reads: dict[str, Read] = {}
    reads.update(dict.fromkeys(options.mouth, lambda f: f.mouth_open))
    reads.update(dict.fromkeys(options.smile, lambda f: (1 + f.mouth_form) / 2))
    left: Read = lambda f: f.eye_open_left  # noqa: E731
    right: Read = lambda f: f.eye_open_right  # noqa: E731
    if options.mirror:
        left, right = right, left
    reads.update({name: (left, right)[n % 2] for n, name in enumerate(options.eyes)})
    if options.vowels:
        reads |= {
            "VoiceA": lambda f: f.vowels.a,
            "VoiceI": lambda f: f.vowels.i,
            "VoiceU": lambda f: f.vowels.u,
            "VoiceE": lambda f: f.vowels.e,
            "VoiceO": lambda f: f.vowels.o,
            "VoiceSilence": lambda f: max(0.0, 1 - _sum(f)),
        }
    if options.head:
        reads |= {
            "FaceAngleX": lambda f: f.head_yaw * side,
            "FaceAngleY": lambda f: f.head_pitch,
            "FaceAngleZ": lambda f: f.head_roll * side,
        }
    if options.gaze:
        for eye in ("EyeLeft", "EyeRight"):
            reads[f"{eye}X"] = lambda f: f.gaze_x * side
            reads[f"{eye}Y"] = lambda f: f.gaze_y
    if options.brows:
        names = ("Brows", "BrowLeftY", "BrowRightY")
        reads.update(dict.fromkeys(names, lambda f: (1 + f.brows) / 2))
    if options.custom_parameters:
        reads |= {
            "MiaSpeaking": lambda f: float(f.speaking),
            "MiaBreath": lambda f: f.breath,
            "MiaMouthForm": lambda f: f.mouth_form,
        }
    return reads


def _sum(frame: Frame) -> float:
    v = frame.vowels
    return v.a + v.i + v.u + v.e + v.o


class Parameters:
    """What is sent of a frame: nothing this VTube Studio does not have, for one unknown name
    makes it refuse the whole frame (453), nor what another plugin has taken (454)."""

    def __init__(self, options: VtsOptions) -> None:
        self._reads = _reads(options)
        self._sent: dict[str, Read] = {}
        self._mode: str = options.mode
        self.unknown: list[str] = []
        self.taken: list[str] = []

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are sent."""
        return tuple(self._sent)

    def missing(self, there: Collection[str]) -> list[str]:
        """Our own parameters that are wanted and not there yet."""
        return [name for name in CUSTOM if name in self._reads and name not in there]

    def learn(self, there: Collection[str]) -> None:
        """Send those that are `there`, in the order of the options."""
        self.unknown = [name for name in self._reads if name not in there]
        self.taken = [name for name in self.taken if name in there]
        self._sent = {
            name: read
            for name, read in self._reads.items()
            if name in there and name not in self.taken
        }

    def named_in(self, text: str) -> str | None:
        """The parameter that is sent and that an error's text names."""
        words = set(re.findall(r"[A-Za-z0-9]+", text))
        return next((name for name in self._sent if name in words), None)

    def drop(self, name: str, *, taken: bool) -> None:
        """Send it no more. taken: by another plugin, which may leave it again."""
        self._sent.pop(name, None)
        kept = self.taken if taken else self.unknown
        if name not in kept:
            kept.append(name)

    def give_back(self, name: str) -> None:
        """It is free again."""
        self.taken = [other for other in self.taken if other != name]
        self._sent[name] = self._reads[name]

    def use_set(self) -> None:
        """The mode every version knows."""
        self._mode = "set"

    def request(
        self, frame: Frame, *, weight: float = 1.0, only: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """The data of an injection. weight: 0 … 1, hers against what the tracking says."""
        names = self._sent if only is None else {name: self._reads[name] for name in only}
        values: list[dict[str, Any]] = [
            {"id": name, "value": round(read(frame), 4)} for name, read in names.items()
        ]
        if weight < 1 and self._mode == "set":
            for value in values:
                value["weight"] = round(weight, 3)
        return {"faceFound": True, "mode": self._mode, "parameterValues": values}
