"""One client on `/v1/realtime`, from its first event to its last."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from typing import Any

from mia.channels.realtime import beta as beta_names
from mia.channels.realtime import client_events as asked
from mia.channels.realtime import server_events as shapes
from mia.channels.realtime.errors import RealtimeError
from mia.channels.realtime.following import Following
from mia.channels.realtime.loudspeaker import SocketLoudspeaker
from mia.channels.realtime.outgoing import Outgoing
from mia.channels.realtime.requests import Names, Requests
from mia.channels.realtime.settings import Settings, describe
from mia.channels.realtime.stage import Stage
from mia.channels.realtime.talk import CountUsage, Disconnected, SessionRole, Socket, Talk
from mia.channels.realtime.translator import Translator
from mia.errors import MiaError
from mia.telemetry.events import Event

log = logging.getLogger(__name__)

CLOSE_SLOW = 4408
CLOSE_FAULT = 1011
#: "Service restart" (IANA's WebSocket close codes): come back in a moment.
CLOSE_AGAIN = 1012
#: How long a client may take to read what is on its way before it is told to go.
_CLOSE_SECONDS = 10.0


def no_usage() -> None:
    """For brains that do not count."""


class RealtimeSession:
    """Translates between the protocol and a conversation until either side ends.

    stage: the stage whose conversation this is; None for a client with a conversation of its own,
    which this session runs and ends. beta: use the beta's names. listens: hears the stage's sound
    though it only looks on. ends: set when the client is to go and come back.
    """

    def __init__(
        self,
        socket: Socket,
        talk: Talk,
        role: SessionRole = "speaker",
        *,
        stage: Stage | None = None,
        beta: bool = False,
        usage: CountUsage = no_usage,
        listens: bool = False,
        outgoing: Outgoing | None = None,
        ends: asyncio.Event | None = None,
    ) -> None:
        self._socket = socket
        self._ends = ends
        self._talk = talk
        self._stage = stage
        self._wanted = role
        self._beta = beta
        self._id = f"sess_{secrets.token_hex(8)}"
        self._sent = 0
        self._outgoing = outgoing or Outgoing()
        self.role: SessionRole = "observer"
        self.settings = Settings(language=talk.language)
        self._names = Names()
        self._translator = Translator(
            talk,
            self.emit,
            page=stage is not None,
            settings=lambda: self.settings,
            usage=usage,
            renamed=self._names.rename,
        )
        self._requests = Requests(self, talk, stage, self._translator, self._names)
        self._loudspeaker = SocketLoudspeaker(self._translator, fades=stage is None)
        self._attached = False
        self._listens = listens

    # ── what the client is told ──────────────────────────────────────────────────────────────

    def emit(self, event: dict[str, Any]) -> None:
        """Queue one server event."""
        told: dict[str, Any] | None = self._names.outward(event)
        if self._beta:
            told = beta_names.translate(self._names.outward(event))
        if told is None:
            return
        self._sent += 1
        named = {"event_id": f"event_{self._id[5:]}_{self._sent}", **told}
        self._outgoing.put(json.dumps(named, separators=(",", ":")))

    def describe(self) -> dict[str, Any]:
        return describe(self.settings, self._id, self._talk.persona)

    def tell_state(self) -> None:
        if self._stage is not None:
            state = {"type": "mia.state", "version": 1, **self._stage.state(), "role": self.role}
            self.emit(state)

    def tell_item(self, id_: str, role: str, text: str) -> None:
        self._translator.add_item(id_, role, text)

    def tell_deleted(self, id_: str) -> None:
        self._translator.item_deleted(id_)

    def tell_playhead(self, event: dict[str, Any]) -> None:
        """Where the sound is, for who does not play it."""
        if self.role == "observer":
            self.emit(event)

    def become(self, role: SessionRole) -> None:
        """Speak from now on, or only look on."""
        self.role = role
        self.hears()

    def hears(self) -> None:
        wanted = self.role == "speaker"
        if wanted and not self._attached:
            self._attached = True
            if self._stage is not None:
                self._stage.sound_at(self._loudspeaker)
            else:
                self._talk.attach(self._loudspeaker)
        elif not wanted and self._attached:
            self._attached = False
            if self._stage is not None:
                self._stage.silence_at(self._loudspeaker)
            else:
                self._talk.detach(self._loudspeaker)

    # ── its life ─────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Serve the client until it goes, reads too slowly, or its conversation ends.

        Cancelling closes nothing on the wire; the server does that.
        """
        unlisten = self._talk.bus.listen(self._tell)
        fall_silent: Callable[[], None] | None = None
        try:
            self.emit({"type": "session.created", "session": self.describe()})
            if self._stage is None:
                self.become("speaker")
            else:
                self._stage.join(self, self._wanted)
                self.tell_state()
                self.emit(shapes.history(self._talk.history))
                self._catch_up(self._stage.following)
                if self._listens and self._wanted == "observer":
                    fall_silent = self._stage.listen(self._loudspeaker)
            close = await self._serve()
        finally:
            unlisten()
            if fall_silent is not None:
                fall_silent()
            if self._stage is not None:
                self._stage.leave(self)
            self.become("observer")
        if close is not None:
            await self._close(*close)

    def _catch_up(self, following: Following) -> None:
        """Tell of a reply that is running, from its start."""
        for fact in following.facts:
            self._translator.tell(fact)
        if (playhead := following.playhead()) is not None:
            self.tell_playhead(playhead)

    async def _serve(self) -> tuple[int, str] | None:
        """Until either side ends; how the connection is to be closed, if we end it."""
        close: tuple[int, str] | None = None
        try:
            async with asyncio.TaskGroup() as group:
                tasks: list[asyncio.Task[Any]] = []
                if self._stage is None:
                    # First, so that it lives before the first message comes.
                    tasks.append(group.create_task(self._talk.run()))
                tasks += (
                    group.create_task(self._outgoing.overflowed.wait()),
                    group.create_task(self._read()),
                    group.create_task(self._outgoing.pump(self._socket)),
                )
                if self._ends is not None:
                    tasks.append(group.create_task(self._ends.wait()))
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        except* Disconnected:
            pass
        except* Exception:  # a conversation of its own may fail; the server lives on
            log.exception("a realtime session failed")
            close = CLOSE_FAULT, "internal error"
        if self._ends is not None and self._ends.is_set():
            close = CLOSE_AGAIN, "she begins anew; come back"
        if self._outgoing.overflowed.is_set():
            log.warning("a realtime client reads too slowly and is disconnected")
            close = CLOSE_SLOW, "the client reads too slowly"
        return close

    async def _close(self, code: int, reason: str) -> None:
        """Say why, but do not wait long for one who does not listen."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._socket.close(code, reason)
        except (TimeoutError, Disconnected):
            return

    async def _read(self) -> None:
        while True:
            await self.handle(await self._socket.receive())

    async def handle(self, message: str | bytes) -> None:
        """Do what one message asks; whatever is wrong with it becomes an `error` event."""
        event_id: str | None = None
        try:
            data = asked.load(message)
            event_id = asked.event_id(data)
            await self._requests.do(asked.parse(data))
        except MiaError as error:
            self.emit(shapes.error(error, event_id, with_text=self._stage is not None))
        except Exception:  # the border to strangers: no event of theirs may end the session
            log.exception("a client event failed")
            fault = RealtimeError("server_error", kind="server_error")
            self.emit(shapes.error(fault, event_id, with_text=self._stage is not None))

    def _tell(self, event: Event) -> None:
        if event.conversation in ("", self._talk.id):
            self._translator.tell(event)
