"""OSC packets, and the socket they leave through."""

from __future__ import annotations

import asyncio
import functools
import struct
from collections.abc import Iterable, Sequence
from typing import cast

from pythonosc.osc_message_builder import OscMessageBuilder

#: Largest packet, in bytes: what an Ethernet frame holds, as VMC's specification asks for.
LARGEST = 1500 - 28
#: How a bundle begins, its time being "at once"; each message is preceded by its length.
_BUNDLE = b"#bundle\0" + bytes(7) + b"\1"
_LENGTH = struct.Struct(">i")
#: How long after a refusal the other side counts as absent, in seconds.
_REFUSAL_LASTS = 2.0

Value = float | int | str


def message(address: str, *values: Value) -> bytes:
    """One OSC message. A Python float goes out as `f`, an int as `i`, whatever its value."""
    floats = len(values)
    while floats and isinstance(values[len(values) - floats], str | int):
        floats -= 1
    head, tail = values[: len(values) - floats], values[len(values) - floats :]
    return _head(address, head, floats) + struct.pack(f">{floats}f", *tail)


@functools.lru_cache(maxsize=1024)
def _head(address: str, values: tuple[Value, ...], floats: int) -> bytes:
    """A message as far as its last floats, which are all that changes from frame to frame:
    encoding each from nothing took a third of the outputs' time."""
    builder = OscMessageBuilder(address)
    for value in values:
        kind = "s" if isinstance(value, str) else "i" if isinstance(value, int) else "f"
        builder.add_arg(value, kind)
    for _ in range(floats):
        builder.add_arg(0.0, "f")
    encoded: bytes = builder.build().dgram
    return encoded[: len(encoded) - 4 * floats]


def packets(messages: Iterable[bytes], *, bundle: bool) -> list[bytes]:
    """The datagrams for these messages: one bundle (more where it would grow over LARGEST), or
    each message alone."""
    if not bundle:
        return list(messages)
    done: list[bytes] = []
    parts, size = [_BUNDLE], len(_BUNDLE)
    for one in messages:
        needs = len(one) + _LENGTH.size
        if len(parts) > 1 and size + needs > LARGEST:
            done.append(b"".join(parts))
            parts, size = [_BUNDLE], len(_BUNDLE)
        parts += (_LENGTH.pack(len(one)), one)
        size += needs
    return [*done, b"".join(parts)] if len(parts) > 1 else done


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
