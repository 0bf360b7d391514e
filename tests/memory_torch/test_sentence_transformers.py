"""`sentence-transformers`: the real loading, tokenising and pooling, on a tiny random model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mia.backends import Context, backends, load
from mia.errors import BackendUnavailable, ModelUnavailable
from mia.mind.memory.embedders.sentence_transformers import TransformersEmbedder
from mia.mind.memory.embedding import samples
from tests.memory_torch import tiny

MEMORIES = (
    "Mi perra se llama Canela",
    "Trabajo de noche en un hospital",
    "Toco la guitarra en una banda",
)


class NoModels:
    def path(self, model_id: str) -> Path:
        raise ModelUnavailable("model.unreadable", model=model_id)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [text for some in samples().values() for text in some]
    return tiny.build(tmp_path_factory.mktemp("minilm"), [*texts, *MEMORIES, "query: passage:"])


def loaded(model: Path | str, folder: Path, **options: object) -> TransformersEmbedder:
    backend = backends("embedding")["sentence-transformers"]
    chosen = backend.options.model_validate({"model": str(model), **options})
    context = Context(NoModels(), ("es", "en"), folder)
    embedder: TransformersEmbedder = asyncio.run(
        load("embedding", "sentence-transformers", chosen, context)
    )
    return embedder


def test_what_shares_its_words_lies_nearest(model: Path, tmp_path: Path) -> None:
    embedder = loaded(model, tmp_path)
    assert embedder.dimensions == tiny.DIMENSIONS
    memories = embedder.embed(MEMORIES, "passage")
    assert memories.shape == (3, tiny.DIMENSIONS)
    assert memories.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(memories, axis=1), 1, atol=1e-4)
    asked = [
        "¿se llama mi perra Canela?",
        "¿en un hospital, de noche?",
        "¿la guitarra, en una banda?",
    ]
    near = embedder.embed(asked, "query") @ memories.T
    assert near.argmax(axis=1).tolist() == [0, 1, 2]
    assert 0.01 < embedder.spread < 1.0
    embedder.close()


def test_nothing_and_strange_texts_have_vectors_too(model: Path, tmp_path: Path) -> None:
    embedder = loaded(model, tmp_path)
    assert embedder.embed([], "query").shape == (0, tiny.DIMENSIONS)
    strange = ["", "🦜", "\x00", "palabra " * 500]
    assert np.isfinite(embedder.embed(strange, "passage")).all()


def test_a_text_has_one_vector_whatever_stands_beside_it(model: Path, tmp_path: Path) -> None:
    embedder = loaded(model, tmp_path)
    alone = embedder.embed(MEMORIES[:1], "passage")[0]
    np.testing.assert_allclose(alone, embedder.embed(MEMORIES, "passage")[0], atol=1e-4)


def test_prefixes_reach_the_model(model: Path, tmp_path: Path) -> None:
    embedder = loaded(model, tmp_path, query_prefix="query: ", memory_prefix="passage: ")
    seen: list[str] = []
    real = embedder._model.encode

    def encode(texts: list[str], **more: Any) -> Any:
        seen.extend(texts)
        return real(texts, **more)

    embedder._model.encode = encode
    embedder.embed(["¿Hola?"], "query")
    embedder.embed(["Hola"], "passage")
    assert seen == ["query: Hola", "passage: Hola"]


def test_two_models_are_never_compared(model: Path, tmp_path: Path) -> None:
    assert str(model) in loaded(model, tmp_path).name


def test_a_folder_without_a_model_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendUnavailable) as caught:
        loaded(tmp_path / "empty", tmp_path)
    assert caught.value.code == "memory.embedder_damaged"
