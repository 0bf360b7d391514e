"""Embedders put what is meant alike close together, across languages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web

from mia.backends import Context, backends, load
from mia.errors import BackendUnavailable, ModelUnavailable
from mia.home import Home
from mia.mind.memory.embedders.use import Use
from mia.mind.memory.embedding import Centred, normalised, samples
from mia.mind.memory.embedding_e5 import dequantised
from mia.mind.memory.ports import Embedder, TextKind, Vectors
from mia.models.store import ModelStore


def loaded(name: str, folder: Path, **options: object) -> Embedder:
    backend = backends("embedding")[name]
    context = Context(ModelStore(Home.find()), ("es", "en"), folder)
    chosen = backend.options.model_validate(options)
    embedder: Embedder = asyncio.run(load("embedding", name, chosen, context))
    return embedder


MEMORIES = (
    "Mi perra se llama Canela",
    "I'm allergic to peanuts",
    "Trabajo de noche en un hospital",
    "I play the guitar in a small band",
)
QUESTIONS = (
    "What's my dog's name?",
    "¿A qué soy alérgico?",
    "What do I do for a living?",
    "¿Qué instrumento toco?",
)


@pytest.mark.models
@pytest.mark.parametrize("name", ["use", "e5", "use+e5"])
def test_the_answer_in_the_other_language_lies_nearest(name: str, tmp_path: Path) -> None:
    embedder = loaded(name, tmp_path)
    memories = embedder.embed(MEMORIES, "passage")
    asked = embedder.embed(QUESTIONS, "query")
    assert memories.shape == (4, embedder.dimensions)
    assert memories.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(memories, axis=1), 1, atol=1e-4)
    assert (asked @ memories.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert embedder.embed([], "query").shape == (0, embedder.dimensions)
    assert np.isfinite(embedder.embed(["", "🦜", "\x00"], "query")).all()
    embedder.close()


@pytest.mark.models
def test_a_text_has_one_vector_whatever_stands_beside_it(tmp_path: Path) -> None:
    embedder = loaded("use", tmp_path)
    alone = embedder.embed([MEMORIES[0]], "passage")[0]
    np.testing.assert_array_equal(alone, embedder.embed(MEMORIES, "passage")[0])


@pytest.mark.models
def test_several_threads_may_ask_at_once(tmp_path: Path) -> None:
    embedder = loaded("use", tmp_path)
    expected = embedder.embed(MEMORIES, "passage")
    results: list[Vectors] = []

    def ask() -> None:
        results.append(embedder.embed(MEMORIES, "passage"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_a_model_that_is_not_there_or_is_damaged_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "embedding_model_quantized.onnx").write_bytes(b"no model")
    with pytest.raises(BackendUnavailable) as caught:
        Use(tmp_path)
    assert caught.value.code == "memory.embedder_damaged"
    backend = backends("embedding")["use"]
    context = Context(ModelStore(Home.find(tmp_path)), ("es",), tmp_path)
    with pytest.raises(ModelUnavailable):
        asyncio.run(load("embedding", "use", backend.options(), context))


def test_a_block_of_four_bit_weights_is_read_as_it_was_written() -> None:
    block = np.zeros((1, 18), np.uint8)
    block[0, :2] = np.array([0.5], "<f2").view(np.uint8)
    block[0, 2] = 0x0F | 0x20  # value 0 is 15, value 16 is 2
    values = dequantised(block)
    assert values.shape == (1, 32)
    assert values[0, 0] == 3.5
    assert values[0, 16] == -3.0
    assert values[0, 1] == -4.0


class Leaning:
    """Vectors that say little of a text and much of its language and form."""

    def __call__(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        rows = np.zeros((len(texts), 16), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 3.0 if "ñ" in text or "mi " in text.lower() else -3.0
            row[1] = 2.0 if kind == "query" else -2.0
            row[2:] = np.random.default_rng(len(text)).normal(size=14)
        return rows


def test_language_and_form_are_taken_out_of_the_vectors() -> None:
    embedder = Centred("leaning", 16, Leaning())
    everyday = [text for texts in samples().values() for text in texts]
    centred = embedder.embed(everyday, "passage")
    raw = normalised(Leaning()(everyday, "passage"))
    assert np.abs(centred[:, 1]).mean() < 0.2 * np.abs(raw[:, 1]).mean()
    assert 0.05 < embedder.spread < 1.0


# ── a server ─────────────────────────────────────────────────────────────────────────────────


class Served:
    """A real server with `/v1/embeddings`, in a thread of its own; USE embeds for it."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.broken = False
        self.leads_to = ""
        self.width: int | None = None
        """Numbers of a vector that are sent; None: all."""
        self.asked: list[list[str]] = []
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_post("/v1/embeddings", self._answer)
        runner = web.AppRunner(app)
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        self._started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _answer(self, request: web.Request) -> web.Response:
        if self.leads_to:
            raise web.HTTPTemporaryRedirect(self.leads_to)
        asked = await request.json()
        if asked["model"] != "use":
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        if self.broken:
            return web.json_response({"error": {"message": "on fire"}}, status=500)
        self.asked.append(asked["input"])
        vectors = self.embedder.embed(asked["input"], "passage")[:, : self.width]
        data = [
            {"object": "embedding", "index": at, "embedding": row.tolist()}
            for at, row in reversed(list(enumerate(vectors)))
        ]
        return web.json_response({"object": "list", "model": "use", "data": data})

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(loaded("use", tmp_path))
    yield server
    server.stop()


@pytest.mark.models
def test_a_servers_vectors_find_the_answer_too(served: Served, tmp_path: Path) -> None:
    embedder = loaded("openai", tmp_path, base_url=served.url, model="use")
    memories = embedder.embed(MEMORIES, "passage")
    assert embedder.dimensions == 512
    asked = embedder.embed(QUESTIONS, "query")
    assert (asked @ memories.T).argmax(axis=1).tolist() == [0, 1, 2, 3]
    embedder.close()


@pytest.mark.models
def test_prefixes_reach_the_server(served: Served, tmp_path: Path) -> None:
    embedder = loaded(
        "openai", tmp_path, base_url=served.url, model="use",
        query_prefix="query: ", memory_prefix="passage: ",
    )  # fmt: skip
    embedder.embed(["¿Hola?"], "query")
    embedder.embed(["Hola"], "passage")
    assert served.asked[-2:] == [["query: Hola"], ["passage: Hola"]]
    embedder.close()


@pytest.mark.models
def test_what_stands_before_memories_makes_another_embedder(served: Served, tmp_path: Path) -> None:
    names = {
        loaded("openai", tmp_path, base_url=served.url, model="use", **prefixes).name
        for prefixes in ({}, {"memory_prefix": "passage: "}, {"memory_prefix": "doc: "})
    }
    assert len(names) == 3
    asks = loaded("openai", tmp_path, base_url=served.url, model="use", query_prefix="query: ")
    assert asks.name in names, "questions are asked anew each time"


@pytest.mark.models
def test_a_server_whose_vectors_change_their_length_is_named(
    served: Served, tmp_path: Path
) -> None:
    embedder = loaded("openai", tmp_path, base_url=served.url, model="use", retries=0)
    served.width = 256
    with pytest.raises(BackendUnavailable) as caught:
        embedder.embed(["hola"], "query")
    assert caught.value.code == "server.not_compatible"
    embedder.close()


@pytest.mark.models
def test_a_server_that_fails_is_named_in_words(served: Served, tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        loaded("openai", tmp_path, base_url=served.url, model="other")
    assert caught.value.code == "server.not_found"
    embedder = loaded("openai", tmp_path, base_url=served.url, model="use", retries=0)
    served.broken = True
    with pytest.raises(BackendUnavailable) as caught:
        embedder.embed(["hola"], "query")
    assert caught.value.code == "server.failed"
    embedder.close()


@pytest.mark.models
def test_a_server_cannot_lead_her_to_where_clouds_keep_their_keys(
    served: Served, tmp_path: Path
) -> None:
    embedder = loaded("openai", tmp_path, base_url=served.url, model="use", retries=0)
    served.leads_to = "http://169.254.169.254/latest/meta-data"
    with pytest.raises(BackendUnavailable) as caught:
        embedder.embed(["hola"], "query")
    assert caught.value.code == "server.forbidden_address"
    embedder.close()


def test_a_server_that_is_off_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable) as caught:
        loaded("openai", tmp_path, base_url="http://127.0.0.1:9/v1", model="use", retries=0)
    assert caught.value.code == "server.offline"
