"""OSC packets, and the socket they leave through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import cast

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

#: Largest packet, in bytes: what an Ethernet frame holds, as VMC's specification asks for.
LARGEST = 1500 - 28
#: "#bundle", a time, and a length before each message.
_BUNDLE_BYTES, _LENGTH_BYTES = 16, 4
#: How long after a refusal the other side counts as absent, in seconds.
_REFUSAL_LASTS = 2.0

Value = float | int | str


def message(address: str, *values: Value) -> OscMessage:
    """One OSC message. A Python float goes out as `f`, an int as `i`, whatever its value."""
    builder = OscMessageBuilder(address)
    for value in values:
        kind = "s" if isinstance(value, str) else "i" if isinstance(value, int) else "f"
        builder.add_arg(value, kind)
    return builder.build()


def packets(messages: Iterable[OscMessage], *, bundle: bool) -> list[bytes]:
    """The datagrams for these messages: one bundle (more where it would grow over LARGEST), or
    each message alone."""
    if not bundle:
        return [one.dgram for one in messages]
    done: list[bytes] = []
    builder, size = OscBundleBuilder(IMMEDIATELY), _BUNDLE_BYTES
    for one in messages:
        needs = one.size + _LENGTH_BYTES
        if size > _BUNDLE_BYTES and size + needs > LARGEST:
            done.append(builder.build().dgram)
            builder, size = OscBundleBuilder(IMMEDIATELY), _BUNDLE_BYTES
        builder.add_content(one)
        size += needs
    return [*done, builder.build().dgram] if size > _BUNDLE_BYTES else done


class Sender(asyncio.DatagramProtocol):
    """A socket that sends to one address, and notices when nobody there takes what it sends."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._refused_at = float("-inf")
        self.sent = 0

    @classmethod
    async def open(cls, host: str, port: int) -> Sender:
        """Raises OSError when the name means nothing here."""
        loop = asyncio.get_running_loop()
        _, sender = await loop.create_datagram_endpoint(cls, remote_addr=(host, port))
        return sender

    @property
    def refused(self) -> bool:
        """Whether the system said just now that nobody listens. UDP promises nothing: on another
        machine it may stay silent about it."""
        return self._loop.time() - self._refused_at < _REFUSAL_LASTS

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, datagrams: Sequence[bytes]) -> None:
        if self._transport is None:
            return
        for datagram in datagrams:
            self._transport.sendto(datagram)
        self.sent += len(datagrams)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own transports derive from it in name only.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def error_received(self, exc: Exception) -> None:
        self._refused_at = self._loop.time()
