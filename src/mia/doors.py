"""Where MIA is reached: a port of this machine and, if wanted, one of the local network. Both can
be moved while she runs, without anybody at the keyboard: the new one is open before the old one is
shut, and what cannot be opened changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp

from mia.blocking import run_blocking
from mia.config.schema import Web
from mia.home import Home
from mia.redaction import hide
from mia.web import lan as network
from mia.web.access import Access
from mia.web.lan import Lan
from mia.web.security import Doorway
from mia.web.server import Door, PortInUse


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is: what a browser calls it by. host: empty for any name it has now."""

    host: str
    port: int


class Told(Protocol):
    """Who wants to know where she is reached."""

    def listening(self, host: str, port: int) -> None:
        """The page answers there."""
        ...

    def reachable(self, way: Lan) -> None:
        """She is reached from the local network."""
        ...


class Quiet:
    """Nobody does."""

    def listening(self, host: str, port: int) -> None: ...

    def reachable(self, way: Lan) -> None: ...


@dataclass(slots=True)
class _Net:
    door: Door
    lan: Lan
    port: int


class Doors:
    """web: where she is reached; its port may be 0 for a free one. `run` serves `app` there."""

    def __init__(self, home: Home, web: Web, told: Told | None = None) -> None:
        self._home = home
        self._told = told or Quiet()
        self._web = web
        self._main = Door(web.host, web.port)
        self._net: _Net | None = None
        self._app: ASGIApp | None = None
        self._changed = asyncio.Event()

    @property
    def place(self) -> Place:
        anywhere = self._web.host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::")
        return Place("" if anywhere else self._web.host, self._main.port)

    @property
    def lan(self) -> Lan | None:
        """How she is reached from the local network, None while she is not."""
        return self._net.lan if self._net else None

    async def run(self, app: ASGIApp) -> None:
        """Serve until cancelled. Raises MiaError: the local network's port cannot be had."""
        self._app = app
        if self._web.lan:
            self._net = await self._opened(self._web)
        running: dict[Door, asyncio.Task[None]] = {}
        try:
            while True:
                self._changed.clear()
                wanted = [self._main, *([self._net.door] if self._net else [])]
                for door in wanted:
                    if door not in running:
                        running[door] = asyncio.create_task(door.serve(), name="web server")
                old = [one for one in running if one not in wanted]
                await _ended(*(running[door] for door in old))
                for door in old:
                    del running[door]
                changed = asyncio.create_task(self._changed.wait())
                try:
                    done, _ = await asyncio.wait(
                        {changed, *running.values()}, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    changed.cancel()
                for task in done - {changed}:
                    task.result()  # a server that ends by itself has a reason
        finally:
            self._net = None
            await _ended(*running.values())

    def guarded(self, app: ASGIApp, web: Web) -> ASGIApp:
        """The application as this machine's port shows it."""
        token = web.token.get_secret_value() if web.token else None
        return Doorway(app, Access(web.host, token, origins=tuple(web.allowed_origins)))

    def open(self, app: ASGIApp) -> None:
        """Take the first port. Raises ConfigError `web.token_required`, PortInUse, MiaError."""
        self._app = app
        self._main.bind()
        self._main.app = self.guarded(app, self._web)
        self._told.listening(self._web.host, self._main.port)

    async def move(self, web: Web) -> bool:
        """Be reached as `web` says from now on; whether this machine's port is another one.

        Raises MiaError: it cannot be had. Then nothing has changed.
        """
        assert self._app is not None
        shown = self.guarded(self._app, web)  # raises, where a token is needed
        moves = (web.host, web.port) != (self._web.host, self._web.port)
        main = self._bound(web) if moves else self._main
        try:
            net = await self._opened(web) if web.lan and self._differs(web) else None
        except BaseException:  # what was opened for it is shut again, and it goes on up
            if moves:
                main.shut()
            raise
        main.app = shown
        if self._net is not None and (not web.lan or net is not None):
            self._net.door.shut()
        if not web.lan or net is not None:
            self._net = net
        if moves:
            self._main.shut()
        self._main, self._web = main, web
        self._changed.set()
        if moves:
            self._told.listening(web.host, main.port)
        return moves

    def _bound(self, web: Web) -> Door:
        """Another port of this machine's, or the same for other addresses."""
        door = Door(web.host, web.port)
        try:
            door.bind()
        except PortInUse:
            if web.port != self._main.port:
                raise
            # We hold it ourselves, for another address: both at once cannot be.
            self._main.shut()
            try:
                door.bind()
            except (
                BaseException
            ):  # whatever it was: the old port is opened again, and it goes on up
                self._main = self._main.again()
                self._changed.set()
                raise
        return door

    def _differs(self, web: Web) -> bool:
        """Whether the local network's port is another one, or has another token."""
        before = self._web
        return self._net is None or (web.lan_port, web.token) != (before.lan_port, before.token)

    async def _opened(self, web: Web) -> _Net:
        """The local network's port: encrypted, and with a token."""
        assert self._app is not None
        folder = self._home.data
        found = await run_blocking(network.addresses)
        token = web.token.get_secret_value() if web.token else ""
        shown: str = token or await run_blocking(network.token, folder)
        tls, print_ = await run_blocking(network.context, folder, (*found, *network.names()))
        if self._net is not None and web.lan_port == self._net.port:
            self._net.door.shut()
        door = Door("0.0.0.0", web.lan_port, tls=tls)
        door.bind()
        access = Access("0.0.0.0", shown, hosts=network.names())
        door.app = Doorway(self._app, access)
        hide(shown)
        ways = [network.url(address, door.port) for address in found] or [
            network.url("127.0.0.1", door.port)
        ]
        way = Lan(ways[0], tuple(ways[1:]), shown, print_)
        self._told.reachable(way)
        return _Net(door, way, web.lan_port)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """Stop these servers: running requests get their time to end."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
