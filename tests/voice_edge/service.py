"""The voice service's WebSocket protocol on loopback, faults included.

Written from the protocol as the client speaks it: text frames of headers, a blank line and a
body; binary frames of a two-byte header length, headers and MP3 data.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
from aiohttp import WSMsgType, web

TICKS = 10_000_000


def mp3(seconds: float, hertz: float = 220.0, rate: int = 24_000) -> bytes:
    """A tone in the service's own format: 24 kHz mono MP3 at 48 kbit/s."""
    import av

    times = np.arange(int(seconds * rate)) / rate
    tone = (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as out:
        stream = out.add_stream("mp3", rate=rate, layout="mono", options={"write_xing": "0"})
        stream.bit_rate = 48_000
        frame = av.AudioFrame.from_ndarray(tone[None, :], format="fltp", layout="mono")
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            out.mux(packet)
    return file.getvalue()


@dataclass(frozen=True)
class Boundary:
    text: str
    begin: float
    finish: float


@dataclass
class Service:
    """What the next connections meet. `sent` steps: a boundary, MP3 bytes, an Event to wait for,
    or one of "cut" (drop the connection) and "garbage" (something unheard of)."""

    steps: Sequence[Boundary | bytes | asyncio.Event | str] = ()
    refusals: list[int] = field(default_factory=list)
    """HTTP statuses for the next handshakes."""
    clock_ahead: timedelta | None = timedelta(0)
    """How far the service's `Date` is ahead; None: it sends none."""
    ssml: list[str] = field(default_factory=list)
    configs: list[str] = field(default_factory=list)
    handshakes: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client went away before the clause was over."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.handshakes += 1
        if self.refusals:
            date = None if self.clock_ahead is None else datetime.now(UTC) + self.clock_ahead
            headers = {"Date": format_datetime(date, usegmt=True) if date else "never"}
            return web.Response(status=self.refusals.pop(0), headers=headers)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.configs.append(await socket.receive_str())
        self.ssml.append(await socket.receive_str())
        await socket.send_str("X-RequestId:1\r\nPath:turn.start\r\n\r\n{}")
        for step in self.steps:
            if step == "cut":
                assert request.transport is not None
                request.transport.abort()
                return socket
            if isinstance(step, asyncio.Event):
                if not await self._waited(step, socket):
                    return socket
            else:
                await self._send(step, socket)
        await socket.send_str("X-RequestId:1\r\nPath:turn.end\r\n\r\n{}")
        await socket.close()
        return socket

    async def _send(self, step: Boundary | bytes | str, socket: web.WebSocketResponse) -> None:
        if isinstance(step, Boundary):
            data = {
                "Offset": round(step.begin * TICKS),
                "Duration": round((step.finish - step.begin) * TICKS),
                "text": {"Text": step.text, "Length": len(step.text), "BoundaryType": "Word"},
            }
            body = json.dumps({"Metadata": [{"Type": "WordBoundary", "Data": data}]})
            await socket.send_str(f"X-RequestId:1\r\nPath:audio.metadata\r\n\r\n{body}")
        elif isinstance(step, bytes):
            headers = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
            await socket.send_bytes(len(headers).to_bytes(2, "big") + headers + step)
        else:
            await socket.send_str(f"X-RequestId:1\r\nPath:{step}\r\n\r\n{{}}")

    async def _waited(self, event: asyncio.Event, socket: web.WebSocketResponse) -> bool:
        """Whether the event came before the client left."""
        gone = asyncio.ensure_future(socket.receive())
        come = asyncio.ensure_future(event.wait())
        await asyncio.wait({gone, come}, return_when=asyncio.FIRST_COMPLETED)
        come.cancel()
        if gone.done():
            assert gone.result().type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}
            self.left.set()
            return False
        gone.cancel()
        return True


@asynccontextmanager
async def serving(service: Service) -> AsyncIterator[str]:
    """The address of the running service, as the client's `WSS_URL` wants it."""
    app = web.Application()
    app.router.add_get("/edge/v1", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"ws://127.0.0.1:{port}/edge/v1?TrustedClientToken=test"
    finally:
        await runner.cleanup()
