"""The local network: a certificate of her own, a token, a second listener with stricter rules."""

from __future__ import annotations

import asyncio
import ssl
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mia.web import Access, bind, create_app, serve
from mia.web.lan import LASTS, RENEW, Lan, addresses, context, names, token, url
from mia.web.phone import svg, terminal
from mia.web.security import Doorway
from tests.web.conftest import World

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOSTS = ("127.0.0.1", "192.168.7.5", "estudio.local")
TOKEN = "a-token-for-the-phone"


def test_a_certificate_is_made_once_and_names_every_address(tmp_path: Path) -> None:
    from cryptography import x509

    _, first = context(tmp_path, HOSTS, lambda: NOW)
    _, again = context(tmp_path, HOSTS[:2], lambda: NOW + timedelta(days=100))
    assert first == again
    made = x509.load_pem_x509_certificate((tmp_path / "lan.crt").read_bytes())
    san = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one) for one in san.get_values_for_type(x509.IPAddress)] == list(HOSTS[:2])
    assert san.get_values_for_type(x509.DNSName) == ["estudio.local"]
    assert made.not_valid_after_utc - made.not_valid_before_utc <= timedelta(days=825)


def test_it_is_made_anew_for_a_new_address_near_its_end_and_when_broken(tmp_path: Path) -> None:
    _, first = context(tmp_path, HOSTS, lambda: NOW)
    _, moved = context(tmp_path, ("10.0.0.9",), lambda: NOW)
    assert moved != first
    _, late = context(tmp_path, ("10.0.0.9",), lambda: NOW + LASTS - RENEW)
    assert late != moved
    (tmp_path / "lan.key").write_text("broken", "utf-8")
    _, mended = context(tmp_path, ("10.0.0.9",), lambda: NOW + LASTS - RENEW)
    assert mended != late


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_key_and_token_are_for_their_owner_only(tmp_path: Path) -> None:
    context(tmp_path, HOSTS, lambda: NOW)
    kept = token(tmp_path)
    assert token(tmp_path) == kept
    assert len(kept) >= 20
    for name in ("lan.key", "lan.token"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_addresses_are_ones_a_phone_could_reach() -> None:
    assert all(not one.startswith(("127.", "169.254.")) for one in addresses())
    assert all(name == name.lower() for name in names())
    assert url("192.168.7.5", 8443) == "https://192.168.7.5:8443"


def test_the_code_holds_the_link_with_the_token() -> None:
    lan = Lan("https://192.168.7.5:8443", (), TOKEN, "AA:BB")
    assert lan.link == f"https://192.168.7.5:8443/?token={TOKEN}"
    assert svg(lan.link).startswith(b"<svg")
    assert len(terminal(lan.link).splitlines()) > 10


@pytest.fixture
def outside(world: World) -> Iterator[TestClient]:
    """The application as the listener of the local network shows it, round the usual one."""
    app = Doorway(create_app(world.services()), Access("0.0.0.0", TOKEN, hosts=("estudio.local",)))
    with TestClient(app, base_url="https://192.168.7.5:8443") as client:
        yield client


def test_from_the_network_nothing_comes_without_the_token(outside: TestClient) -> None:
    assert outside.get("/api/v1/state").status_code == 401
    assert outside.get("/", headers={"accept": "text/html"}).status_code == 401
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert outside.get("/api/v1/state", headers=bearer).status_code == 200
    assert outside.get("/api/v1/state", headers={**bearer, "host": "evil.org"}).status_code == 403


def test_the_link_gives_a_cookie_that_only_https_carries(outside: TestClient) -> None:
    answer = outside.get("/", params={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 200
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert TOKEN not in cookie
    assert outside.get("/api/v1/state").status_code == 200


def test_the_same_application_serves_this_machine_without_a_token(world: World) -> None:
    client = TestClient(create_app(world.services()), base_url="http://localhost:8080")
    assert client.get("/api/v1/state").status_code == 200
    assert client.get("/api/v1/lan").json()["open"] is False
    assert client.get("/api/v1/lan/qr.svg").json()["error"]["code"] == "lan.closed"


def test_a_real_client_on_the_network_s_address_speaks_tls(world: World, tmp_path: Path) -> None:
    """Over sockets, verified against her certificate, with and without the token."""
    found = next(iter(addresses()), "127.0.0.1")

    async def asked(port: int, tls: ssl.SSLContext, head: str) -> str:
        reader, writer = await asyncio.open_connection(found, port, ssl=tls)
        request = f"GET /api/v1/state HTTP/1.1\r\nhost: {found}:{port}\r\n{head}\r\n"
        writer.write(request.encode())
        status = (await reader.readline()).decode()
        writer.close()
        return status

    async def scenario() -> list[str]:
        server_tls, _ = context(tmp_path, (found,))
        listener = bind("0.0.0.0", 0)
        port = listener.getsockname()[1]
        app = Doorway(create_app(world.services()), Access("0.0.0.0", TOKEN))
        serving = asyncio.create_task(
            serve(app, "0.0.0.0", port, listener=listener, tls=server_tls)
        )
        client_tls = ssl.create_default_context(cafile=str(tmp_path / "lan.crt"))
        try:
            return [
                await asked(port, client_tls, "connection: close\r\n"),
                await asked(
                    port, client_tls, f"authorization: Bearer {TOKEN}\r\nconnection: close\r\n"
                ),
            ]
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    without, with_it = asyncio.run(asyncio.wait_for(scenario(), 30))
    assert "401" in without
    assert "200" in with_it
