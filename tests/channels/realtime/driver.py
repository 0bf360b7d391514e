"""A session on a fake conversation, driven message by message."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from mia.channels.realtime.outgoing import Outgoing
from mia.channels.realtime.session import RealtimeSession
from mia.channels.realtime.stage import Notices, Stage
from mia.channels.realtime.talk import SessionRole
from mia.conversation.ports import PLAYING_RATE
from mia.telemetry.events import EventBus
from tests.channels.realtime.fakes import FakeSocket, FakeTalk


def pcm(seconds: float, level: float = 0.5, hertz: float = 200.0) -> str:
    """Base64 PCM16 at 24 kHz of a tone."""
    time = np.arange(round(seconds * PLAYING_RATE)) / PLAYING_RATE
    tone = level * np.sin(2 * np.pi * hertz * time)
    return base64.b64encode((tone * 32767).astype("<i2").tobytes()).decode()


def make_stage(talk: FakeTalk) -> Stage:
    return Stage(talk, Notices(talk.bus))


class Driver:
    """One session: `await driver(type=…)` gives the events that one client event brought."""

    def __init__(
        self,
        talk: FakeTalk | None = None,
        *,
        stage: Stage | None = None,
        role: SessionRole = "speaker",
        beta: bool = False,
    ) -> None:
        self.talk = talk or FakeTalk("own", EventBus())
        self.outgoing = Outgoing()
        self.messages: list[dict[str, Any]] = []
        self.outgoing.put = self._take  # type: ignore[method-assign]
        self.session = RealtimeSession(
            FakeSocket(), self.talk, role, stage=stage, beta=beta, outgoing=self.outgoing
        )
        self.talk.bus.listen(self.session._tell)
        if stage is not None:
            stage.join(self.session, role)
        else:
            self.session.become("speaker")
        self.messages.clear()

    def _take(self, message: str) -> None:
        self.messages.append(json.loads(message))

    async def __call__(self, **event: Any) -> list[dict[str, Any]]:
        return await self.raw(json.dumps(event))

    async def raw(self, message: str | bytes) -> list[dict[str, Any]]:
        before = len(self.messages)
        await self.session.handle(message)
        return self.messages[before:]

    def took(self) -> list[dict[str, Any]]:
        """Everything since the last call."""
        found, self.messages[:] = list(self.messages), []
        return found


def types(events: list[dict[str, Any]]) -> list[str]:
    """The names of events; a run of the same one shows once."""
    names: list[str] = []
    for event in events:
        if not names or names[-1] != event["type"]:
            names.append(event["type"])
    return names


def of(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == name]
