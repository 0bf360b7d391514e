"""Ways into the test's VTube Studio: in memory for the virtual clock, real sockets for others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from mia.avatar.outputs.vts.protocol import Gone
from tests.avatar.vts.program import VTubeStudio


class End:
    """One end of a wire in memory."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[str | None] = asyncio.Queue(10_000)
        self.other: End | None = None
        self.open = True

    async def send(self, text: str) -> None:
        if not self.open or self.other is None:
            raise ConnectionResetError("closed")
        self.other.incoming.put_nowait(text)

    async def messages(self) -> AsyncIterator[str]:
        while self.open and (text := await self.incoming.get()) is not None:
            yield text

    async def close(self) -> None:
        for end in (self, self.other):
            if end is not None and end.open:
                end.open = False
                end.incoming.put_nowait(None)


class ClientEnd(End):
    """The plugin's end: raises what MIA's own socket raises."""

    async def send(self, text: str) -> None:
        try:
            await super().send(text)
        except ConnectionError as error:
            raise Gone("closed") from error


class Door:
    """How MIA gets to a VTube Studio that may or may not run: `Door.open` is a way to connect."""

    def __init__(self, program: VTubeStudio | None = None) -> None:
        self.program = program
        self.knocks: list[float] = []
        """When somebody tried."""

    async def open(self, host: str, port: int) -> ClientEnd:
        self.knocks.append(asyncio.get_running_loop().time())
        program = self.program
        if program is None or not program.api_on or port != program.port:
            raise Gone("refused")
        near, far = ClientEnd(), End()
        near.other, far.other = far, near
        program._start(program.attend(far))
        return near


class _Web:
    """A WebSocket as the program's line."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise ConnectionResetError from error

    async def messages(self) -> AsyncIterator[str | bytes]:
        with contextlib.suppress(ConnectionClosed):
            async for text in self._connection:
                yield text

    async def close(self) -> None:
        await self._connection.close()


@dataclass(frozen=True)
class Served:
    program: VTubeStudio
    port: int
    discovery_port: int


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def served(
    program: VTubeStudio, *, port: int = 0, discovery_port: int = 0
) -> AsyncIterator[Served]:
    """Let others in over a real WebSocket, and announce it over real UDP."""

    async def attend(connection: ServerConnection) -> None:
        await program.attend(_Web(connection))

    discovery = discovery_port or free_udp_port()
    async with serve(attend, "127.0.0.1", port, compression=None) as server:
        program.port = next(iter(server.sockets)).getsockname()[1]
        task = asyncio.create_task(_announce(program, discovery))
        try:
            yield Served(program, program.port, discovery)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _announce(program: VTubeStudio, port: int) -> None:
    """Every two seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while True:
            sender.sendto(program.announcement(), ("127.0.0.1", port))
            await asyncio.sleep(2)
