"""What outputs over UDP have in common: frames at a steady rate to one address."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from mia.avatar.datagrams import Sender
from mia.avatar.frame import Face, Frame
from mia.avatar.output import OutputState, Shown
from mia.avatar.pace import Pace
from mia.errors import MiaError

#: Wait before a name that meant nothing is looked up again, in seconds.
AGAIN = 15.0
#: Wait before a socket the system closed is opened anew, in seconds.
LOST = 1.0
RESTING = Frame()


class UdpOutput(Shown, ABC):
    """An `AvatarOutput` that turns each frame into datagrams.

    UDP has no connection: "connected" means that they are sent and nobody refused them.
    """

    def __init__(self, host: str, port: int, rate: float) -> None:
        super().__init__()
        self._host = host
        self._port = port
        self._rate = rate
        self._sender: Sender | None = None

    @abstractmethod
    def _packets(self, frame: Frame) -> list[bytes]:
        """The datagrams for this frame."""

    def _details(self) -> dict[str, object]:
        sent = self._sender.sent if self._sender else 0
        return {"host": self._host, "port": self._port, "packets": sent}

    async def look(self) -> OutputState:
        try:
            sender = await Sender.open(self._host, self._port)
        except OSError as error:
            return OutputState("failed", self._nowhere(error))
        sender.close()
        return OutputState("connected", None, self._details())

    async def run(self, face: Face) -> None:
        try:
            while True:
                try:
                    sender = await Sender.open(self._host, self._port)
                except OSError as error:
                    self._show("failed", self._nowhere(error))
                    await asyncio.sleep(AGAIN)
                else:
                    await self._send(face, sender)
                    await asyncio.sleep(LOST)
        finally:
            self._show("off")

    async def _send(self, face: Face, sender: Sender) -> None:
        """Until cancelled, or the socket is lost (Windows may close it)."""
        self._sender = sender
        pace = Pace(face, self._rate)
        try:
            while sender.usable:
                frame = await pace.frame()
                sender.send(self._packets(frame))
                self._show("searching" if sender.refused else "connected")
        finally:
            sender.send(self._packets(RESTING))
            sender.close()

    def _nowhere(self, error: OSError) -> MiaError:
        reason = error.strerror or str(error)
        return MiaError("avatar.unknown_host", host=self._host, reason=reason)
