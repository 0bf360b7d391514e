"""Her voice over HTTP: what it is, what it could be, and changing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from mia.errors import BackendUnavailable
from mia.strings import languages
from mia.web import create_app
from tests.web.conftest import World

ROW = {"id": "a", "name": "A", "language": "es", "gender": "", "backend": "x", "licence": ""}


class Control:
    def __init__(self) -> None:
        self.state: dict[str, Any] = {
            "backend": "auto",
            "voice": None,
            "speed": 1.0,
            "semitones": 0.0,
        }
        self.wishes: list[Mapping[str, Any]] = []

    def now(self) -> Mapping[str, object]:
        return self.state

    async def offered(self) -> list[dict[str, str]]:
        return [ROW, {**ROW, "id": "b", "language": "en"}, {**ROW, "id": "c", "language": ""}]

    async def change(self, wish: Mapping[str, Any]) -> None:
        self.wishes.append(wish)
        if wish.get("voice") == "nobody":
            raise BackendUnavailable("tts.no_such_voice", voice="nobody")
        self.state |= wish


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
def client(world: World, control: Control) -> TestClient:
    app = create_app(world.services(voice=lambda: control))
    return TestClient(app, base_url="http://localhost:8080")


def test_the_voice_is_changed_piece_by_piece(client: TestClient, control: Control) -> None:
    now = {"version": 1, "backend": "auto", "voice": None, "speed": 1.0, "semitones": 0.0}
    assert client.get("/api/v1/voice").json() == now
    answer = client.patch("/api/v1/voice", json={"speed": 1.25})
    assert answer.json() == {**now, "speed": 1.25}
    answer = client.patch("/api/v1/voice", json={"voice": "a", "semitones": -2, "speed": None})
    assert answer.json() == {**now, "speed": 1.25, "voice": "a", "semitones": -2}
    assert control.wishes == [{"speed": 1.25}, {"voice": "a", "semitones": -2}]
    assert client.patch("/api/v1/voice", json={"voice": None}).json()["voice"] is None


@pytest.mark.parametrize(
    "wish", [{"speed": 9}, {"semitones": 40}, {"pitch": 1}, {"voice": 3}, {"voice": "nobody"}]
)
def test_what_cannot_be_had_is_said(client: TestClient, wish: dict[str, Any]) -> None:
    answer = client.patch("/api/v1/voice", json=wish)
    assert answer.status_code == 422
    assert set(answer.json()["error"]["text"]) == set(languages())


def test_the_voices_are_listed_by_language(client: TestClient) -> None:
    assert [v["id"] for v in client.get("/api/v1/voices").json()["voices"]] == ["a", "b", "c"]
    listed = client.get("/api/v1/voices", params={"language": "es"}).json()["voices"]
    assert [voice["id"] for voice in listed] == ["a", "c"]


def test_before_she_has_a_voice_it_is_said(world: World) -> None:
    client = TestClient(create_app(world.services()), base_url="http://localhost:8080")
    for answer in (client.get("/api/v1/voice"), client.patch("/api/v1/voice", json={})):
        assert answer.status_code == 503
