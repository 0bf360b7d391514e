"""The HTTP API and the pages' files, asked through the whole application."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from starlette.testclient import TestClient

from mia.avatar.output import OutputState
from mia.errors import MiaError, ModelUnavailable
from mia.strings import catalogue, languages
from mia.telemetry.events import Notice
from mia.web import Health, create_app
from tests.web.conftest import World


@pytest.fixture
def client(world: World) -> TestClient:
    return TestClient(create_app(world.services()), base_url="http://localhost:8080")


def test_health_is_200_only_when_she_can_talk(world: World, client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    world.health = Health(
        "failed", ("tts",), (ModelUnavailable("backend.unknown", port="p", name="n", known="k"),)
    )
    answer = client.get("/healthz")
    assert answer.status_code == 503
    body = answer.json()
    assert body["waiting"] == ["tts"]
    assert body["missing"][0]["code"] == "backend.unknown"
    assert set(body["missing"][0]["text"]) == set(languages())


def test_state_history_and_turns_follow_the_conversation(world: World) -> None:
    with TestClient(create_app(world.services()), base_url="http://localhost:8080") as client:
        said = client.post("/api/v1/say", json={"text": "Hola"})
        assert said.status_code == 202
        history = client.get("/api/v1/history").json()["items"]
        assert [item["text"] for item in history] == ["Hola", "Son las tres. ¿Y en tu casa?"]
        assert history[0]["id"] == said.json()["turn_id"]
        state = client.get("/api/v1/state").json()
        (turn,) = state["turns"]
        assert (turn["user_text"], turn["status"]) == ("Hola", "completed")
        assert (turn["v2v_ms"], turn["stages"]) == (820.1, {"stt": 310.0})
        assert state["state"]["phase"] == "idle"
        assert state["config"] == {"language": "es"}


def test_each_output_of_her_face_is_shown_with_what_to_do_about_it(world: World) -> None:
    states = {
        "osc": OutputState("connected", None, {"port": 9000}),
        "vts": OutputState("waiting", MiaError("vts.allow")),
    }
    app = create_app(world.services(avatar=lambda: states))
    rows = TestClient(app, base_url="http://localhost:8080").get("/api/v1/avatar").json()["outputs"]
    assert rows[0] == {
        "name": "osc",
        "status": "connected",
        "problem": None,
        "details": {"port": 9000},
    }
    assert rows[1]["status"] == "waiting"
    assert rows[1]["problem"]["code"] == "vts.allow"
    assert "VTube Studio" in rows[1]["problem"]["text"]["es"]


def test_the_buttons_work(world: World, client: TestClient) -> None:
    assert world.stage is not None
    assert client.post("/api/v1/stop").status_code == 204
    assert world.stage.calls[-1] == ("stop",)
    assert client.post("/api/v1/mute").json()["muted"] is True
    assert client.post("/api/v1/mute").json()["muted"] is False
    assert client.post("/api/v1/mute", json={"muted": True}).json()["muted"] is True
    assert world.stage.muted
    assert client.post("/api/v1/pause").json()["paused"] is True
    assert client.post("/api/v1/pause").json()["paused"] is False
    assert client.post("/api/v1/pause", json={"paused": True}).json()["paused"] is True
    assert world.stage.paused


def test_how_she_is_spoken_to_is_set_piece_by_piece(world: World, client: TestClient) -> None:
    talk = world.stage
    assert talk is not None

    def ask(**wish: Any) -> dict[str, Any]:
        answer = client.post("/api/v1/input", json=wish)
        assert answer.status_code == 200
        return {name: value for name, value in answer.json().items() if name != "version"}

    said = {"mode": "push-to-talk", "muted": False, "paused": False}
    assert ask(mode="push-to-talk") == said
    assert ask(pressed=True) == said
    assert talk.pressed
    assert ask(pressed=False, stop=True) == said
    assert not talk.pressed
    assert talk.calls[-2:] == [("release",), ("stop",)]
    assert ask(muted=True, paused=True) == {**said, "muted": True, "paused": True}
    assert ask() == {**said, "muted": True, "paused": True}
    state = client.get("/api/v1/state").json()["state"]
    assert {name: state[name] for name in said} == {**said, "muted": True, "paused": True}


@pytest.mark.parametrize("wish", [{"mode": "telepathy"}, {"muted": "loud"}, {"volume": 3}])
def test_a_way_of_speaking_there_is_not_changes_nothing(
    world: World, client: TestClient, wish: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/input", json={"paused": True, **wish})
    assert answer.status_code == 422
    assert world.stage is not None
    assert not world.stage.paused


def test_the_event_log_tells_what_happened_in_order(world: World) -> None:
    with TestClient(create_app(world.services()), base_url="http://localhost:8080") as client:
        client.post("/api/v1/say", json={"text": "Hola"})
        told = client.get("/api/v1/events").json()
        events = told["events"]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert told["newest"] == len(events)
        kinds = [event["kind"] for event in events]
        assert kinds.index("Heard") < kinds.index("ReplyStarted") < kinds.index("ReplyEnded")
        heard = events[kinds.index("Heard")]
        assert (heard["text"], heard["conversation"], heard["typed"]) == ("Hola", "stage", True)

        client.post("/api/v1/pause")
        query = {"after": told["newest"], "kinds": ["ModeChanged", "Heard"]}
        (changed,) = client.get("/api/v1/events", params=query).json()["events"]
        assert changed["paused"] is True
        query["kinds"] = "ModeChanged, Heard"
        assert client.get("/api/v1/events", params=query).json()["events"] == [changed]
        first = client.get("/api/v1/events", params={"limit": 2}).json()
        assert [event["seq"] for event in first["events"]] == [1, 2]
        assert client.get("/api/v1/events", params={"conversation": "x"}).json()["events"] == []


def test_what_is_no_plain_data_is_told_as_text(world: World) -> None:
    assert world.stage is not None
    with TestClient(create_app(world.services()), base_url="http://localhost:8080") as client:
        parameters = {"path": Path("a/b"), "error": ValueError("odd"), "lacking": None}
        notice = Notice(
            at=0.0,
            conversation="",
            level="error",
            code="x",
            parameters=MappingProxyType(parameters),
        )
        world.bus.publish(notice)
        (event,) = client.get("/api/v1/events").json()["events"]
    assert event["parameters"] == {"path": "a/b", "error": "odd", "lacking": None}


@pytest.mark.parametrize("query", ["after=-1", "limit=0", "limit=99999", "after=x"])
def test_a_wrong_question_about_events_is_a_clear_error(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/v1/events?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "web.bad_request"


def test_before_she_can_talk_the_buttons_say_so(world: World, client: TestClient) -> None:
    world.stage = None
    for path, body in (
        ("say", {"text": "Hola"}),
        ("stop", None),
        ("mute", None),
        ("pause", None),
        ("input", {}),
    ):
        answer = client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "realtime.not_ready"
    assert client.get("/api/v1/state").json()["state"] is None
    assert client.get("/api/v1/history").json()["items"] == []


@pytest.mark.parametrize("body", ["{", '{"text": ""}', '{"text": "  "}', '{"tex": 1}', "[]", "5"])
def test_a_wrong_body_is_a_clear_error(client: TestClient, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/say", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "web.bad_request"


def test_errors_have_one_shape(client: TestClient) -> None:
    cases: list[tuple[Any, int, str]] = [
        (client.get("/nowhere"), 404, "web.not_found"),
        (client.get("/api/v1/strings/tlh"), 404, "web.not_found"),
        (client.get("/ui/nothing.js"), 404, "web.not_found"),
        (client.get("/ui/../app.py"), 404, "web.not_found"),
        (client.get("/ui/%2e%2e/app.py"), 404, "web.not_found"),
        (client.get("/api/v1/say"), 405, "web.method_not_allowed"),
        (client.post("/api/v1/say", content=b"text=Hola"), 415, "web.not_json"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert set(answer.json()["error"]["text"]) == set(languages())


def test_strings_are_the_catalogue(client: TestClient) -> None:
    assert client.get("/api/v1/strings/es").json()["strings"] == catalogue("es")
    assert "es" in client.get("/api/v1/strings").json()["languages"]


def test_source_names_release_and_licence(client: TestClient) -> None:
    source = client.get("/api/v1/source").json()
    assert source["source"].startswith("https://")
    assert source["licence"] == "AGPL-3.0-only"


def test_metrics_count_what_happened(world: World) -> None:
    with TestClient(create_app(world.services()), base_url="http://localhost:8080") as client:
        client.post("/api/v1/say", json={"text": "Hola"})
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'mia_turns_total{input="typed"} 1.0' in answer.text
    assert 'mia_sessions{kind="page"} 0.0' in answer.text


def test_pages_are_served_with_types_of_our_own_and_asked_about_each_time(
    client: TestClient,
) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    script = client.get("/ui/page.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == "no-cache"
    assert script.headers["content-encoding"] == "gzip"
    again = client.get("/ui/page.js", headers={"if-none-match": script.headers["etag"]})
    assert again.status_code == 304


def test_the_api_describes_itself_without_loading_anything(client: TestClient) -> None:
    described: dict[str, Any] = client.get("/api/v1/openapi.json").json()
    assert "/api/v1/say" in described["paths"]
    page = client.get("/api/v1/docs").text
    for path in described["paths"]:
        assert path in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("HTTP", "")
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_the_panic_stop_is_set_released_and_shown(world: World) -> None:
    services = world.services()
    client = TestClient(create_app(services), base_url="http://localhost:8080")
    assert client.get("/api/v1/state").json()["panic"] is False
    for _ in range(2):  # a second press never lets her speak again
        assert client.post("/api/v1/panic").json()["panic"] is True
        assert services.panic.on
        assert client.get("/api/v1/state").json()["panic"] is True
    assert client.post("/api/v1/panic", json={"on": False}).json()["panic"] is False
    assert not services.panic.on
    assert (
        client.post("/api/v1/panic", headers={"origin": "http://evil.example"}).status_code == 403
    )
