"""Every index finds, forgets and survives alike: MIA's own, Chroma embedded, Chroma served."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mia.backends import Context, backends, load
from mia.errors import ModelUnavailable
from mia.mind.memory.embedding import normalised
from mia.mind.memory.indexes import builtin, chroma
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.indexes.chroma import ChromaIndex
from mia.mind.memory.ports import VectorIndex, Vectors

DIMENSIONS = 96
Open = Callable[[], VectorIndex]


class NoModels:
    def path(self, model_id: str) -> Path:
        raise ModelUnavailable("model.unreadable", model=model_id)


def some(count: int, seed: int = 0) -> Vectors:
    return normalised(np.random.default_rng(seed).normal(size=(count, DIMENSIONS)))


Served = tuple[str, "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`chroma run`, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("served")
    program = "from chromadb.cli.cli import app; app()"
    command = [sys.executable, "-c", program, "run", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--path", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=5).close()
                    break
                except (urllib.error.URLError, ConnectionError, TimeoutError):
                    assert process.poll() is None, "chroma run has ended"
                    assert time.monotonic() < until, "chroma run does not answer"
                    time.sleep(0.1)
            yield url, process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server(served: Served) -> str:
    return served[0]


def opener(kind: str, folder: Path, **options: object) -> Open:
    backend = backends("index")[kind]
    chosen = backend.options.model_validate(options)
    context = Context(NoModels(), ("es", "en"), folder)
    make = asyncio.run(load("index", kind, chosen, context))

    def opened() -> VectorIndex:
        index: VectorIndex = make("tests/embedder é 1", DIMENSIONS)
        if isinstance(index, ChromaIndex):
            assert index.opened.wait(60)
            assert index.answers, "Chroma did not open"
        return index

    return opened


@pytest.fixture(params=["builtin", "chroma", "chroma served"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    if request.param == "chroma served":
        url = request.getfixturevalue("server")
        return opener("chroma", tmp_path, url=url)
    return opener(request.param, tmp_path)


def test_the_nearest_is_found_first_with_its_cosine(opened: Open) -> None:
    index, vectors = opened(), some(200)
    index.add(range(1, 201), vectors)
    found = index.search(vectors[41], 5)
    assert found[0][0] == 42
    assert found[0][1] == pytest.approx(1.0, abs=2e-3)
    assert [one for _, one in found] == sorted((one for _, one in found), reverse=True)
    assert len(found) == 5
    index.close()


def test_an_empty_index_finds_nothing(opened: Open) -> None:
    index = opened()
    assert index.search(some(1)[0], 5) == []
    assert index.ids() == set()
    index.close()


def test_adding_again_replaces(opened: Open) -> None:
    index, vectors = opened(), some(2)
    index.add([7], vectors[:1])
    index.add([7], vectors[1:])
    (found,) = index.search(vectors[1], 3)
    assert found[0] == 7
    assert found[1] == pytest.approx(1.0, abs=2e-3)
    assert index.ids() == {7}
    index.close()


def test_what_is_removed_is_not_found_and_what_is_left_survives_reopening(opened: Open) -> None:
    index, vectors = opened(), some(50)
    index.add(range(1, 51), vectors)
    index.remove([10, 11, 999])
    index.close()
    again = opened()
    assert again.ids() == set(range(1, 51)) - {10, 11}
    assert again.search(vectors[9], 1)[0][0] != 10
    assert again.search(vectors[20], 1)[0][0] == 21
    again.clear()
    assert again.search(vectors[20], 1) == []
    again.close()


def test_a_removed_vector_is_overwritten_on_the_disk(tmp_path: Path) -> None:
    path, vectors = tmp_path / "a.bytes", some(3)
    index = BuiltinIndex(path, DIMENSIONS)
    index.add([1, 2, 3], vectors)
    secret = np.rint(vectors[1] / np.abs(vectors[1]).max() * 127).astype(np.int8).tobytes()
    assert secret in path.read_bytes()
    index.remove([2])
    assert secret not in path.read_bytes()
    index.close()


def test_bytes_change_a_cosine_by_thousandths(tmp_path: Path) -> None:
    index, vectors = BuiltinIndex(tmp_path / "a.bytes", DIMENSIONS), some(300)
    index.add(range(1, 301), vectors)
    ids, all_of_them = index.vectors(range(1, 301))
    assert ids == [*range(1, 301)]
    assert np.abs(all_of_them @ vectors[7] - vectors @ vectors[7]).max() < 3e-3
    known, (held,) = index.vectors([999, 10])
    assert known == [10]
    assert np.abs(held - vectors[9]).max() < np.abs(vectors[9]).max() / 200
    assert np.linalg.norm(held) == pytest.approx(1.0, abs=1e-5)
    index.add([10], np.zeros((1, DIMENSIONS), np.float32))
    assert not index.vectors([10])[1].any()
    index.close()


def test_a_closed_index_knows_nothing(tmp_path: Path) -> None:
    index, vectors = BuiltinIndex(tmp_path / "a.bytes", DIMENSIONS), some(500)
    index.add(range(1, 501), vectors)
    index.close()
    assert index.search(vectors[0], 3) == []
    known, held = index.vectors([1])
    assert known == []
    assert held.shape == (0, DIMENSIONS)


def test_a_memory_forgotten_while_it_is_looked_for_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, vectors = BuiltinIndex(tmp_path / "a.bytes", DIMENSIONS), some(501)
    index.add(range(1, 501), vectors[:500])
    closest = builtin._closest

    def meanwhile(*given: Any) -> Any:
        rows = closest(*given)
        index.remove([42])
        index.add([999], vectors[500:])  # takes its row
        return rows

    monkeypatch.setattr(builtin, "_closest", meanwhile)
    found = dict(index.search(vectors[41], 10))
    assert not {42, 999} & set(found)
    index.close()


def test_a_file_of_the_kind_before_is_taken_away(tmp_path: Path) -> None:
    old = tmp_path / "tests-embedder-1.vectors"
    old.write_bytes(b"\x01" * 4096)
    index = opener("builtin", tmp_path)()
    assert index.ids() == set()
    assert not old.exists()
    index.close()


def test_a_row_half_written_by_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.bytes"
    index = BuiltinIndex(path, DIMENSIONS)
    index.add([1], some(1))
    index.close()
    path.write_bytes(path.read_bytes() + b"half a row")
    again = BuiltinIndex(path, DIMENSIONS)
    assert again.ids() == {1}
    again.add([2], some(1, 2))
    assert again.search(some(1, 2)[0], 1)[0][0] == 2
    again.close()


def test_among_many_nearly_all_of_the_nearest_are_found(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    centres = random.normal(size=(100, DIMENSIONS))
    vectors = normalised(centres[random.integers(0, 100, 8000)] + random.normal(size=(8000, 96)))
    index = BuiltinIndex(tmp_path / "a.bytes", DIMENSIONS)
    index.add(range(1, 8001), vectors)
    hits = 0
    for asked in vectors[:40]:
        exact = set((np.argsort(-(vectors @ asked))[:20] + 1).tolist())
        hits += len(exact.intersection(one for one, _ in index.search(asked, 20)))
    assert hits / (40 * 20) > 0.9
    index.close()


@pytest.mark.parametrize("many", [1, 600, 4000])
def test_the_least_are_found_wherever_they_lie(many: int) -> None:
    dice = np.random.default_rng(1)
    mixed = dice.integers(0, 500, 50_000).astype(np.uint16)
    hidden = np.full(50_000, 400, np.uint16)
    hidden[1 :: 50_000 // many] = 3  # between the places a sample is taken from
    for values in (mixed, hidden, np.zeros(50_000, np.uint16)):
        found = builtin.least(values, many)
        assert len(set(found.tolist())) == many
        assert sorted(values[found]) == sorted(values)[:many]


def test_where_chroma_fails_the_own_index_answers_and_chroma_is_filled_again(
    tmp_path: Path,
) -> None:
    opened = opener("chroma", tmp_path)
    index = opened()
    assert isinstance(index, ChromaIndex)
    vectors = some(30)
    index.add(range(1, 31), vectors)

    class Broken:
        def __getattr__(self, _name: str) -> object:
            raise RuntimeError("HNSW is gone")

    index._collection = Broken()
    assert index.search(vectors[4], 1)[0][0] == 5
    assert not index.answers
    index.add([31], some(1, 9))
    assert index.opened.wait(60)
    assert index.answers
    assert index.search(some(1, 9)[0], 1)[0][0] == 31
    index.close()


def test_several_share_a_chroma_server_without_any_setting(server: str, tmp_path: Path) -> None:
    opens = [opener("chroma", tmp_path / name, url=server) for name in ("one", "two")]
    said = [some(40, seed) for seed in (1, 2)]
    for round_ in range(2):
        both = [opened() for opened in opens]
        for index, vectors in zip(both, said, strict=True):
            if not round_:
                index.add(range(1, 41), vectors)
        for index, vectors in zip(both, said, strict=True):
            assert isinstance(index, ChromaIndex)
            assert index.search(vectors[20], 1)[0][0] == 21
            assert index.search(vectors[20], 1)[0][1] == pytest.approx(1.0, abs=2e-3)
            assert index._collection.count() == 40
        both[0].remove([21])
        assert both[1].search(said[1][20], 1)[0][0] == 21
        both[0].add([21], said[0][20:21])
        for index in both:
            index.close()


def test_what_a_memory_is_called_on_a_server_stays(server: str, tmp_path: Path) -> None:
    def name(embedder: str = "e") -> str:
        make = chroma.Indexes(chroma.ChromaOptions(url=server), tmp_path)
        index = make(embedder, DIMENSIONS)
        assert isinstance(index, ChromaIndex)
        assert index.opened.wait(60)
        called: str = index._collection.name
        index.close()
        return called

    first = name()
    assert name() == first
    assert first.startswith(f"mia-{(tmp_path / chroma.IDENTITY).read_text()}-")
    assert name("another") != first
    (tmp_path / chroma.IDENTITY).write_bytes(b"\xff half")
    assert name() != first
    assert name() == name()


def test_a_served_chroma_that_is_cleared_while_it_opens_is_empty(
    server: str, tmp_path: Path
) -> None:
    opened = opener("chroma", tmp_path, url=server)
    index = opened()
    index.add(range(1, 31), some(30))
    index.close()
    make = chroma.Indexes(chroma.ChromaOptions(url=server), tmp_path)
    leaving = make("tests/embedder é 1", DIMENSIONS)
    leaving.clear()
    leaving.close()
    again = opened()
    assert isinstance(again, ChromaIndex)
    assert again._collection.count() == 0
    again.close()


def test_a_chroma_server_that_is_off_costs_nothing_but_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    backend = backends("index")["chroma"]
    chosen = backend.options.model_validate({"url": f"http://127.0.0.1:{port}"})
    context = Context(NoModels(), ("es",), tmp_path)
    make = asyncio.run(load("index", "chroma", chosen, context))
    index = make("e", DIMENSIONS)
    index.add([1], some(1))
    assert index.search(some(1)[0], 1)[0][0] == 1
    assert index.opened.wait(60)
    assert "MIA's own index answers" in caplog.text
    index.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot stop a process")
def test_a_chroma_server_that_hangs_is_left_and_filled_again_once_it_is_back(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, process = served
    monkeypatch.setattr(chroma, "PATIENCE", 3.0)
    index = opener("chroma", tmp_path, url=url)()
    assert isinstance(index, ChromaIndex)
    vectors = some(30)
    index.add(range(1, 31), vectors)
    process.send_signal(signal.SIGSTOP)
    try:
        # Without a limit none of these would ever return.
        assert index.search(vectors[4], 1)[0][0] == 5
        assert not index.answers
        index.add([31], some(1, 9))
        assert index.opened.wait(60)
        assert not index.answers
    finally:
        process.send_signal(signal.SIGCONT)
    monkeypatch.setattr(chroma, "PATIENCE", 60.0)
    index.add([32], some(1, 8))
    assert index.opened.wait(60)
    assert index.answers
    assert index.search(some(1, 9)[0], 1)[0][0] == 31
    index.close()


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "ftp://example.org", "localhost:8000"])
def test_no_address_that_is_no_server_of_anybodys_is_taken(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        backends("index")["chroma"].options.model_validate({"url": url})
