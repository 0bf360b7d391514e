"""The voice server's datagram socket: IP discovery, and sealed RTP both ways."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import cast

Address = tuple[str, int]
DISCOVERY = 74


class Udp(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received
        self._transport: asyncio.DatagramTransport | None = None
        self.discovered: dict[int, Address] = {}
        """Where the client with each SSRC asked from."""

    @property
    def port(self) -> int:
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: Address) -> None:
        if len(data) == DISCOVERY and data[:2] == b"\0\x01":
            (ssrc,) = struct.unpack_from(">I", data, 4)
            self.discovered[ssrc] = address
            host = address[0].encode().ljust(64, b"\0")
            self.send(
                struct.pack(">HHI", 2, 70, ssrc) + host + address[1].to_bytes(2, "big"), address
            )
        else:
            self._received(data, address)

    def error_received(self, _error: Exception) -> None:
        """The client's socket is closed: what was under way to it is lost."""

    def send(self, data: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def opened(received: Callable[[bytes, Address], None]) -> Udp:
    """A socket on loopback, on a free port."""
    _, made = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Udp(received), local_addr=("127.0.0.1", 0)
    )
    return made
