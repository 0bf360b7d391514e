"""One connection to VTube Studio: answers find their requests, events come in between."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from mia.avatar.outputs.vts.protocol import Gone, answer_to, parsed, refusal, request

log = logging.getLogger(__name__)

#: Longest wait for the answer to anything but the question to the user, in seconds.
PATIENCE = 10.0
#: Largest message taken, in bytes: lists of hotkeys and parameters are far below it.
LARGEST = 8_000_000

Data = dict[str, Any]
Heard = Callable[[str, Data], None]


class Socket(Protocol):
    """A WebSocket, as far as it is needed. Raises Gone once it is closed."""

    async def send(self, text: str) -> None: ...

    def messages(self) -> AsyncIterator[str | bytes]: ...

    async def close(self) -> None: ...


class WebSocket:
    """A real one."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    @classmethod
    async def open(cls, host: str, port: int) -> WebSocket:
        """Raises Gone when nothing answers there that speaks WebSocket."""
        address = f"ws://[{host}]:{port}" if ":" in host else f"ws://{host}:{port}"
        try:
            # Not through a proxy of the environment, uncompressed as VTube Studio speaks it, and
            # without pings: frames are answered, and that shows sooner whether it still is there.
            socket = await connect(
                address,
                compression=None,
                proxy=None,
                ping_interval=None,
                open_timeout=5,
                close_timeout=1,
                max_size=LARGEST,
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Gone(str(error)) from error
        return cls(socket)

    async def send(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise Gone(str(error)) from error

    async def messages(self) -> AsyncIterator[str | bytes]:
        async for message in self._socket:
            yield message

    async def close(self) -> None:
        await self._socket.close()


class Connection:
    """Requests and their answers over one socket; `read` must run beside them.

    heard: called with the type and the data of each event, whenever it comes.
    """

    def __init__(self, socket: Socket, heard: Heard) -> None:
        self._socket = socket
        self._heard = heard
        self._numbers = itertools.count(1)
        #: By request id and type of the answer: an event may carry the id of its subscription.
        self._waiting: dict[tuple[str, str], asyncio.Future[Data]] = {}
        self._closed = False
        self.unpaired = 0
        """Answers that belonged to no request."""

    async def read(self) -> None:
        """Take in what comes, until the other side closes. Raises Gone then."""
        try:
            async for text in self._socket.messages():
                self._take(text)
            raise Gone("closed by VTube Studio")
        except ConnectionClosed as error:
            raise Gone(str(error)) from error
        finally:
            self._closed = True
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(Gone("closed"))
            self._waiting.clear()

    async def start(self, kind: str, data: Mapping[str, Any] | None) -> asyncio.Future[Data]:
        """Send a request and return what its answer will fill: the data, Refused, or Gone."""
        if self._closed:
            raise Gone("closed")
        request_id = f"mia{next(self._numbers)}"
        key = (request_id, answer_to(kind))
        future: asyncio.Future[Data] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            await self._socket.send(request(kind, request_id, data))
        except BaseException:  # whatever ended it, a cancellation too: nobody waits for an answer
            self._waiting.pop(key, None)
            raise
        return future

    async def ask(
        self, kind: str, data: Mapping[str, Any] | None = None, *, patience: float | None = PATIENCE
    ) -> Data:
        """The data of the answer. Raises Refused, or Gone, also when none comes in time."""
        future = await self.start(kind, data)
        try:
            async with asyncio.timeout(patience):
                return await future
        except TimeoutError as error:
            raise Gone(f"no answer to {kind}") from error

    def _take(self, text: str | bytes) -> None:
        message = parsed(text)
        if not message:
            log.debug("VTube Studio sent something that is no message: %.80r", text)
            return
        kind, request_id = message["messageType"], str(message.get("requestID", ""))
        if kind == "APIError":
            key = next((key for key in self._waiting if key[0] == request_id), None)
            if (future := self._waiting.pop(key, None) if key else None) is None:
                self.unpaired += 1
                log.debug("VTube Studio refused something: %s", message["data"])
            elif not future.done():
                future.set_exception(refusal(message["data"]))
                # Whoever started it may have stopped waiting; that is no fault of theirs.
                future.exception()
            return
        future = self._waiting.pop((request_id, kind), None)
        if future is not None:
            if not future.done():
                future.set_result(message["data"])
        elif kind.endswith("Event"):
            self._heard(kind, message["data"])
        else:
            self.unpaired += 1
            log.debug("VTube Studio answered what nobody asked: %s %s", kind, request_id)
