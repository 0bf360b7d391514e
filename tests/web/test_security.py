"""Who may come in, and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from mia.errors import ConfigError
from mia.web import Access, create_app
from tests.web.conftest import World

HOME = "http://localhost:8080"
HOST = {"host": "localhost:8080"}
SOCKET = "ws://localhost:8080/v1/realtime"
LAN = "ws://192.168.1.7:8080/v1/realtime"
TOKEN = "a-long-token-for-tests"


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(create_app(world.services()), base_url=HOME)


@pytest.fixture
def guarded(world: World) -> TestClient:
    """A server that listens beyond this machine."""
    world.access = Access("0.0.0.0", TOKEN, hosts=("mia.example",))
    return TestClient(create_app(world.services()), base_url="http://192.168.1.7:8080")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:9999", "[::1]:8080", "LOCALHOST:8080"]
)
def test_our_own_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "192.168.1.7:8080",
        "user@localhost",
        "localhost:99999",
        "localhost/x",
        "127.0.0.1.evil.example",
        "[::1",
        "",
    ],
)
def test_a_domain_that_was_pointed_at_us_is_not_served(client: TestClient, host: str) -> None:
    answer = client.get("/api/v1/history", headers={"host": host})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "web.forbidden_host"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:3000", "null", "https://localhost", ""]
)
def test_another_sites_page_cannot_change_anything(
    world: World, client: TestClient, origin: str
) -> None:
    answer = client.post("/api/v1/mute", headers={"origin": origin})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "web.forbidden_origin"
    assert world.stage is not None
    assert not world.stage.muted


def test_our_own_page_and_programs_may(client: TestClient) -> None:
    assert client.post("/api/v1/mute", headers={"origin": HOME}).status_code == 200
    assert client.post("/api/v1/mute").status_code == 200
    headers = {"sec-fetch-site": "cross-site"}
    assert client.post("/api/v1/mute", headers=headers).status_code == 403


def test_a_configured_origin_may(world: World) -> None:
    world.access = Access(origins=("https://deck.example",))
    client = TestClient(create_app(world.services()), base_url=HOME)
    headers = {"origin": "https://deck.example"}
    assert client.post("/api/v1/mute", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}])
def test_a_cross_site_websocket_is_refused_before_it_opens(
    client: TestClient, headers: dict[str, str]
) -> None:
    with pytest.raises(WebSocketDenialResponse) as refused:
        client.websocket_connect(SOCKET, headers={**HOST, **headers}).__enter__()
    assert refused.value.status_code == 403
    with client.websocket_connect(SOCKET, headers={**HOST, "origin": HOME}) as socket:
        assert socket.receive_json()["type"] == "session.created"


def test_beyond_loopback_a_token_must_be_configured() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "mia.example"):
        with pytest.raises(ConfigError) as caught:
            Access(host)
        assert caught.value.code == "web.token_required"
    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2"):
        Access(host)


def test_beyond_loopback_everything_but_health_needs_the_token(guarded: TestClient) -> None:
    for path in ("/", "/ui/page.js", "/metrics", "/api/v1/history", "/api/v1/openapi.json"):
        answer = guarded.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert guarded.get("/healthz").status_code == 200


@pytest.mark.parametrize("offered", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ñandú"])
def test_a_wrong_token_does_not_open(guarded: TestClient, offered: str) -> None:
    headers = {b"authorization": f"Bearer {offered}".encode()}
    assert guarded.get("/metrics", headers=headers).status_code == 401
    assert guarded.get("/metrics", params={"token": offered}).status_code == 401
    with pytest.raises(WebSocketDenialResponse) as refused:
        guarded.websocket_connect(f"{LAN}?token={offered}", headers=headers).__enter__()
    assert refused.value.status_code == 401
    guarded.cookies.set("mia_session", "0" * 64)
    assert guarded.get("/metrics").status_code == 401


def test_the_token_opens_as_header_and_as_query(guarded: TestClient) -> None:
    headers = {"authorization": f"bearer {TOKEN}"}
    assert guarded.get("/metrics", headers=headers).status_code == 200
    with guarded.websocket_connect(LAN, headers=headers) as socket:
        assert socket.receive_json()["type"] == "session.created"
    with guarded.websocket_connect(f"{LAN}?token={TOKEN}") as socket:
        assert socket.receive_json()["type"] == "session.created"


def test_a_page_opened_with_the_token_goes_on_with_a_cookie(guarded: TestClient) -> None:
    page = guarded.get("/", params={"token": TOKEN})
    assert page.status_code == 200
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age=2592000" in cookie  # the page takes the token out of its address
    assert TOKEN not in cookie
    assert guarded.get("/api/v1/history").status_code == 200
    with guarded.websocket_connect(f"{LAN}?conversation=stage") as socket:
        assert socket.receive_json()["type"] == "session.created"


def test_beyond_loopback_addresses_and_configured_names_are_served(guarded: TestClient) -> None:
    for host in ("10.0.0.3:8080", "[fe80::1]:8080", "mia.example", "mia.example:9000"):
        assert guarded.get("/healthz", headers={"host": host}).status_code == 200
    assert guarded.get("/healthz", headers={"host": "evil.example"}).status_code == 403


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    text = "x" * (1024 * 1024)
    answer = client.post("/api/v1/say", json={"text": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "web.body_too_large")

    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    assert client.post("/api/v1/say", content=pieces()).status_code == 413


def test_every_answer_keeps_the_page_to_its_own_origin(client: TestClient) -> None:
    for path in ("/", "/ui/page.js", "/api/v1/docs", "/nowhere", "/healthz"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self'")
        assert "unsafe" not in policy
        assert "ws://localhost:8080" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_a_person_without_the_token_reads_what_to_do(guarded: TestClient) -> None:
    answer = guarded.get("/", headers={"accept": "text/html,*/*"})
    assert answer.status_code == 401
    assert "?token=" in answer.text
