"""No secret comes out on a page, in an answer, in a notice or with a crash; no path leads out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mia.errors import BackendUnavailable, MiaError
from mia.redaction import redact
from mia.telemetry.events import Notice
from mia.web import Access, Health, create_app
from mia.web.access import Access as Rules
from tests.web.conftest import World

HOME = "http://localhost:8080"
SOCKET = "ws://localhost:8080/v1/realtime"
SECRET = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _secret() -> Iterator[None]:
    redact.add(SECRET)
    yield
    redact.forget()


def test_an_error_never_repeats_a_secret_whoever_put_it_there() -> None:
    said = f"Incorrect API key provided: {SECRET}, sk-proj-0123456789abcdef"
    error = BackendUnavailable("server.refused", name="x", status=401, reason=said)
    for text in (str(error), error.text("es"), repr(error.parameters), repr(error.args)):
        assert SECRET not in text
        assert "0123456789abcdef" not in text
        assert "Incorrect" in text
    cause = BackendUnavailable("server.refused", name="x", status=1, reason=ValueError(SECRET))
    assert SECRET not in cause.text("en")


def test_no_page_answer_or_event_shows_one(world: World) -> None:
    problem = MiaError("server.refused", name="x", status=401, reason=f"bad key {SECRET}")
    world.health = Health("failed", missing=(problem,))
    client = TestClient(create_app(world.services()), base_url=HOME)
    world.bus.publish(
        Notice(
            at=0, conversation="", level="error", code=problem.code, parameters=problem.parameters
        )
    )
    for path in ("/healthz", "/api/v1/state", "/api/v1/events", "/metrics", "/api/v1/avatar"):
        answer = client.get(path)
        assert answer.status_code in (200, 503)
        assert SECRET not in answer.text, path
    with client.websocket_connect(f"{SOCKET}?conversation=stage") as socket:
        for _ in range(3):
            assert SECRET not in str(socket.receive_json())


def test_a_fault_of_ours_is_logged_and_tells_strangers_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(world.services())

    @app.get("/api/v1/broken")
    async def broken() -> None:
        raise RuntimeError(f"with {SECRET} inside, in {__file__}")

    client = TestClient(app, base_url=HOME)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/v1/broken")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "web.fault"
    for word in (SECRET, "RuntimeError", "Traceback", "test_secrets"):
        assert word not in answer.text
    assert answer.headers["content-security-policy"]
    assert "a request failed" in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        "/ui/../secret.txt",
        "/ui/..%2fsecret.txt",
        "/ui/%2e%2e/secret.txt",
        "/ui/%2e%2e%2fsecret.txt",
        "/ui/....//secret.txt",
        "/ui/..\\secret.txt",
        "/ui/..%5csecret.txt",
        "/ui//secret.txt",
        "/ui/./../secret.txt",
        "/ui/link.txt",
        "/ui/%00",
        "/ui/x%00.js",
        "/ui/C:/secret.txt",
        "/ui/" + "a" * 5_000,
    ],
)
def test_no_address_leads_out_of_the_pages_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text(SECRET)
    ui = tmp_path / "ui"
    ui.mkdir()
    (ui / "index.html").write_text("page")
    (ui / "link.txt").symlink_to(tmp_path / "secret.txt")
    client = TestClient(create_app(World(ui).services()), base_url=HOME)
    answer = client.get(path)
    assert answer.status_code in (200, 404, 405)
    assert SECRET not in answer.text


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison that ends at the first difference tells how much of a guess was right."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("mia.web.access.hmac.compare_digest", compare)
    access = Rules("0.0.0.0", SECRET)
    assert access.token_allowed(SECRET)
    assert not access.token_allowed(SECRET[:-1])
    assert access.cookie_allowed(access.cookie())
    assert not access.cookie_allowed("x")
    assert len(compared) == 4


def test_rules_are_shown_without_their_token() -> None:
    assert SECRET not in repr(Access("0.0.0.0", SECRET))
