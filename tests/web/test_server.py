"""Where the server listens, and what is said when it cannot."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mia.errors import MiaError
from mia.web import PortInUse, bind, serve


async def nothing(scope: object, receive: object, send: object) -> None:
    """An application that is never asked."""


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse) as caught:
            asyncio.run(serve(nothing, "127.0.0.1", port))
    assert caught.value.code == "web.port_in_use"
    for language in ("es", "en"):
        assert str(port) in caught.value.text(language)
        assert "{" not in caught.value.text(language)


@pytest.mark.parametrize(("host", "port"), [("no such host", 0), ("127.0.0.1", 70_000)])
def test_an_address_that_does_not_exist_is_a_clear_error(host: str, port: int) -> None:
    with pytest.raises(MiaError) as caught:
        bind(host, port)
    assert caught.value.code == "web.cannot_listen"


def test_the_port_is_free_again_when_the_server_has_stopped() -> None:
    async def scenario(port: int) -> int:
        bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(nothing, "127.0.0.1", port, ready=bound.set_result))
        taken = await bound
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return taken

    port = asyncio.run(scenario(0))
    assert asyncio.run(scenario(port)) == port
