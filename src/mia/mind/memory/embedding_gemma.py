"""EmbeddingGemma 300M out of its archive, as a graph of bytes for ONNX Runtime beside a table of
tokens.

The archive is the model's folder as its makers publish it, zipped: `model.safetensors` and
`config.json` of the network, `2_Dense` and `3_Dense` after it, `tokenizer.json`. A safetensors file
(github.com/huggingface/safetensors): uint64 length of a JSON header, which names each tensor's
type, shape and place, then the tensors.

The network (arXiv 2509.20354, Gemma 3 looking both ways, 24 layers, mean of the tokens, two linear
layers) is written down with int8 products, or, where a processor does not do those right, with four
bits (`MatMulNBits`), which cost a point and two thirds of the speed (`bench/results/memory.md`).
What comes out lies in a folder of its own: `model.onnx`, `table.npy` (8 bits, memory-mapped: only
the rows of a text are read), `scales.npy` and `tokenizer.json`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mia.models.lock import locked
from mia.onnx.building import Graph
from mia.onnx.graphs import MICROSOFT
from mia.onnx.products import products_are_exact

ROOT = "model_download/"
#: Tokens that are looked at. Beyond half its window of 512 a token would not see all others.
LONGEST = 256
BLOCK = 32
VERSION = "2"
"""Of what is made of the archive; another is made anew."""
_UNSEEN = -1e9
"""What is added to the weight of a token of another text, before the softmax."""
_ROWS = 8192
"""Rows of the table that are turned into bytes at a time."""

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Tensors = dict[str, Floats]


def form() -> str:
    """In how many bits the weights are kept on this machine: bytes, or halves of them."""
    return "bytes" if products_are_exact() else "halves"


def unpacked(archive: Path, cache: Path) -> Path:
    """The folder with what is made of the archive, which takes some seconds the first time.

    Raises OSError, ValueError, KeyError, zipfile.BadZipFile for one that is damaged.
    """
    place = cache / f"embeddinggemma-{VERSION}-{form()}"
    # Two programs may want it at the same time: MIA, and `mia memory` in a terminal.
    with locked(cache / "embeddinggemma.lock"):
        if not place.is_dir():
            for left in cache.glob("embeddinggemma-*"):  # of a killed process, or another version
                shutil.rmtree(left, ignore_errors=True)
            making = Path(tempfile.mkdtemp(dir=cache, prefix="embeddinggemma-making-"))
            try:
                _unpack(archive, making)
                os.replace(making, place)
            finally:
                shutil.rmtree(making, ignore_errors=True)
    return place


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as inside:
        config = json.loads(inside.read(f"{ROOT}config.json"))
        table = _Table(folder, config["vocab_size"], config["hidden_size"])
        with closing(table), inside.open(f"{ROOT}model.safetensors") as file:
            tensors = _tensors(file, {"embed_tokens.weight": table.take})
        for number in (2, 3):
            with inside.open(f"{ROOT}{number}_Dense/model.safetensors") as file:
                (dense,) = _tensors(file, {}).values()
                tensors[f"dense.{number}"] = dense
        (folder / "model.onnx").write_bytes(graph(config, tensors, products=products_are_exact()))
        (folder / "tokenizer.json").write_bytes(inside.read(f"{ROOT}tokenizer.json"))


class Table:
    """The vectors of tokens. folder: what `unpacked` made."""

    def __init__(self, folder: Path) -> None:
        # The same memory as plain arrays: a memmap takes longer over every look.
        self._bytes: npt.NDArray[np.int8] = _mapped(folder / "table.npy")
        self._scales: Floats = _mapped(folder / "scales.npy")

    def rows(self, ids: list[int]) -> Floats:
        """float32 [n, hidden], as the network takes them."""
        blocks = self._bytes[ids].reshape(len(ids), -1, BLOCK).astype(np.float32)
        found: Floats = (blocks * self._scales[ids][..., None]).reshape(len(ids), -1)
        return found * np.float32(found.shape[1] ** 0.5)


def _mapped(path: Path) -> npt.NDArray[Any]:
    return np.load(path, mmap_mode="r").view(np.ndarray)  # type: ignore[no-any-return]


class _Table:
    """Writes the table of tokens down as it comes, row after row."""

    def __init__(self, folder: Path, rows: int, columns: int) -> None:
        self._files = [
            _begun(folder / "table.npy", "|i1", (rows, columns)),
            _begun(folder / "scales.npy", "<f4", (rows, columns // BLOCK)),
        ]

    def take(self, rows: Floats) -> None:
        blocks = rows.reshape(len(rows), -1, BLOCK)
        scales = (np.maximum(np.abs(blocks).max(-1), 1e-12) / 127).astype("<f4")
        table, worth = self._files
        table.write(np.rint(blocks / scales[..., None]).astype(np.int8).tobytes())
        worth.write(scales.tobytes())

    def close(self) -> None:
        for file in self._files:
            file.close()


def _begun(path: Path, kind: str, shape: tuple[int, int]) -> IO[bytes]:
    """A .npy file up to its first row."""
    file = path.open("wb")
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file


def _tensors(file: IO[bytes], streamed: dict[str, Callable[[Floats], None]]) -> Tensors:
    """The float32 tensors of a safetensors file; those of `streamed` go there, some rows at a
    time. Raises ValueError if it ends too early or holds something else."""
    (length,) = np.frombuffer(_exactly(file, 8), "<u8")
    if length > 1 << 24:
        raise ValueError("this is no safetensors file")
    header: dict[str, Any] = json.loads(_exactly(file, int(length)))
    header.pop("__metadata__", None)
    found: Tensors = {}
    at = 0
    for name, told in sorted(header.items(), key=lambda item: item[1]["data_offsets"][0]):
        if told["dtype"] != "F32" or told["data_offsets"][0] != at:
            raise ValueError(f"{name} is not of a kind that is known")
        shape = told["shape"]
        at += 4 * int(np.prod(shape))
        if (take := streamed.get(name)) is not None:
            for rows in _stretches(file, shape[0], shape[1]):
                take(rows)
        else:
            found[name] = np.frombuffer(_exactly(file, 4 * int(np.prod(shape))), "<f4").reshape(
                shape
            )
    return found


def _stretches(file: IO[bytes], rows: int, columns: int) -> Iterator[Floats]:
    for first in range(0, rows, _ROWS):
        count = min(_ROWS, rows - first)
        raw = _exactly(file, 4 * count * columns)
        yield np.frombuffer(raw, "<f4").reshape(count, columns)


def _exactly(file: IO[bytes], size: int) -> bytes:
    raw = file.read(size)
    if len(raw) != size:
        raise ValueError("the weights end too early")
    return raw


def graph(config: dict[str, Any], tensors: Tensors, *, products: bool) -> bytes:
    """The network, for texts of any length that lie one after the other (`beside`): `emb` float32
    [1, length, hidden], `apart` float32 [length, length] and `mean` float32 [texts, length] to a
    float32 [1, texts, hidden].

    config: the model's own. tensors: by the names of its file, and `dense.2`, `dense.3`. Raises
    ValueError for a network whose heads do not share one key.
    """
    heads, size, hidden = config["num_attention_heads"], config["head_dim"], config["hidden_size"]
    epsilon = config["rms_norm_eps"]
    if config["num_key_value_heads"] != 1:
        raise ValueError("only networks are known whose heads share one key")
    net = Graph()
    cut = net.constant("cut", np.array([heads * size, size, size], np.int64))
    # Heads that share one key are more rows of the same: nothing has to be turned over for them.
    as_rows = net.constant("as_rows", np.array([0, -1, size], np.int64))
    joined = net.constant("joined", np.array([0, -1, heads * size], np.int64))
    start = net.constant("start", np.array([0], np.int64))
    apart = net.add("Unsqueeze", ["apart", net.constant("one", np.array([1], np.int64))])
    for_all = net.constant("for_all", np.array([1, -1, 0], np.int64))
    apart = net.add("Reshape", [net.add("Concat", [apart] * heads, axis=1), for_all])
    tables = {
        (kind, rows): _rotations(net, f"{kind}.{rows}", config[base], size, rows)
        for kind, base in (
            ("sliding_attention", "rope_local_base_freq"),
            ("full_attention", "rope_theta"),
        )
        for rows in {1, heads}
    }

    def normal(x: str, name: str, factor: float = 1.0) -> str:
        scale = ((1 + tensors[name]) * factor).astype(np.float32)
        inputs = [x, net.constant(name, scale)]
        return net.add("SimplifiedLayerNormalization", inputs, axis=-1, epsilon=epsilon)

    def linear(x: str, *names: str) -> str:
        """Several matrices that take the same are one."""
        name, weights = names[0], np.concatenate([tensors[name] for name in names])
        rows, taken = weights.shape
        packed, scales = eight_bits(weights) if products else four_bits(weights)
        inputs = [x, net.constant(f"{name}.q", packed), net.constant(f"{name}.s", scales)]
        if products:
            return net.add("DynamicQuantizeMatMul", inputs, MICROSOFT)
        return net.add(
            "MatMulNBits", inputs, MICROSOFT,
            K=taken, N=rows, bits=4, block_size=BLOCK, accuracy_level=4,
        )  # fmt: skip

    def turned(x: str, kind: str, rows: int) -> str:
        """By their places, of which so many rows share one. Only the distance of two tokens counts:
        a text may begin anywhere."""
        return net.add("RotaryEmbedding", [x, start, *tables[kind, rows]], MICROSOFT)

    def attention(x: str, name: str, kind: str) -> str:
        together = linear(x, *(f"{name}.{one}_proj.weight" for one in "qkv"))
        query, key, value = net.several("Split", [together, cut], 3, axis=-1)
        query = net.add("Reshape", [query, as_rows])
        query = normal(query, f"{name}.q_norm.weight", config["query_pre_attn_scalar"] ** -0.5)
        query = turned(query, kind, heads)
        key = turned(normal(key, f"{name}.k_norm.weight"), kind, 1)
        weight = net.add("FusedMatMul", [query, key], MICROSOFT, transB=1)
        share = net.add("Softmax", [net.add("Add", [weight, apart])], axis=-1)
        mixed = net.add("Reshape", [net.add("MatMul", [share, value]), joined])
        return linear(mixed, f"{name}.o_proj.weight")

    def forward(x: str, name: str) -> str:
        gate = net.add("FastGelu", [linear(x, f"{name}.gate_proj.weight")], MICROSOFT)
        both = net.add("Mul", [gate, linear(x, f"{name}.up_proj.weight")])
        return linear(both, f"{name}.down_proj.weight")

    x = "emb"
    for number, kind in enumerate(config["layer_types"]):
        name = f"layers.{number}"
        seen = attention(normal(x, f"{name}.input_layernorm.weight"), f"{name}.self_attn", kind)
        x = net.add("Add", [x, normal(seen, f"{name}.post_attention_layernorm.weight")])
        made = forward(normal(x, f"{name}.pre_feedforward_layernorm.weight"), f"{name}.mlp")
        x = net.add("Add", [x, normal(made, f"{name}.post_feedforward_layernorm.weight")])
    mean = net.add("MatMul", ["mean", normal(x, "norm.weight")])
    # Two linear layers with nothing between them are one.
    dense = (tensors["dense.3"] @ tensors["dense.2"]).T.astype(np.float32)
    result = net.add("MatMul", [mean, net.constant("dense", dense)])
    return net.model(
        [
            ("emb", (1, "length", hidden)),
            ("apart", ("length", "length")),
            ("mean", ("texts", "length")),
        ],
        (result, (1, "texts", hidden)),
    )


def beside(lengths: Sequence[int]) -> dict[str, Floats]:
    """What lets texts of so many tokens lie one after the other in one run: none sees another."""
    text = np.repeat(np.arange(len(lengths)), lengths)
    same = text[:, None] == text
    mean = (np.arange(len(lengths))[:, None] == text) / np.array(lengths)[:, None]
    return {
        "apart": np.where(same, 0, _UNSEEN).astype(np.float32),
        "mean": mean.astype(np.float32),
    }


def _rotations(net: Graph, name: str, base: float, size: int, rows: int) -> list[str]:
    """Cosines and sines of each place, each so many times: float32 [LONGEST · rows, size / 2]."""
    places = np.repeat(np.arange(LONGEST), rows)
    angles = np.outer(places, base ** (-np.arange(0, size, 2) / size))
    return [
        net.constant(f"{name}.cos", np.cos(angles).astype(np.float32)),
        net.constant(f"{name}.sin", np.sin(angles).astype(np.float32)),
    ]


def eight_bits(weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """A matrix [rows, columns] as `DynamicQuantizeMatMul` takes it: int8 [columns, rows], and a
    float32 scale for each row."""
    scales = np.maximum(np.abs(weights).max(1), 1e-12) / 127
    return np.rint(weights / scales[:, None]).astype(np.int8).T, scales.astype(np.float32)


def four_bits(weights: Floats) -> tuple[Bytes, Floats]:
    """A matrix [rows, columns] as `MatMulNBits` takes it: uint8 [rows, blocks, 16], byte j of a
    block holding values 2j and 2j + 1, and float32 scales; value = (half − 8) · scale."""
    blocks = weights.reshape(len(weights), -1, BLOCK)
    at = np.abs(blocks).argmax(-1, keepdims=True)
    scales = np.take_along_axis(blocks, at, -1) / -8
    scales[scales == 0] = 1
    halves = np.clip(np.rint(blocks / scales) + 8, 0, 15).astype(np.uint8)
    return halves[..., 0::2] | halves[..., 1::2] << 4, scales.astype(np.float32).reshape(-1)
