"""Which embedder is chosen, and how one of before is loaded another time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mia.backends import Context, Options
from mia.config import installed
from mia.embedders import Embedders
from mia.errors import BackendUnavailable, MiaError
from mia.home import Home
from mia.mind.memory.indexes.builtin import Indexes
from mia.models import ModelStore
from tests.support.changing import MeaningEmbedder

KEY = "sk-quetzal"


class Loading:
    """Stands for the backends; remembers what each was loaded with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, Any]] = []
        self.broken: set[str] = set()
        monkeypatch.setattr("mia.embedders.backends.load", self)

    async def __call__(self, port: str, name: str, options: Options, _context: Context) -> Any:
        if port == "index":
            return Indexes(self.folder / "index")
        self.asked.append((name, options))
        if name in self.broken:
            raise BackendUnavailable("server.offline", name=name, url="http://localhost")
        return MeaningEmbedder(name, 8)


def embedders(folder: Path, chosen: dict[str, Any], troubles: list[MiaError]) -> Embedders:
    config = installed().model_validate({"memory": {"embedder": chosen}})
    context = Context(ModelStore(Home(folder)), ("es",), folder)
    return Embedders(config, folder, context, troubles.append)


def served(url: str, model: str = "bge-m3") -> dict[str, Any]:
    return {"backend": "openai", "openai": {"base_url": url, "model": model, "api_key": KEY}}


def test_the_one_of_before_is_loaded_as_it_was_without_its_key_being_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading = Loading(monkeypatch, tmp_path)
    before = embedders(tmp_path, served("http://localhost:1/v1"), [])
    asyncio.run(before.load())
    recipe = before.recipe()
    assert recipe is not None
    assert KEY not in recipe
    now = embedders(tmp_path, served("http://localhost:1/v1", "another"), [])
    asyncio.run(now.again(recipe))
    name, options = loading.asked[-1]
    assert (name, options.model) == ("openai", "bge-m3")
    assert options.api_key.get_secret_value() == KEY, "it is the same server"


def test_a_key_is_given_to_no_other_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loading = Loading(monkeypatch, tmp_path)
    before = embedders(tmp_path, served("http://localhost:1/v1"), [])
    asyncio.run(before.load())
    now = embedders(tmp_path, served("http://localhost:2/v1"), [])
    asyncio.run(now.again(before.recipe() or ""))
    _, options = loading.asked[-1]
    assert options.base_url == "http://localhost:1/v1"
    assert options.api_key.get_secret_value() == ""


def test_one_that_takes_the_place_of_a_broken_choice_only_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, troubles = Loading(monkeypatch, tmp_path), list[MiaError]()
    loading.broken.add("openai")
    found = embedders(tmp_path, served("http://localhost:1/v1"), troubles)
    embedder, _ = asyncio.run(found.load())
    assert embedder is not None
    assert embedder.name == "use"
    assert found.recipe() is None
    assert [error.code for error in troubles] == ["server.offline"]


@pytest.mark.parametrize("recipe", ["", "[]", '["gone", {}]', '["use", {"new": 1}]'])
def test_a_recipe_nobody_can_follow_is_told_as_one(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Loading(monkeypatch, tmp_path)
    found = embedders(tmp_path, {"backend": "use"}, [])
    with pytest.raises(BackendUnavailable):
        asyncio.run(found.again(recipe))


@pytest.mark.parametrize("chosen", ["auto", "builtin", "chroma"])
def test_vectors_an_embedded_chroma_left_on_the_disk_are_deleted(
    chosen: str, tmp_path: Path
) -> None:
    import chromadb
    from chromadb.config import Settings

    left = tmp_path / "index" / "chroma"
    client: Any = chromadb.PersistentClient(str(left), Settings(anonymized_telemetry=False))
    client.create_collection("mia-0", embedding_function=None).add(["1"], [[0.25] * 8])
    assert (left / "chroma.sqlite3").exists()
    config = installed().model_validate({"memory": {"index": {"backend": chosen}}})
    context = Context(ModelStore(Home(tmp_path)), ("es",), tmp_path)
    troubles = list[MiaError]()
    found = Embedders(config, tmp_path, context, troubles.append)
    index = asyncio.run(found.index("use", 8))
    assert index is not None
    assert troubles == []
    assert not left.exists()
    index.close()


def test_a_chroma_that_cannot_be_deleted_is_told_of_and_memories_are_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    left = tmp_path / "index" / "chroma"
    left.parent.mkdir()
    left.write_bytes(b"no folder")
    found = embedders(tmp_path, {"backend": "use"}, [])
    index = asyncio.run(found.index("use", 8))
    assert index is not None
    assert str(left) in caplog.text
    index.close()
