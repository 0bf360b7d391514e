"""Where MIA is reached is changed while she runs; what cannot be opened changes nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mia.config.schema import Web
from mia.doors import Doors, Place
from mia.errors import MiaError
from mia.home import Home
from mia.web.access import Access
from mia.web.lan import Lan
from mia.web.security import SecurityMiddleware


class Ear:
    """What is said about where she is."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.ways: list[Lan] = []

    def listening(self, _host: str, port: int) -> None:
        self.ports.append(port)

    def reachable(self, way: Lan) -> None:
        self.ways.append(way)


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web(port: int, **more: object) -> Web:
    return Web.model_validate({"port": port, **more})


@asynccontextmanager
async def opened(folder: Path, at: Web) -> AsyncIterator[tuple[Doors, Ear]]:
    async def hello(_: Request) -> PlainTextResponse:
        return PlainTextResponse("here")

    app = SecurityMiddleware(Starlette(routes=[Route("/", hello)]), Access())
    ear = Ear()
    doors = Doors(Home(folder), at, ear)
    doors.open(app)
    running = asyncio.create_task(doors.run(app))
    try:
        yield doors, ear
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def answers(port: int, host: str = "127.0.0.1", **how: object) -> int | None:
    """The status there; None: nobody listens."""
    verify = ssl.create_default_context()
    verify.check_hostname, verify.verify_mode = False, ssl.CERT_NONE  # she signs for herself
    scheme = "https" if how.pop("tls", False) else "http"
    async with httpx.AsyncClient(verify=verify) as client:
        try:
            return (await client.get(f"{scheme}://{host}:{port}/", **how)).status_code  # type: ignore[arg-type]
        except httpx.ConnectError:
            return None


def test_another_port_is_open_before_the_old_one_is_shut(tmp_path: Path) -> None:
    async def run() -> None:
        before, after = free(), free()
        async with opened(tmp_path, web(before)) as (doors, ear):
            assert await answers(before) == 200
            assert await doors.move(web(after))
            assert await answers(after) == 200
            assert ear.ports == [before, after]
            assert doors.place == Place("", after)
            assert await answers(before) is None

    asyncio.run(run())


def test_a_port_that_is_taken_changes_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        before = free()
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            taken = other.getsockname()[1]
            async with opened(tmp_path, web(before)) as (doors, ear):
                with pytest.raises(MiaError) as refused:
                    await doors.move(web(taken))
                assert refused.value.code == "web.port_in_use"
                assert await answers(before) == 200
                assert (doors.place, ear.ports) == (Place("", before), [before])

    asyncio.run(run())


def test_the_same_port_for_the_whole_machine_needs_a_token(tmp_path: Path) -> None:
    async def run() -> None:
        port = free()
        async with opened(tmp_path, web(port)) as (doors, _):
            with pytest.raises(MiaError) as refused:
                await doors.move(web(port, host="0.0.0.0"))
            assert refused.value.code == "web.token_required"
            assert await answers(port) == 200

            await doors.move(web(port, host="0.0.0.0", token=SecretStr("a long enough token")))
            assert await answers(port) == 401
            right = {"authorization": "Bearer a long enough token"}
            assert await answers(port, headers=right) == 200

    asyncio.run(run())


def test_another_token_counts_at_once_without_another_port(tmp_path: Path) -> None:
    async def run() -> None:
        port = free()
        async with opened(tmp_path, web(port)) as (doors, ear):
            assert not await doors.move(web(port, token=SecretStr("a long enough token")))
            assert await answers(port) == 401
            assert ear.ports == [port]

    asyncio.run(run())


def test_the_local_network_is_opened_and_closed(tmp_path: Path) -> None:
    async def run() -> None:
        port, lan = free(), free()
        async with opened(tmp_path, web(port, lan_port=lan)) as (doors, ear):
            assert doors.lan is None
            await doors.move(web(port, lan=True, lan_port=lan))
            assert doors.lan is not None
            assert ear.ways == [doors.lan]
            right = {"authorization": f"Bearer {doors.lan.token}"}
            assert await answers(lan, tls=True) == 401
            assert await answers(lan, tls=True, headers=right) == 200
            assert await answers(port) == 200, "this machine needs no token"

            await doors.move(web(port, lan_port=lan))
            assert doors.lan is None
            assert await answers(lan, tls=True) is None

    asyncio.run(run())
