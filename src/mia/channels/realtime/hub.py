"""All realtime clients of the process: which conversation each gets, and how many there may be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mia.channels.realtime import server_events as shapes
from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.session import RealtimeSession, no_usage
from mia.channels.realtime.stage import Notices, Stage
from mia.channels.realtime.talk import CountUsage, Disconnected, MakeTalk, SessionRole, Socket, Talk
from mia.errors import MiaError
from mia.telemetry.events import EventBus

CLOSE_LATER = 1013


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a client asked for when it connected."""

    stage: bool = False
    role: SessionRole = "speaker"
    beta: bool = False
    listens: bool = False
    """Hear the stage's sound without speaking there."""


class Hub:
    """stage_talk: the stage's conversation, None until she can talk.

    make_talk: builds a conversation for a client that is not one of our pages.
    pages, guests: how many sessions of each kind there may be at a time; each guest's
    conversation works on the same two cores. sounds_here: this machine's own loudspeaker plays
    the stage while no page speaks there. face: what the persona she is wears, for pages.
    recording: whose sound is kept of a conversation.
    """

    def __init__(
        self,
        bus: EventBus,
        stage_talk: Callable[[], Talk | None],
        make_talk: MakeTalk,
        *,
        usage: CountUsage = no_usage,
        pages: int = 16,
        guests: int = 4,
        sounds_here: bool = False,
        recording: Callable[[str], str] = lambda _conversation: "none",
        face: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self._stage_talk = stage_talk
        self._make_talk = make_talk
        self._usage = usage
        self._sounds_here = sounds_here
        self._recording = recording
        self._face = face
        self._notices = Notices(bus)
        self._stage: Stage | None = None
        self._ends = asyncio.Event()
        self._most = {True: pages, False: guests}
        self._now = {True: 0, False: 0}

    @property
    def sessions(self) -> int:
        """Clients connected now, pages and guests."""
        return sum(self._now.values())

    @property
    def pages(self) -> int:
        return self._now[True]

    @property
    def guests(self) -> int:
        return self._now[False]

    @property
    def stage(self) -> Stage | None:
        """The stage, once there is a conversation for it."""
        talk = self._stage_talk()
        if self._stage is not None and self._stage.talk is not talk:
            self._stage.close()
            self._stage = None
        if self._stage is None and talk is not None:
            self._stage = Stage(
                talk,
                self._notices,
                sounds_here=self._sounds_here,
                recording=self._recording,
                face=self._face,
            )
        return self._stage

    async def serve(self, socket: Socket, greeting: Greeting) -> None:
        """Serve one client until it goes. Problems are told to it, not raised."""
        if self._now[greeting.stage] >= self._most[greeting.stage]:
            most = self._most[greeting.stage]
            await self._turn_away(socket, RealtimeError("busy", kind="server_error", most=most))
            return
        self._now[greeting.stage] += 1
        try:
            session = await self._session(socket, greeting)
        except MiaError as error:
            await self._turn_away(socket, error)
        else:
            await session.run()
        finally:
            self._now[greeting.stage] -= 1

    async def _session(self, socket: Socket, greeting: Greeting) -> RealtimeSession:
        stage = self.stage
        if stage is None:
            raise RealtimeError("not_ready", kind="server_error")
        if greeting.stage:
            return RealtimeSession(
                socket,
                stage.talk,
                greeting.role,
                stage=stage,
                beta=greeting.beta,
                usage=self._usage,
                listens=greeting.listens,
                ends=self._ends,
            )
        talk = await self._make_talk()
        return RealtimeSession(socket, talk, beta=greeting.beta, usage=self._usage, ends=self._ends)

    def limit(self, pages: int, guests: int) -> None:
        """Let so many of each kind in from now on; nobody is sent away for it."""
        self._most = {True: pages, False: guests}

    def tell_all(self) -> None:
        """Tell every page the stage's state."""
        if (stage := self.stage) is not None:
            stage.tell_all()

    def send_away(self) -> None:
        """Ask every client to connect again: its conversation is about to end."""
        self._ends.set()
        self._ends = asyncio.Event()

    async def _turn_away(self, socket: Socket, error: MiaError) -> None:
        try:
            told = {"event_id": "event_0", **shapes.error(error, None, with_text=True)}
            await socket.send(json.dumps(told))
            await socket.close(CLOSE_LATER, "try again later")
        except Disconnected:
            return

    def forget(self) -> None:
        """What was said was forgotten: no page that comes later is shown a notice that quotes
        it."""
        self._notices.forget()

    def close(self) -> None:
        """Stop listening to the bus."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None
        self._notices.close()
