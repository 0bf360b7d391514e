"""The user's own model over HTTP: checked before it is kept, and given to whoever shows it."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mia.errors import MiaError
from mia.web import create_app
from mia.web.model_file import LARGEST, ModelFile, check
from tests.support import vrm
from tests.web.conftest import World

PATH = "/api/v1/avatar/model"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "model.vrm"


@pytest.fixture
def client(world: World, kept: Path) -> TestClient:
    world.model = ModelFile(kept)
    return TestClient(create_app(world.services()), base_url="http://localhost:8080")


def test_a_model_is_kept_described_given_and_forgotten(client: TestClient) -> None:
    none = {"version": 1, "outputs": [], "model": None, "fixed": False}
    assert client.get("/api/v1/avatar").json() == none
    assert client.get(PATH).status_code == 404
    document, body = vrm.parts()
    large = vrm.glb(document, body + b"\0" * 2_000_000)  # other bodies may not be so large
    for data in (large, vrm.model("0")):
        answer = client.put(PATH, content=data)
        assert answer.status_code == 200
        assert answer.json()["model"]["bytes"] == len(data)
    given = client.get(PATH)
    assert given.content == vrm.model("0")
    assert given.headers["content-type"] == "model/gltf-binary"
    assert client.delete(PATH).status_code == 204
    assert client.get(PATH).status_code == 404


def test_another_sites_page_may_not_bring_a_model(client: TestClient, kept: Path) -> None:
    headers = {"origin": "https://example.org"}
    assert client.put(PATH, content=vrm.model(), headers=headers).status_code == 403
    assert not kept.exists()


def test_what_is_larger_than_any_model_is_not_even_read(client: TestClient, kept: Path) -> None:
    headers = {"content-length": str(LARGEST + 1)}
    assert client.put(PATH, content=b"x", headers=headers).status_code == 413
    assert not kept.exists()


def test_a_bad_file_is_refused_in_every_language_and_the_good_one_stays(
    client: TestClient, kept: Path
) -> None:
    client.put(PATH, content=vrm.model())
    answer = client.put(PATH, content=b"not a model at all")
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "web.model_not_vrm"
    assert set(error["text"]) >= {"es", "en"}
    assert [path.name for path in kept.parent.iterdir()] == ["model.vrm"]
    assert kept.read_bytes() == vrm.model()


def test_a_model_named_in_the_configuration_is_not_replaced(tmp_path: Path) -> None:
    fixed = tmp_path / "mine.vrm"
    fixed.write_bytes(vrm.model())
    model = ModelFile(tmp_path / "kept.vrm", fixed)
    with pytest.raises(MiaError, match=r"web\.model_fixed|avatar_model"):
        model.put(vrm.model("0"))
    with pytest.raises(MiaError, match=r"web\.model_fixed|avatar_model"):
        model.remove()
    assert model.path == fixed
    assert dataclasses.replace(model, fixed=None).path is None


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("web.model_not_vrm", b""),
        ("web.model_not_vrm", b"x" * 100),
        ("web.model_broken", vrm.model()[:-4]),
        ("web.model_broken", struct.pack("<4sIIII", b"glTF", 2, 20, 2**31, 0x4E4F534A)),
        ("web.model_broken", vrm.model()[:20] + b"[" * (len(vrm.model()) - 20)),
        ("web.model_not_vrm", vrm.glb({"asset": {"version": "2.0"}}, b"")),
        (
            "web.model_external",
            vrm.glb({"extensions": {"VRM": {}}, "images": [{"uri": "a.png"}]}, b""),
        ),
        ("web.model_broken", vrm.glb({"extensions": {"VRM": {}}, "images": 3}, b"")),
    ],
)
def test_what_is_no_whole_vrm_is_named(code: str, data: bytes) -> None:
    with pytest.raises(MiaError) as refused:
        check(data)
    assert refused.value.code == code
