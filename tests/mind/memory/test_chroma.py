"""Chroma embedded: what it leaves behind is nothing, and what it is filled with is everything."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mia.mind.memory.indexes import chroma
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.indexes.chroma import ChromaIndex, Store
from mia.mind.memory.ports import Vectors
from tests.mind.memory.test_indexes import DIMENSIONS, opener, some


def files_with(folder: Path, vectors: Vectors) -> set[str]:
    """Files that hold any of these, or eight numbers of one on end: a file may hold it in pages."""
    parts = [some.tobytes() for one in vectors for some in np.split(one, DIMENSIONS // 8)]
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(part in path.read_bytes() for part in parts)
    }


@pytest.mark.parametrize("many", [300, 2500])  # its graph is written from a thousand on
def test_an_embedded_chroma_writes_no_vector_that_it_would_have_to_forget(
    many: int, tmp_path: Path
) -> None:
    opened = opener("chroma", tmp_path)
    index, vectors = opened(), some(many)
    index.add(range(1, many + 1), vectors)
    index.add([7], some(1, 9))  # line 7 says something else now
    index.remove([42])
    assert index.search(vectors[41], 1)[0][0] != 42
    assert index.search(some(1, 9)[0], 1)[0][0] == 7
    assert files_with(tmp_path, vectors[[6, 41]]) == set()
    index.close()
    # Beside the own index, which overwrites what it forgets, nothing is there at all.
    assert [path.name for path in tmp_path.rglob("*")] == ["tests-embedder-1.bytes"]
    again = opened()
    assert again.search(vectors[41], 1)[0][0] != 42
    assert again.search(vectors[42], 1)[0][0] == 43
    again.close()


def test_an_embedded_chroma_that_is_closed_leaves_nothing_in_memory(tmp_path: Path) -> None:
    import chromadb
    from chromadb.config import Settings

    other = opener("chroma", tmp_path / "other")()  # keeps alive what both stand on
    index = opener("chroma", tmp_path / "one")()
    assert isinstance(index, ChromaIndex)
    index.add([1], some(1))
    name = index._collection.name
    client: Any = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
    assert name in {one.name for one in client.list_collections()}
    index.close()
    assert name not in {one.name for one in client.list_collections()}
    client.close()
    other.close()


class Gated:
    """A collection that lets nothing in before the gate is open."""

    def __init__(self, collection: Any) -> None:
        self.collection = collection
        self.reached, self.gate = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.collection, name)

    def upsert(self, **given: Any) -> None:
        self.reached.set()
        assert self.gate.wait(60)
        self.collection.upsert(**given)


def test_nothing_waits_for_chroma_to_be_filled_and_it_misses_nothing(tmp_path: Path) -> None:
    own, vectors = BuiltinIndex(tmp_path / "a.bytes", DIMENSIONS), some(2600)
    own.add(range(1, 2501), vectors[:2500])
    store = chroma._embedded()
    gated = Gated(store.collection)
    index = ChromaIndex(own, lambda: Store(gated, store.close))
    assert gated.reached.wait(60)
    # With the lock held meanwhile none of these would return.
    index.add([1], vectors[2550:2551])
    index.add([2501], vectors[2500:2501])
    index.remove([2, 2500])
    assert index.search(vectors[2550], 1)[0][0] == 1
    assert not index.answers
    gated.gate.set()
    assert index.opened.wait(60)
    assert index.answers
    assert {int(one) for one in gated.get(include=[])["ids"]} == index.ids()
    assert index.search(vectors[2550], 1)[0][0] == 1
    held = gated.get(ids=["1"], include=["embeddings"])["embeddings"][0]
    assert np.abs(held - vectors[2550]).max() < 1e-2, "line 1 was changed while it was filled"
    index.close()
