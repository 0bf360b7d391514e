"""Shows her in VTube Studio, whenever that runs: found, lost and found again without noise."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from mia.avatar.frame import Face
from mia.avatar.output import OutputState, Shown
from mia.avatar.outputs.vts.connection import Connection, Socket, WebSocket
from mia.avatar.outputs.vts.discovery import Ear
from mia.avatar.outputs.vts.options import VtsOptions
from mia.avatar.outputs.vts.protocol import (
    DISCOVERY_PORT,
    UNAUTHENTICATED,
    Gone,
    Number,
    Refused,
)
from mia.avatar.outputs.vts.session import Session
from mia.avatar.outputs.vts.tokens import Permissions, Tokens
from mia.errors import MiaError
from mia.models.lock import held_alone

#: Waits between tries, in seconds: doubled from the first to the last, for ever.
FIRST_WAIT, LAST_WAIT = 1.0, 30.0
#: An announcement comes every two seconds.
ONE_ANNOUNCEMENT = 2.5
#: A token that is refused so soon after the user gave it (seconds) is not asked for again.
TOO_SOON = 60.0
LOCK = "vtube-studio.lock"

Open = Callable[[str, int], Awaitable[Socket]]


class VtsOutput(Shown):
    """An `AvatarOutput`. folder: where the permission is kept. connect: opens a socket."""

    def __init__(
        self,
        options: VtsOptions,
        folder: Path,
        *,
        connect: Open = WebSocket.open,
        discovery_port: int = DISCOVERY_PORT,
        tokens: Permissions | None = None,
    ) -> None:
        super().__init__()
        self._options = options
        self._folder = folder
        self._connect = connect
        self._discovery_port = discovery_port
        self._tokens = tokens or Tokens(folder)
        self._session: Session | None = None
        self._asked_at = float("-inf")
        self._met = False
        self._denied = False
        self._refusal: MiaError | None = None

    def _details(self) -> dict[str, object]:
        return self._session.details() if self._session else {}

    async def look(self) -> OutputState:
        """Connects without asking the user for anything."""
        async with self._ear() as ear:
            port = self._port(ear)
            try:
                socket = await self._connect(self._options.host, port)
            except Gone:
                if ear.newest is None:
                    await ear.news(ONE_ANNOUNCEMENT)
                return OutputState("searching", self._absence(ear))
            try:
                return await self._look_at(socket)
            finally:
                await socket.close()

    async def run(self, face: Face) -> None:
        while True:
            # The bridge (`mia osc-bridge`) and MIA herself must not move one model together.
            with held_alone(self._folder / LOCK) as alone:
                if alone:
                    await self._attend(face)
            self._show("failed", MiaError("vts.other_process"))
            await asyncio.sleep(LAST_WAIT)

    async def _attend(self, face: Face) -> None:
        """Look for it, stay there, look for it again; until cancelled."""
        self._show("searching")
        try:
            async with self._ear() as ear:
                wait = FIRST_WAIT
                while True:
                    if await self._stay(face, self._port(ear)):
                        wait = FIRST_WAIT
                    if self._denied:
                        self._show("failed", MiaError("vts.denied"))
                        await asyncio.get_running_loop().create_future()  # never nag
                    self._show("searching", self._absence(ear))
                    await ear.news(wait)
                    self._show("searching", self._absence(ear))
                    wait = min(wait * 2, LAST_WAIT)
        finally:
            self._show("off")

    async def _stay(self, face: Face, port: int) -> bool:
        """Be there as long as possible; whether she got in at all."""
        try:
            socket = await self._connect(self._options.host, port)
        except Gone:
            return False
        session = self._session = Session(socket, self._options, self._tokens, self._show)
        self._refusal = None
        try:
            await session.run(face)
        except Gone:
            pass
        except Refused as error:
            await self._turned_away(error, session)
        finally:
            self._session = None
            with contextlib.suppress(Gone, OSError):
                await socket.close()
        self._met = self._met or session.settled
        return session.settled

    async def _turned_away(self, error: Refused, session: Session) -> None:
        now = asyncio.get_running_loop().time()
        if error.number == Number.API_OFF:
            self._refusal = MiaError("vts.api_off")
        elif error.number not in UNAUTHENTICATED:
            self._refusal = MiaError("vts.refused", number=error.number, reason=error.message)
        elif session.settled and now - self._asked_at > TOO_SOON:
            # The user took the permission back while she was there: they are asked once more.
            self._asked_at = now
            await self._tokens.forget(self._options.host)
        else:
            self._denied = True

    def _ear(self) -> Ear:
        # On port 0, which is one of the system's choice, nobody announces anything.
        return Ear(self._options.host, self._discovery_port if self._options.discover else 0)

    def _port(self, ear: Ear) -> int:
        return ear.newest.port if ear.newest else self._options.port

    def _absence(self, ear: Ear) -> MiaError | None:
        if ear.newest and not ear.newest.active:
            return MiaError("vts.api_off")
        if self._refusal is not None:
            return self._refusal
        where = {"host": self._options.host, "port": self._port(ear)}
        if self._met:
            return MiaError("vts.lost", **where)
        return None if self._options.enabled == "auto" else MiaError("vts.not_there", **where)

    async def _look_at(self, socket: Socket) -> OutputState:
        connection = Connection(socket, lambda _kind, _data: None)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(_until_gone(connection))
            try:
                state = await connection.ask("APIStateRequest")
            except (Gone, Refused):
                return OutputState("failed", MiaError("vts.no_answer", port=self._options.port))
            finally:
                reading.cancel()
        known = bool(await self._tokens.get(self._options.host))
        problem = None if known else MiaError("vts.allow")
        return OutputState(
            "connected" if known else "waiting",
            problem,
            {"version": str(state.get("vTubeStudioVersion", ""))},
        )


async def _until_gone(connection: Connection) -> None:
    with contextlib.suppress(Gone):
        await connection.read()
