"""VTube Studio's messages, as its public documentation describes them.

Source: github.com/DenchiSoft/VTubeStudio at aabdc7d (README, Events, Files/ErrorID.cs).
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from typing import Any

API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
PLUGIN = {"pluginName": "MIA", "pluginDeveloper": "MIA project"}
DISCOVERY_PORT = 47779
BROADCAST = "VTubeStudioAPIStateBroadcast"


class Number(enum.IntEnum):
    """The error numbers MIA does something about."""

    API_OFF = 1
    NEEDS_AUTHENTICATION = 8
    DENIED = 50
    ALREADY_ASKING = 51
    HOTKEY_QUEUE_FULL = 200
    HOTKEY_NO_MODEL = 201
    HOTKEY_UNKNOWN = 202
    HOTKEY_COOLING = 203
    NO_DATA = 450
    VALUE = 451
    WEIGHT = 452
    PARAMETER_UNKNOWN = 453
    PARAMETER_TAKEN = 454
    MODE = 455
    EXPRESSION_FILE = 650
    EXPRESSION_UNKNOWN = 651
    EXPRESSION_NO_MODEL = 652


#: What a creation may be refused with: name, values, owner, explanation, a default's name, limits.
CREATION = range(350, 357)
#: It lacks permission, or the token counts no more.
UNAUTHENTICATED = frozenset({Number.NEEDS_AUTHENTICATION, Number.DENIED})
#: One of the parameters of a frame is at fault, and the rest of the frame with it.
OF_ONE_PARAMETER = frozenset(
    {Number.VALUE, Number.WEIGHT, Number.PARAMETER_UNKNOWN, Number.PARAMETER_TAKEN}
)
#: Will pass by itself.
SOON = frozenset(
    {
        Number.HOTKEY_QUEUE_FULL,
        Number.HOTKEY_COOLING,
        Number.HOTKEY_NO_MODEL,
        Number.EXPRESSION_NO_MODEL,
    }
)


class Refused(Exception):
    """VTube Studio answered a request with an error."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(f"{number}: {message}")
        self.number = number
        self.message = message


class Gone(Exception):
    """The connection is closed, or as good as."""


def request(kind: str, request_id: str, data: Mapping[str, Any] | None) -> str:
    """A request as it goes over the wire."""
    body: dict[str, Any] = {**API, "requestID": request_id, "messageType": kind}
    if data is not None:
        body["data"] = data
    return json.dumps(body, separators=(",", ":"))


def parsed(text: str | bytes) -> dict[str, Any]:
    """A message of VTube Studio's; empty if it is none. Fields we do not know are let through:
    new ones come without notice."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(message, dict) or message.get("apiName") != API["apiName"]:
        return {}
    if not isinstance(message.get("messageType"), str):
        return {}
    if not isinstance(message.get("data"), dict):
        message["data"] = {}
    return message


def answer_to(kind: str) -> str:
    """The message type that answers a request of type `kind`."""
    return kind.removesuffix("Request") + "Response"


def refusal(data: Mapping[str, Any]) -> Refused:
    number = data.get("errorID")
    return Refused(number if isinstance(number, int) else 0, str(data.get("message", "")))
