"""MIA goes to the user's own servers and the internet's, and never where clouds keep keys."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from aiohttp import web

from mia.addresses import ForbiddenAddress, check_host, forbidden_host
from mia.servers import address, client, forbidden_of

METADATA = (
    "169.254.169.254",
    "169.254.170.2",  # AWS ECS
    "100.100.100.200",  # Alibaba
    "192.0.0.192",  # Oracle
    "fd00:ec2::254",
    "fe80::a9fe:a9fe",
    "metadata.google.internal",
    "METADATA.google.internal.",
    "instance-data",
    "2852039166",  # the same, in one number
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.0xfea9fe",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "fe80::1%eth0",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "0.0.0.1",
)
ALLOWED = (
    "localhost",
    "127.0.0.1",
    "0.0.0.0",
    "::1",
    "192.168.1.7",
    "10.0.0.3",
    "172.16.5.4",
    "100.64.0.9",  # Tailscale
    "fd12:3456::1",
    "8.8.8.8",
    "2606:4700::1111",
    "api.openai.com",
    "my-desktop.local",
    "64:ff9b::8.8.8.8",
)


@pytest.mark.parametrize("host", METADATA)
def test_no_way_of_writing_it_leads_to_a_metadata_service(host: str) -> None:
    assert forbidden_host(host)
    with pytest.raises(ForbiddenAddress):
        asyncio.run(check_host(host))
    spelt = f"[{host}]" if ":" in host else host
    with pytest.raises(ValueError):
        address(f"http://{spelt}/v1")


@pytest.mark.parametrize("host", ALLOWED)
def test_servers_of_ones_own_and_of_the_internet_are_allowed(host: str) -> None:
    assert not forbidden_host(host)
    spelt = f"[{host}]" if ":" in host else host
    assert address(f"http://{spelt}:1234/v1/") == f"http://{spelt}:1234/v1"


def leads_to(monkeypatch: pytest.MonkeyPatch, *places: str) -> None:
    """Whatever is looked up is found there."""

    async def getaddrinfo(self: object, host: object, port: object, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, 0)) for place in places]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", getaddrinfo)


def test_a_name_that_leads_there_is_refused_when_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leads_to(monkeypatch, "93.184.215.14", "169.254.169.254")
    with pytest.raises(ForbiddenAddress) as caught:
        asyncio.run(check_host("innocent.example"))
    assert "innocent.example" in caught.value.text("es")
    leads_to(monkeypatch, "192.168.1.7")
    asyncio.run(check_host("my-desktop.local"))


def test_a_server_that_sends_on_to_it_is_refused() -> None:
    async def send_on(_request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("http://169.254.169.254/latest/meta-data/")

    async def scenario() -> BaseException:
        app = web.Application()
        app.router.add_get("/v1/models", send_on)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        there = client(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", "", 5)
        try:
            with pytest.raises(Exception) as caught:  # the library's, whatever it is
                await there.models.list()
            return caught.value
        finally:
            await there.close()
            await runner.cleanup()

    found = forbidden_of(asyncio.run(scenario()))
    assert found is not None
    assert found.code == "server.forbidden_address"
