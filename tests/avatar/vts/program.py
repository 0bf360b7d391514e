"""The program: who may come in, and what it answers."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tests.avatar.vts.model import ApiError, Body, Model

API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
EVENTS = (
    "TestEvent",
    "ModelLoadedEvent",
    "ModelConfigChangedEvent",
    "TrackingStatusChangedEvent",
    "ModelMovedEvent",
    "HotkeyTriggeredEvent",
)


class Line(Protocol):
    """The way to one plugin, whatever it is made of."""

    async def send(self, text: str) -> None: ...

    def messages(self) -> AsyncIterator[str | bytes]: ...

    async def close(self) -> None: ...


@dataclass(eq=False)
class Plugin:
    """One connection."""

    line: Line
    name: str = ""
    authenticated: bool = False
    events: dict[str, str] = field(default_factory=dict)
    """Subscribed event → the id of the request that asked for it."""


class VTubeStudio:
    """Use it in an `async with`; what is on its surface may be changed at any time."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.body = Body(loop.time)
        self.api_on = True
        self.port = 8001
        self.instance = "93aa0d0494304fddb057ae8a295c4e59"
        self.click: Literal["allow", "deny", "later"] = "allow"
        """What the user does about the question; later: nothing yet (see `clicks`)."""
        self.thinks = 0.0
        """Seconds the user takes for that."""
        self.tokens: dict[str, str] = {}
        self.prompts = 0
        """How often the question was shown."""
        self.slow = 0.0
        """Seconds before each answer."""
        self.mute = False
        """Hear everything, answer nothing."""
        self.chatter = False
        """An event with the request's own id before each answer."""
        self.batched = False
        """Answers leave once per picture, 60 times a second, as from a game's main thread."""
        self.asked: Counter[str] = Counter()
        self.errors: Counter[int] = Counter()
        self.plugins: list[Plugin] = []
        self._prompting: asyncio.Event | None = None
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = loop

    async def __aenter__(self) -> VTubeStudio:
        self._start(self.body.carry_out())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ── what a user does ─────────────────────────────────────────────────────────────────────

    async def load(self, model: Model | None) -> None:
        """Show another model, and say so."""
        self.body.model = model
        listed = self.body.listed()
        data = {key: listed[key] for key in ("modelLoaded", "modelName", "modelID")}
        await self.tell("ModelLoadedEvent", data)

    def clicks(self, answer: Literal["allow", "deny"]) -> None:
        """Answer the question that is open."""
        assert self._prompting, "no question is open"
        self.click = answer
        self._prompting.set()

    def revoke(self) -> None:
        """Take all permissions back."""
        self.tokens.clear()
        for plugin in self.plugins:
            plugin.authenticated = False

    async def drop(self) -> None:
        """Lose every connection."""
        for plugin in tuple(self.plugins):
            await plugin.line.close()

    async def tell(self, event: str, data: dict[str, Any]) -> None:
        """An event, to all who subscribed to it."""
        for plugin in self.plugins:
            if event in plugin.events:
                await plugin.line.send(self._message(event, plugin.events[event], data))

    # ── one connection ───────────────────────────────────────────────────────────────────────

    def announcement(self) -> bytes:
        """What it broadcasts every two seconds, API on or off."""
        data = {
            "active": self.api_on,
            "port": self.port,
            "instanceID": self.instance,
            "windowTitle": "VTube Studio",
        }
        name = "VTubeStudioAPIStateBroadcast"
        return self._message(name, name, data).encode()

    async def attend(self, line: Line) -> None:
        """Serve one plugin until it goes."""
        plugin = Plugin(line)
        self.plugins.append(plugin)
        try:
            async for text in line.messages():
                # The question to the user must not hold up what else is asked.
                self._start(self._answer(plugin, text))
        finally:
            if plugin in self.plugins:
                self.plugins.remove(plugin)
            if self._prompting is not None and plugin.name == "":
                self._prompting.set()

    async def _answer(self, plugin: Plugin, text: str | bytes) -> None:
        request_id, kind = "", "APIError"
        try:
            request_id, kind, data = self._read(text)
            self.asked[kind] += 1
            found = await self._do(plugin, kind, data, request_id)
            answer = kind.removesuffix("Request") + "Response"
        except ApiError as error:
            self.errors[error.number] += 1
            answer, found = "APIError", {"errorID": error.number, "message": error.message}
        if self.mute:
            return
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.batched:
            now = self._loop.time()
            await asyncio.sleep(1 / 60 - now % (1 / 60))
        if self.chatter:
            await self._send(plugin, self._message("ModelMovedEvent", request_id, {"modelID": "x"}))
        await self._send(plugin, self._message(answer, request_id, found))

    @staticmethod
    async def _send(plugin: Plugin, text: str) -> None:
        try:
            await plugin.line.send(text)
        except ConnectionError:
            return  # it is gone

    def _read(self, text: str | bytes) -> tuple[str, str, dict[str, Any]]:
        try:
            message = json.loads(text)
        except ValueError:
            raise ApiError(2, "JSON invalid.") from None
        if message.get("apiName") != API["apiName"]:
            raise ApiError(3, "API name invalid.")
        if message.get("apiVersion") != API["apiVersion"]:
            raise ApiError(4, "API version invalid.")
        request_id = message.get("requestID", f"made-up-{next(self._numbers)}")
        if not isinstance(request_id, str) or not 1 <= len(request_id) <= 64:
            raise ApiError(5, "Request ID invalid.")
        if not message.get("messageType"):
            raise ApiError(6, "Message type missing.")
        return request_id, message["messageType"], message.get("data") or {}

    async def _do(
        self, plugin: Plugin, kind: str, data: dict[str, Any], request_id: str
    ) -> dict[str, Any]:
        if kind == "APIStateRequest":
            return {
                "active": self.api_on,
                "vTubeStudioVersion": "1.32.0",
                "currentSessionAuthenticated": plugin.authenticated,
            }
        if not self.api_on:
            raise ApiError(1, "API access deactivated.")
        if kind == "AuthenticationTokenRequest":
            return await self._ask_user(plugin, data)
        if kind == "AuthenticationRequest":
            return self._authenticate(plugin, data)
        actions: dict[str, Callable[[], dict[str, Any]]] = {
            "InputParameterListRequest": self.body.listed,
            "ParameterCreationRequest": lambda: self.body.create(data, plugin.name),
            "InjectParameterDataRequest": lambda: self.body.inject(data, plugin.name),
            "ExpressionStateRequest": lambda: self.body.expression_states(data),
            "ExpressionActivationRequest": lambda: self.body.activate(data),
            "HotkeysInCurrentModelRequest": self.body.hotkeys,
            "HotkeyTriggerRequest": lambda: self.body.trigger(data),
            "EventSubscriptionRequest": lambda: self._subscribe(plugin, data, request_id),
        }
        if kind not in actions:
            raise ApiError(7, "Message type unknown.")
        if not plugin.authenticated:
            raise ApiError(8, "You have to authenticate first.")
        return actions[kind]()

    async def _ask_user(self, plugin: Plugin, data: dict[str, Any]) -> dict[str, Any]:
        name, developer = (str(data.get(key, "")) for key in ("pluginName", "pluginDeveloper"))
        for said, number in ((name, 52), (developer, 53)):
            if not 3 <= len(said) <= 32:
                raise ApiError(number, "3 to 32 characters, please.")
        if self._prompting is not None:
            raise ApiError(51, "A request is open already.")
        self.prompts += 1
        clicked = self._prompting = asyncio.Event()
        try:
            if self.click == "later":
                await clicked.wait()
            elif self.thinks:
                await asyncio.sleep(self.thinks)
        finally:
            self._prompting = None
        if self.click != "allow":
            raise ApiError(50, "User has denied API access for your plugin.")
        token = f"token-{next(self._numbers)}"
        self.tokens[token] = name
        return {"authenticationToken": token}

    def _authenticate(self, plugin: Plugin, data: dict[str, Any]) -> dict[str, Any]:
        for number, key in enumerate(("authenticationToken", "pluginName", "pluginDeveloper"), 100):
            if not data.get(key):
                raise ApiError(number, f"{key} is missing.")
        name = str(data["pluginName"])
        plugin.authenticated = self.tokens.get(str(data["authenticationToken"])) == name
        plugin.name = name if plugin.authenticated else ""
        reason = "Token valid." if plugin.authenticated else "Token invalid or revoked."
        return {"authenticated": plugin.authenticated, "reason": reason}

    def _subscribe(self, plugin: Plugin, data: dict[str, Any], request_id: str) -> dict[str, Any]:
        event = str(data.get("eventName", ""))
        if event not in EVENTS:
            raise ApiError(950, "Event unknown.")
        if data.get("subscribe"):
            plugin.events[event] = request_id
        else:
            plugin.events.pop(event, None)
        subscribed = list(plugin.events)
        return {"subscribedEventCount": len(subscribed), "subscribedEvents": subscribed}

    def _message(self, kind: str, request_id: str, data: dict[str, Any]) -> str:
        message = {
            **API,
            "timestamp": round(self._loop.time() * 1000),
            "messageType": kind,
            "requestID": request_id,
            "data": {**data, "fieldOfTomorrow": [1, {"x": None}]},
            "alsoNew": True,
        }
        return json.dumps(message)
