"""Personas over HTTP: their faces, their models, and the way back to who she was before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mia.personas import Personas, Worn
from mia.web import create_app
from tests.support import vrm
from tests.web.conftest import World

PATH = "/api/v1/personas"


class Config:
    """Settings in a folder; what is saved counts at once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.values: dict[str, Any] = {"persona.name": "Estrella", "prompt.dir": "prompts"}
        self.reloads = 0
        self.dressed: list[Worn] = []

    async def describe(self) -> dict[str, Any]:
        usual = {"persona.name": "MIA", "prompt.dir": "./prompts/"}
        fields = [{"key": key, "default": value} for key, value in usual.items()]
        return {"file": str(self.file), "values": dict(self.values), "fields": fields}

    async def change(
        self, wish: Mapping[str, object], reset: Collection[str], how: str
    ) -> dict[str, Any]:
        self.values.update(wish)
        return {}

    async def secret(self, name: str, value: str) -> None: ...
    async def check_file(self) -> None: ...

    async def reload(self) -> None:
        self.reloads += 1

    async def dress(self) -> None:
        self.dressed.append(self.worn())

    def worn(self) -> Worn:
        base = self.file.parent
        return Personas(base).worn(base / self.values["prompt.dir"])


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path / "config.yaml")


@pytest.fixture
def client(world: World, config: Config) -> TestClient:
    world.further |= {
        "settings": config,
        "reload": config.reload,
        "dress": config.dress,
        "worn": config.worn,
    }
    return TestClient(create_app(world.services()), base_url="http://localhost:8080")


def make(client: TestClient, name: str = "Luna", **more: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"name": name, "files": {"10.md": f"Soy {name}."}, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_chosen_ones_face_is_what_pages_are_told(client: TestClient) -> None:
    face = {"wears": "puppet", "colours": {"hair": "#5b8def"}}
    make(client, face={**face, "expressions": {"web": {"joy": "Happy"}}})
    assert client.get("/api/v1/avatar/face").json()["wears"] is None
    assert client.post(f"{PATH}/luna/choose").status_code == 204
    told = client.get("/api/v1/avatar/face").json()
    assert (told["persona"], told["wears"], told["colours"]) == ("luna", "puppet", face["colours"])
    assert told["expressions"] == {"joy": "Happy"}
    assert told["model"] is None


def test_another_face_needs_no_new_beginning(client: TestClient, config: Config) -> None:
    made = make(client)
    client.post(f"{PATH}/luna/choose")
    assert config.reloads == 1
    wish = {name: made[name] for name in ("name", "files", "settings")}
    client.put(f"{PATH}/luna", json={**wish, "face": {"wears": "puppet"}})
    assert config.reloads == 1
    assert config.dressed[-1].face.wears == "puppet"
    client.put(f"{PATH}/luna", json={**wish, "files": {"10.md": "Otra."}})
    assert config.reloads == 2
    assert config.worn().face.wears == "puppet"


def test_her_model_is_hers_and_a_copy_of_her_has_it_too(client: TestClient, config: Config) -> None:
    make(client, face={"wears": "vrm"})
    client.post(f"{PATH}/luna/choose")
    model = vrm.model()
    put = client.put(f"{PATH}/model?persona=luna", content=model)
    assert put.status_code == 204
    assert config.dressed[-1].model is not None
    address = client.get("/api/v1/avatar/face").json()["model"]
    assert client.get(address).content == model
    make(client, "Otra", face={"wears": "vrm"}, like="luna")
    assert client.get(f"{PATH}/model?persona=otra").content == model
    assert client.delete(f"{PATH}/model?persona=luna").status_code == 204
    assert client.get(f"{PATH}/model?persona=luna").status_code == 404
    assert client.get(f"{PATH}/model?persona=otra").content == model


@pytest.mark.parametrize("persona", ["nobody", "..", "../config", ""])
def test_a_model_goes_to_nobody_who_is_not_there(client: TestClient, persona: str) -> None:
    for ask in (client.get, client.delete):
        assert ask(f"{PATH}/model", params={"persona": persona}).status_code == 404
    answer = client.put(f"{PATH}/model", params={"persona": persona}, content=vrm.model())
    assert answer.status_code == 404


def test_what_is_no_model_is_refused_and_changes_nothing(client: TestClient) -> None:
    make(client)
    answer = client.put(f"{PATH}/model?persona=luna", content=b"<html>" * 99)
    assert answer.json()["error"]["code"] == "web.model_not_vrm"
    assert client.get(f"{PATH}/model?persona=luna").status_code == 404


def test_who_she_was_before_stays_in_the_list_and_can_be_chosen_again(
    client: TestClient, config: Config
) -> None:
    make(client)
    client.post(f"{PATH}/luna/choose")
    rows = client.get(PATH).json()["personas"]
    assert [(row["id"], row["name"], row["current"]) for row in rows] == [
        ("", "Estrella", False),
        ("luna", "Luna", True),
    ]
    assert client.post(f"{PATH}/before/choose").status_code == 204
    assert config.values["persona.name"] == "Estrella"
    assert config.values["prompt.dir"] == "prompts"


def test_a_colour_that_is_none_is_refused(client: TestClient) -> None:
    wish = {"name": "X", "face": {"colours": {"hair": "red; background: url(//x)"}}}
    assert client.post(PATH, json=wish).json()["error"]["code"] == "web.bad_request"
