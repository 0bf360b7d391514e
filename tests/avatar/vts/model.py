"""What a loaded model has: input parameters, expressions, hotkeys, and their rules."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: A value not sent again within this many seconds is taken back.
EXPIRY = 1.0
FRAME = 1 / 60
#: One hotkey is carried out every so many frames; the same one again after as many.
HOTKEY_FRAMES = 5
QUEUE = 32
CUSTOM_LIMIT = 100


class ApiError(Exception):
    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


@dataclass(frozen=True)
class Sent:
    """A value as it arrived."""

    at: float
    value: float
    weight: float
    mode: str


@dataclass
class Parameter:
    """An input parameter. sent: everything any plugin injected, oldest first."""

    name: str
    least: float = 0.0
    most: float = 1.0
    default: float = 0.0
    owner: str = "VTube Studio"
    holder: str = ""
    sent: list[Sent] = field(default_factory=list)

    def value(self, now: float) -> float:
        """What it is at this moment: the newest value, or the default once that is too old."""
        if not self.sent or now - self.sent[-1].at > EXPIRY:
            return self.default
        newest = self.sent[-1]
        if newest.mode == "add":
            return self.default + newest.value
        return self.default + (newest.value - self.default) * newest.weight

    def row(self, now: float) -> dict[str, Any]:
        return {
            "name": self.name,
            "addedBy": self.owner,
            "value": self.value(now),
            "min": self.least,
            "max": self.most,
            "defaultValue": self.default,
        }


def _defaults() -> dict[str, Parameter]:
    ranges = {
        **{f"FacePosition{axis}": (-15, 15) for axis in "XY"},
        "FacePositionZ": (-10, 10),
        "FaceAngleX": (-30, 30),
        "FaceAngleY": (-30, 30),
        "FaceAngleZ": (-90, 90),
        **dict.fromkeys(("MouthSmile", "MouthOpen", "TongueOut", "CheekPuff"), (0, 1)),
        **dict.fromkeys(("Brows", "BrowLeftY", "BrowRightY", "FaceAngry"), (0, 1)),
        **dict.fromkeys(("EyeOpenLeft", "EyeOpenRight"), (0, 1)),
        **dict.fromkeys(("MouthX", "EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY"), (-1, 1)),
        **dict.fromkeys(("MousePositionX", "MousePositionY"), (-1, 1)),
        **dict.fromkeys(("VoiceVolume", "VoiceFrequency", "VoiceVolumePlusMouthOpen"), (0, 1)),
        "VoiceFrequencyPlusMouthSmile": (0, 1),
        **{f"Voice{vowel}": (0, 1) for vowel in ("A", "I", "U", "E", "O", "Silence")},
    }
    return {name: Parameter(name, least, most) for name, (least, most) in ranges.items()}


@dataclass
class Expression:
    name: str
    active: bool = False

    @property
    def file(self) -> str:
        return f"{self.name}.exp3.json"

    def row(self, *, details: bool) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": self.name,
            "file": self.file,
            "active": self.active,
            "deactivateWhenKeyIsLetGo": False,
            "autoDeactivateAfterSeconds": False,
            "secondsRemaining": 0,
        }
        return {**row, "usedInHotkeys": [], "parameters": []} if details else row


@dataclass
class Hotkey:
    name: str
    kind: str = "ToggleExpression"
    file: str = ""
    id: str = ""
    pressed: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = self.id or f"id-{self.name}".replace(" ", "")

    def row(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.kind,
            "description": "",
            "file": self.file,
            "hotkeyID": self.id,
            "keyCombination": [],
            "onScreenButtonID": -1,
        }


@dataclass
class Model:
    name: str = "Akari"
    hotkeys: list[Hotkey] = field(default_factory=list)
    expressions: list[Expression] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"model-{self.name}"


class Body:
    """Parameters and what the loaded model can show. now: the time, in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.parameters = _defaults()
        self.model: Model | None = None
        self.cooldown = HOTKEY_FRAMES * FRAME
        self.nameless = False
        """Error texts do not say which parameter they are about."""
        self._queue: deque[Hotkey] = deque()
        self._turn = asyncio.Event()

    # ── parameters ───────────────────────────────────────────────────────────────────────────

    def create(self, data: dict[str, Any], plugin: str) -> dict[str, Any]:
        name = str(data.get("parameterName", ""))
        if not re.fullmatch(r"[A-Za-z0-9]{4,32}", name):
            raise ApiError(350, "Parameter name invalid.")
        values = [data.get(key) for key in ("min", "max", "defaultValue")]
        if not all(isinstance(value, int | float) for value in values):
            raise ApiError(351, "Parameter values invalid.")
        if len(str(data.get("explanation", ""))) >= 256:
            raise ApiError(353, "Explanation too long.")
        there = self.parameters.get(name)
        if there and there.owner == "VTube Studio":
            raise ApiError(354, "Cannot use the name of a default parameter.")
        if there and there.owner != plugin:
            raise ApiError(352, "Another plugin has created this parameter.")
        if sum(p.owner == plugin for p in self.parameters.values()) >= CUSTOM_LIMIT:
            raise ApiError(355, "Too many parameters of this plugin.")
        least, most, default = (float(value) for value in values if value is not None)
        self.parameters[name] = Parameter(name, least, most, default, plugin)
        return {"parameterName": name}

    def listed(self) -> dict[str, Any]:
        now = self._now()
        rows = [(p.owner == "VTube Studio", p.row(now)) for p in self.parameters.values()]
        return {
            "modelLoaded": self.model is not None,
            "modelName": self.model.name if self.model else "",
            "modelID": self.model.id if self.model else "",
            "customParameters": [row for default, row in rows if not default],
            "defaultParameters": [row for default, row in rows if default],
        }

    def inject(self, data: dict[str, Any], plugin: str) -> dict[str, Any]:
        mode = data.get("mode", "set")
        if mode not in ("set", "add"):
            raise ApiError(455, "Mode has to be set or add.")
        values = data.get("parameterValues")
        if not isinstance(values, list) or not values:
            raise ApiError(450, "You have to provide data to inject.")
        for one in values:
            self._may_inject(one, mode, plugin)
        now = self._now()
        for one in values:
            parameter = self.parameters[one["id"]]
            weight = float(one.get("weight", 1))
            parameter.sent.append(Sent(now, float(one["value"]), weight, mode))
        return {}

    def _may_inject(self, one: dict[str, Any], mode: str, plugin: str) -> None:
        """One value that may not be injected makes the whole request an error."""
        name, value, weight = one.get("id"), one.get("value"), one.get("weight", 1)
        said = "" if self.nameless else f" ({name})"
        parameter = self.parameters.get(str(name))
        if parameter is None:
            raise ApiError(453, f"Parameter not found{said}.")
        if not isinstance(value, int | float) or abs(value) > 1_000_000:
            raise ApiError(451, f"Value invalid{said}.")
        if not isinstance(weight, int | float) or not 0 <= weight <= 1:
            raise ApiError(452, f"Weight invalid{said}.")
        if mode == "set" and parameter.holder not in ("", plugin):
            raise ApiError(454, f"Another plugin controls this parameter{said}.")

    # ── expressions and hotkeys ──────────────────────────────────────────────────────────────

    def expression_states(self, data: dict[str, Any]) -> dict[str, Any]:
        wanted, details = data.get("expressionFile", ""), bool(data.get("details"))
        found = self.model.expressions if self.model else []
        if wanted and not str(wanted).endswith(".exp3.json"):
            raise ApiError(500, "File name invalid.")
        rows = [one.row(details=details) for one in found if not wanted or one.file == wanted]
        listed = self.listed()
        return {key: listed[key] for key in ("modelLoaded", "modelName", "modelID")} | {
            "expressions": rows
        }

    def activate(self, data: dict[str, Any]) -> dict[str, Any]:
        if self.model is None:
            raise ApiError(652, "No model loaded.")
        file = str(data.get("expressionFile", ""))
        if not file.endswith(".exp3.json"):
            raise ApiError(650, "File name invalid.")
        one = next((e for e in self.model.expressions if e.file == file), None)
        if one is None:
            raise ApiError(651, "Expression not found.")
        one.active = bool(data.get("active"))
        return {}

    def hotkeys(self) -> dict[str, Any]:
        listed = self.listed()
        rows = [key.row() for key in (self.model.hotkeys if self.model else [])]
        return {key: listed[key] for key in ("modelLoaded", "modelName", "modelID")} | {
            "availableHotkeys": rows
        }

    def trigger(self, data: dict[str, Any]) -> dict[str, Any]:
        if self.model is None:
            raise ApiError(201, "No model loaded.")
        wish = str(data.get("hotkeyID", ""))
        key = next(
            (k for k in self.model.hotkeys if wish == k.id or wish.lower() == k.name.lower()), None
        )
        if key is None:
            raise ApiError(202, "Hotkey not found.")
        if key.pressed and self._now() - key.pressed[-1] < self.cooldown:
            raise ApiError(203, "Hotkey is cooling down.")
        if len(self._queue) >= QUEUE:
            raise ApiError(200, "Hotkey queue full.")
        key.pressed.append(self._now())
        self._queue.append(key)
        self._turn.set()
        return {"hotkeyID": key.id}

    async def carry_out(self) -> None:
        """Work the queue of hotkeys off, one every five frames; until cancelled."""
        while True:
            await self._turn.wait()
            while self._queue:
                key = self._queue.popleft()
                for one in self.model.expressions if self.model else []:
                    if one.file == key.file and key.kind == "ToggleExpression":
                        one.active = not one.active
                await asyncio.sleep(HOTKEY_FRAMES * FRAME)
            self._turn.clear()
