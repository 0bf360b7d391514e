"""The HTTP server inside the running loop: bound first, stopped by cancelling."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
import ssl
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from mia.errors import MiaError

#: Largest WebSocket message: about a minute of the realtime protocol's sound.
MAX_MESSAGE = 4 * 1024 * 1024
_GRACE_SECONDS = 3


class PortInUse(MiaError):
    """The address cannot be listened on."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises PortInUse `web.port_in_use`, or MiaError `web.cannot_listen`.
    """
    try:
        if not 0 <= port <= 65_535:
            raise OverflowError("ports go from 0 to 65535")
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        raise MiaError("web.cannot_listen", host=host, port=port, reason=error) from error
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # On Windows SO_REUSEADDR would let two programs share the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Inherited by every connection: one whose client takes nothing for 20 s is dropped.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000)
        listener.bind(address)
        listener.listen(128)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse("web.port_in_use", host=host, port=port) from error
        raise MiaError("web.cannot_listen", host=host, port=port, reason=error) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: the process's own are MIA's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Door:
    """One address that is listened on. `bind` comes first, then `app` is set, then `serve`."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        """port: 0 for a free one. tls: speak HTTPS."""
        self.app: ASGIApp | None = None
        """What is served; it may be exchanged at any time."""
        self._host = host
        self._port = port
        self._tls = tls
        self._listener: socket.socket | None = None
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        return self._port

    def bind(self) -> None:
        """Take the port; connections wait until `serve`. Raises PortInUse, MiaError."""
        self.listen_on(bind(self._host, self._port))

    def listen_on(self, listener: socket.socket) -> None:
        """Use this socket of `bind`'s."""
        self._listener = listener
        self._port = listener.getsockname()[1]

    def shut(self) -> None:
        """Take no more connections and let go of the port; those there are go on."""
        for server in getattr(self._server, "servers", ()):
            server.close()
        if self._listener is not None:
            self._listener.close()

    def again(self) -> Door:
        """This door, bound anew after it was shut. Raises PortInUse, MiaError."""
        door = Door(self._host, self._port, tls=self._tls)
        door.app = self.app
        door.bind()
        return door

    async def serve(self) -> None:
        """Serve until cancelled; then the socket is closed and running requests get 3 s to end."""
        if self._listener is None:
            self.bind()
        assert self._listener is not None
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws_max_size=MAX_MESSAGE,
            ws_per_message_deflate=False,  # sound does not deflate, and costs time for each block
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ssl_context_factory=None if self._tls is None else self._context,
        )
        server = self._server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[self._listener]), name="web server")
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            server.should_exit = True
            await _settled(running)
            raise
        finally:
            self._listener.close()

    def _context(self, _config: uvicorn.Config, _default: object) -> ssl.SSLContext:
        assert self._tls is not None
        return self._tls

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    listener: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
    ready: Callable[[int], None] | None = None,
) -> None:
    """Serve until cancelled; then sockets are closed and running requests get 3 s to end.

    listener: a socket from `bind`, where the port was to be taken early. tls: speak HTTPS. ready:
    called with the port once connections are accepted. Raises PortInUse.
    """
    door = Door(host, port, tls=tls)
    door.app = app
    if listener is None:
        door.bind()
    else:
        door.listen_on(listener)
    if ready is not None:
        ready(door.port)
    await door.serve()


async def _settled(task: asyncio.Task[None]) -> None:
    """Wait for the end of a task that ends by itself, even if we are cancelled once more."""
    done, _ = await asyncio.wait({task}, timeout=_GRACE_SECONDS + 2)
    if not done:
        task.cancel()
        await asyncio.wait({task})


def until_signal(*tasks: asyncio.Task[None]) -> None:
    """A first Ctrl-C (or SIGTERM) ends everything in order."""

    def stop() -> None:
        for task in tasks:
            task.cancel()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop)
        except (NotImplementedError, RuntimeError):
            # Windows' loops have none, and other threads may not: Ctrl-C then raises
            # KeyboardInterrupt, which asyncio.run turns into the same cancellation.
            return
