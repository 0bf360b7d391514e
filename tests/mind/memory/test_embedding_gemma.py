"""EmbeddingGemma's archive, made small: what comes out of it is what its makers' network gives."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from mia.backends import Context, backends, load
from mia.errors import BackendUnavailable
from mia.mind.memory import embedding_gemma
from mia.mind.memory.embedders import gemma
from mia.mind.memory.embedders.gemma import ARCHIVE, PREFIXES, Gemma
from mia.mind.memory.embedding import normalised
from mia.mind.memory.embedding_gemma import (
    LONGEST,
    ROOT,
    Floats,
    Table,
    eight_bits,
    four_bits,
    graph,
    unpacked,
)
from mia.mind.memory.ports import TextKind

HIDDEN, HEADS, SIZE, WIDE = 64, 3, 32, 96
WORDS = ["<unk>", "mi", "perra", "se", "llama", "Canela", "my", "dog", "sea", "is", "calm"]
CONFIG = {
    "hidden_size": HIDDEN,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 1,
    "head_dim": SIZE,
    "vocab_size": len(WORDS),
    "rms_norm_eps": 1e-6,
    "rope_local_base_freq": 10_000.0,
    "rope_theta": 1_000_000.0,
    "query_pre_attn_scalar": 256,
    "layer_types": ["sliding_attention", "full_attention"],
}
NORMS = ("input", "post_attention", "pre_feedforward", "post_feedforward")


def halves(weights: Floats) -> Floats:
    """Weights as four bits hold them."""
    packed, scales = four_bits(weights)
    values = np.stack([packed & 15, packed >> 4], -1).reshape(len(weights), -1, 32)
    blocks = (values.astype(np.float32) - 8) * scales.reshape(len(weights), -1, 1)
    return blocks.reshape(weights.shape)


def whole(weights: Floats) -> Floats:
    """Weights as eight bits hold them."""
    packed, scales = eight_bits(weights)
    held: Floats = packed.T * scales[:, None]
    return held


def tensors() -> dict[str, Floats]:
    dice = np.random.default_rng(11)
    shapes = {
        "embed_tokens.weight": (len(WORDS), HIDDEN),
        "norm.weight": (HIDDEN,),
    }
    for layer in range(2):
        name = f"layers.{layer}"
        shapes |= {f"{name}.{norm}_layernorm.weight": (HIDDEN,) for norm in NORMS}
        shapes |= {
            f"{name}.self_attn.q_proj.weight": (HEADS * SIZE, HIDDEN),
            f"{name}.self_attn.k_proj.weight": (SIZE, HIDDEN),
            f"{name}.self_attn.v_proj.weight": (SIZE, HIDDEN),
            f"{name}.self_attn.o_proj.weight": (HIDDEN, HEADS * SIZE),
            f"{name}.self_attn.q_norm.weight": (SIZE,),
            f"{name}.self_attn.k_norm.weight": (SIZE,),
            f"{name}.mlp.gate_proj.weight": (WIDE, HIDDEN),
            f"{name}.mlp.up_proj.weight": (WIDE, HIDDEN),
            f"{name}.mlp.down_proj.weight": (HIDDEN, WIDE),
        }
    return {n: (dice.standard_normal(s) * 0.3).astype(np.float32) for n, s in shapes.items()}


def dense() -> list[Floats]:
    dice = np.random.default_rng(12)
    return [dice.standard_normal(s).astype(np.float32) for s in ((128, HIDDEN), (HIDDEN, 128))]


def written(held: dict[str, Floats]) -> bytes:
    """A safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, tensor in held.items():
        place = [len(body), len(body) + tensor.nbytes]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": place}
        body += tensor.tobytes()
    told = json.dumps(header).encode()
    return len(told).to_bytes(8, "little") + told + body


def archive(folder: Path, weights: bytes | None = None) -> Path:
    tokenizer = Tokenizer(WordLevel({w: at for at, w in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    path = folder / ARCHIVE
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(f"{ROOT}config.json", json.dumps(CONFIG))
        out.writestr(f"{ROOT}model.safetensors", weights or written(tensors()))
        for number, layer in zip((2, 3), dense(), strict=True):
            out.writestr(
                f"{ROOT}{number}_Dense/model.safetensors", written({"linear.weight": layer})
            )
        out.writestr(f"{ROOT}tokenizer.json", tokenizer.to_str())
    return path


def network(ids: list[int], kept: Callable[[Floats], Floats]) -> Floats:
    """The network as arXiv 2503.19786 and 2509.20354 describe it."""
    held = tensors()

    def normal(x: Floats, name: str) -> Floats:
        scaled: Floats = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)
        return scaled * (1 + held[name])

    def linear(x: Floats, name: str) -> Floats:
        made: Floats = x @ kept(held[name]).T
        return made

    def turned(x: Floats, base: float) -> Floats:
        angles = np.outer(np.arange(len(ids)), base ** (-np.arange(0, SIZE, 2) / SIZE))
        one, other = x[..., : SIZE // 2], x[..., SIZE // 2 :]
        cos, sin = np.cos(angles), np.sin(angles)
        return np.concatenate([one * cos - other * sin, other * cos + one * sin], -1)

    x = held["embed_tokens.weight"][ids] * HIDDEN**0.5
    for layer, base in enumerate((1e4, 1e6)):
        name = f"layers.{layer}"
        seen = normal(x, f"{name}.input_layernorm.weight")
        query = linear(seen, f"{name}.self_attn.q_proj.weight").reshape(-1, HEADS, SIZE)
        query = turned(normal(query, f"{name}.self_attn.q_norm.weight").transpose(1, 0, 2), base)
        key = normal(
            linear(seen, f"{name}.self_attn.k_proj.weight"), f"{name}.self_attn.k_norm.weight"
        )
        scores = np.exp(query @ turned(key, base).T / 16)
        shares = scores / scores.sum(-1, keepdims=True)
        mixed = (shares @ linear(seen, f"{name}.self_attn.v_proj.weight")).transpose(1, 0, 2)
        out = linear(mixed.reshape(len(ids), -1), f"{name}.self_attn.o_proj.weight")
        x = x + normal(out, f"{name}.post_attention_layernorm.weight")
        seen = normal(x, f"{name}.pre_feedforward_layernorm.weight")
        gate = linear(seen, f"{name}.mlp.gate_proj.weight")
        gate = gate / 2 * (1 + np.tanh(0.7978845608 * (gate + 0.044715 * gate**3)))
        made = linear(
            gate * linear(seen, f"{name}.mlp.up_proj.weight"), f"{name}.mlp.down_proj.weight"
        )
        x = x + normal(made, f"{name}.post_feedforward_layernorm.weight")
    mean = normal(x, "norm.weight").mean(0)
    for layer_weights in dense():
        mean = layer_weights @ mean
    result: Floats = mean / np.linalg.norm(mean)
    return result


@pytest.mark.parametrize(("exact", "kept"), [(True, whole), (False, halves)])
@pytest.mark.parametrize(
    "text", ["mi perra se llama Canela", "sea", "my dog is calm is calm mi perra se llama sea sea"]
)
def test_the_network_is_the_makers(
    text: str,
    exact: bool,
    kept: Callable[[Floats], Floats],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedding_gemma, "products_are_exact", lambda: exact)
    embedder = Gemma(archive(tmp_path), tmp_path / "cache")
    (found,) = embedder._read([embedder._tokenizer.encode(text).ids])
    wanted = network([WORDS.index(word) for word in text.split()], kept)
    # Eight bits of what flows and of the table cost the rest.
    assert found @ wanted / np.linalg.norm(found) > 0.995


@pytest.mark.parametrize("exact", [True, False])
def test_questions_read_in_one_run_do_not_see_each_other(
    exact: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_gemma, "products_are_exact", lambda: exact)
    embedder = Gemma(archive(tmp_path), tmp_path / "cache")
    texts = ["mi perra se llama Canela", "sea", "my dog is calm is calm", "sea is calm"] * 5
    together = normalised(embedder._all(texts, "query"))
    alone = normalised(np.concatenate([embedder._all([text], "query") for text in texts]))
    assert ((together * alone).sum(-1) > 0.995).all()
    # Two texts of which one is read, and not the other.
    other = normalised(embedder._all(["dog", *texts[1:]], "query"))
    assert (other[0] * alone[0]).sum() < 0.99


def test_questions_are_read_together_up_to_so_many_tokens() -> None:
    lengths = [30, 30, 4, 1, 70, 64, 10]
    texts = [[number] * length for number, length in enumerate(lengths)]
    together = [[len(text) for text in some] for some in gemma._packed(texts, 64)]
    assert together == [[30, 30, 4], [1], [70], [64], [10]]
    assert [text for some in gemma._packed(texts, 0) for text in some] == texts
    assert [len(some) for some in gemma._packed(texts, 0)] == [1] * len(texts)
    assert gemma.TOGETHER <= LONGEST  # places beyond have no rotation


def test_a_memory_is_where_it_is_whatever_it_is_read_with(tmp_path: Path) -> None:
    embedder = Gemma(archive(tmp_path), tmp_path / "cache")
    with_others = embedder._all(["sea", "mi perra se llama Canela", "calm"], "passage")
    assert np.array_equal(with_others[1], embedder._all(["mi perra se llama Canela"], "passage")[0])


def test_heads_with_keys_of_their_own_are_not_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="share one key"):
        graph({**CONFIG, "num_key_value_heads": 3}, tensors(), products=False)


def test_how_a_text_is_announced_makes_a_difference(tmp_path: Path) -> None:
    embedder = Gemma(archive(tmp_path), tmp_path / "cache")
    question, memory = (embedder._all(["mi perra"], kind) for kind in ("query", "passage"))
    assert not np.allclose(question, memory)
    assert PREFIXES["query"] != PREFIXES["passage"]


def test_the_table_keeps_eight_bits(tmp_path: Path) -> None:
    table = Table(unpacked(archive(tmp_path), tmp_path / "cache"))
    wanted = tensors()["embed_tokens.weight"][[4, 1]] * HIDDEN**0.5
    assert np.abs(table.rows([4, 1]) - wanted).max() <= np.abs(wanted).max() / 254 * 1.01


def test_a_text_of_any_length_is_looked_at_from_its_beginning(tmp_path: Path) -> None:
    embedder = Gemma(archive(tmp_path), tmp_path / "cache")
    long = " ".join(["perra"] * LONGEST)
    kinds: tuple[TextKind, ...] = ("query", "passage")
    for kind in kinds:
        whole, longer = (embedder._all([text], kind) for text in (long, long + " sea" * 50))
        assert np.array_equal(whole, longer)
    assert np.isfinite(embedder.embed(["", "🦜"], "query")).all()


def test_the_archive_is_taken_apart_once(tmp_path: Path) -> None:
    path = archive(tmp_path)
    folder = unpacked(path, tmp_path / "cache")
    path.unlink()
    assert unpacked(path, tmp_path / "cache") == folder


def folders(cache: Path) -> list[Path]:
    return [one for one in cache.iterdir() if one.is_dir()]


def test_two_that_want_it_at_once_get_the_same(tmp_path: Path) -> None:
    path = archive(tmp_path)
    with ThreadPoolExecutor() as pool:
        found = set(pool.map(lambda _: unpacked(path, tmp_path / "cache"), range(4)))
    assert list(found) == folders(tmp_path / "cache")


def test_what_a_killed_process_or_another_version_left_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    (cache / "embeddinggemma-making-x").mkdir(parents=True)
    path = archive(tmp_path)
    before = unpacked(path, cache)
    assert folders(cache) == [before]
    monkeypatch.setattr(embedding_gemma, "VERSION", "another")
    after = unpacked(path, cache)
    assert folders(cache) == [after]


def half(weights: bytes) -> bytes:
    return weights[: len(weights) // 2]


def other_type(weights: bytes) -> bytes:
    return weights.replace(b'"F32"', b'"F16"', 1)


@pytest.mark.parametrize("spoil", [half, other_type, lambda _: b"\xff" * 64, lambda _: b"x"])
def test_a_damaged_archive_is_said_so_and_leaves_nothing(spoil: Any, tmp_path: Path) -> None:
    path = archive(tmp_path, spoil(written(tensors())))
    with pytest.raises(BackendUnavailable) as told:
        Gemma(path, tmp_path / "cache")
    assert told.value.code == "memory.embedder_damaged"
    assert not folders(tmp_path / "cache")


def test_what_is_no_archive_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / ARCHIVE
    path.write_bytes(b"PK nonsense")
    with pytest.raises(BackendUnavailable) as told:
        Gemma(path, tmp_path / "cache")
    assert told.value.code == "memory.embedder_damaged"


def test_the_backend_finds_the_model_in_the_store(tmp_path: Path) -> None:
    class Store:
        def path(self, model_id: str) -> Path:
            assert model_id == "embeddinggemma-300m"
            return tmp_path

    archive(tmp_path)
    backend = backends("embedding")["gemma"]
    context = Context(Store(), ("es", "en"), tmp_path / "cache")
    embedder: Any = asyncio.run(load("embedding", "gemma", backend.options(), context))
    assert embedder.embed(["mi perra"], "query").shape == (1, embedder.dimensions)
