"""VTube Studio announces itself every two seconds, also while its API is switched off."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from dataclasses import dataclass

from mia.avatar.outputs.vts.protocol import BROADCAST, DISCOVERY_PORT, parsed

log = logging.getLogger(__name__)

#: Without an announcement for this long it is taken to have ended, in seconds.
SILENCE = 6.0


@dataclass(frozen=True, slots=True)
class Announcement:
    """active: whether its API is switched on. port: of the API. instance: of the program."""

    active: bool
    port: int
    instance: str


def announcement(datagram: bytes) -> Announcement | None:
    """What a datagram says, None if it is not VTube Studio's."""
    message = parsed(datagram)
    if not message or message["messageType"] != BROADCAST:
        return None
    data = message["data"]
    active, port = data.get("active"), data.get("port")
    if not isinstance(active, bool) or not isinstance(port, int) or not 0 < port < 65_536:
        return None
    return Announcement(active, port, str(data.get("instanceID", "")))


class Ear(asyncio.DatagramProtocol):
    """Hears the announcements of VTube Studio on one host; of this machine only, where that is it.

    Use it in an `async with`. Where the port cannot be listened at, nothing is ever heard.
    """

    def __init__(self, host: str, port: int = DISCOVERY_PORT) -> None:
        self._host = host
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.BaseTransport | None = None
        self._newest: Announcement | None = None
        self._at = float("-inf")
        self._news = asyncio.Event()
        self._near = False
        self._addresses: set[str] = set()

    async def __aenter__(self) -> Ear:
        try:
            self._addresses = await self._resolved()
            self._near = any(_is_loopback(address) for address in self._addresses)
            self._transport, _ = await self._loop.create_datagram_endpoint(
                lambda: self, sock=_listening(self._port)
            )
        except OSError as error:
            log.info("VTube Studio's announcements cannot be heard: %s", error)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()

    async def _resolved(self) -> set[str]:
        """The addresses of the host. Raises OSError."""
        try:
            return {str(ipaddress.ip_address(self._host))}
        except ValueError:
            found = await self._loop.getaddrinfo(self._host, None)
            return {str(entry[4][0]) for entry in found}

    @property
    def newest(self) -> Announcement | None:
        """What it last said of itself; None if it says nothing any more."""
        return self._newest if self._loop.time() - self._at < SILENCE else None

    async def news(self, patience: float) -> None:
        """Wait until it says that it can be reached, or something new; at most `patience`
        seconds. What it said since the last wait counts."""
        try:
            async with asyncio.timeout(patience):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        sender = str(addr[0])
        if (found := announcement(data)) is None or not self._is_meant(sender):
            return
        if found.active or found != self.newest:
            self._news.set()
        self._newest, self._at = found, self._loop.time()

    def _is_meant(self, sender: str) -> bool:
        if self._near:
            return _is_loopback(sender) or _is_ours(sender)
        return sender in self._addresses


def _listening(port: int) -> socket.socket:
    """A socket beside other plugins' ones on the same port. Raises OSError."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setblocking(False)
        opened.bind(("", port))
    except OSError:
        opened.close()
        raise
    return opened


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _is_ours(address: str) -> bool:
    """Whether it is one of this machine's own addresses: only those can be bound to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attempt:
        try:
            attempt.bind((address, 0))
        except OSError:
            return False
        return True
