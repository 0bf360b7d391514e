"""A model's int8 convolutions as matrix products, which the runtime does several times faster.

ONNX Runtime has its quickest int8 code (VNNI, AMX, dot products) in `MatMulIntegerToFloat`, and a
slow `ConvInteger`. A convolution over time is a product: each row holds the frames a kernel sees,
one after the other. What was

    ConvInteger, Add(bias as int32), Cast, Mul(scale)

of samples by channel and time becomes, by time and channel,

    Transpose, Pad, a Slice for each place of the kernel, Concat, MatMulIntegerToFloat, Transpose.

The numbers are those of before, up to the bias, which is no longer rounded. Weights that were
uint8 become int8 (both less 128, the zero point too), which is what the quick code takes.

Field numbers are those of `onnx.proto3`: NodeProto.attribute 5, .domain 7, AttributeProto.name 1,
.i 3, .s 4, .ints 8, .type 20 (INT 2, INTS 7), TensorProto.dims 1, .data_type 2 (FLOAT 1,
UINT8 2, INT8 3, INT64 7), .int32_data 5, .name 8, .raw_data 9, ModelProto.opset_import 8,
OperatorSetIdProto.domain 1, .version 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mia.voice.onnx_file import (
    CONSTANT,
    GRAPH,
    GRAPH_INPUT,
    GRAPH_OUTPUT,
    INPUT,
    NAME_OF_CONSTANT,
    NODE,
    OP_TYPE,
    OUTPUT,
    Node,
    name_of,
    read,
)
from mia.voice.protobuf import field, fields, integer, integers, parts, texts

_ATTRIBUTE, _DOMAIN, _OPSETS = 5, 7, 8
_INTEGER, _TEXT, _INTEGERS, _KIND = 3, 4, 8, 20
_DIMS, _TYPE, _INT32S, _RAW = 1, 2, 5, 9
_TYPES: Mapping[int, type[np.generic]] = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64}
MICROSOFT = "com.microsoft"
#: The first set of operations in which `Pad` takes bytes.
OPSET = 13
_END = 2**62
#: Weights for fewer channels than this are not worth the way.
LEAST = 16

Tensor = npt.NDArray[Any]


def with_products(model: bytes) -> bytes:
    """The model with its int8 convolutions over time (stride 1, one group) as matrix products;
    as it was where there is none. Raises ValueError if it is damaged."""
    view = memoryview(model)
    graph = _Graph(memoryview(b"".join(g for number, g in fields(view) if number == GRAPH)))
    sets = {"".join(texts(c, 1)): c for number, c in fields(view) if number == _OPSETS}
    if "" not in sets or integers(sets[""], 2) < [OPSET] or not graph.convolutions_rewritten():
        return model
    rest = b"".join(whole for number, whole, _ in parts(view) if number != GRAPH)
    if MICROSOFT not in sets:
        rest += field(_OPSETS, field(1, MICROSOFT.encode()) + integer(2, 1))
    return rest + field(GRAPH, graph.written())


def products_on_trial() -> tuple[bytes, Tensor, float]:
    """A model of one such product with the largest numbers there are, what to feed it (float32),
    and what each number of its result is."""
    size = 64
    row = field(1, b"row") + field(2, field(1, integer(1, 1)))
    operations = (
        Node("DynamicQuantizeLinear", ("row",), ("q", "scale", "zero")),
        Node("MatMulIntegerToFloat", ("q", "weights", "scale", "one", "zero"), ("result",)),
    )
    graph = b"".join(field(NODE, _operation(one, b"")) for one in operations)
    graph += field(CONSTANT, _constant("weights", np.full((size, size), 127, np.int8)))
    graph += field(CONSTANT, _constant("one", np.array(1, np.float32)))
    graph += field(GRAPH_INPUT, row) + field(GRAPH_OUTPUT, field(1, b"result"))
    sets = field(_OPSETS, integer(2, OPSET))
    sets += field(_OPSETS, field(1, MICROSOFT.encode()) + integer(2, 1))
    model = integer(1, 8) + sets + field(GRAPH, graph)
    return model, np.full((size, size), 255, np.float32), 255.0 * 127 * size


@dataclass(frozen=True, slots=True)
class _Convolution:
    """One that can be a product. places: of its operations, from its own to the last. aside:
    those that only prepared its scale and its bias, users first. samples: quantised, with their
    scale and zero point. bias: float32."""

    places: list[int]
    aside: list[int]
    samples: tuple[str, str, str]
    weights: str
    scale: str
    zero: str
    bias: str | None
    result: str
    dilation: int
    pads: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Written:
    """An operation and what stands in the file for it."""

    node: Node
    content: bytes | memoryview


class _Graph:
    def __init__(self, graph: memoryview) -> None:
        self._rest = [w for number, w, _ in parts(graph) if number not in (NODE, CONSTANT)]
        self._old = [_Written(read(c), c) for number, c in fields(graph) if number == NODE]
        self._new: dict[int, list[_Written]] = {}
        """What comes in an operation's place."""
        self._constants: dict[str, bytes | memoryview] = {
            name_of(content): content for number, content in fields(graph) if number == CONSTANT
        }
        self._makers: dict[str, int] = {}
        self._users: dict[str, list[int]] = {}
        for at, one in enumerate(self._old):
            self._makers |= dict.fromkeys(one.node.outputs, at)
            for name in one.node.inputs:
                self._users.setdefault(name, []).append(at)

    def convolutions_rewritten(self) -> int:
        """How many could be."""
        found = [self._convolution(at) for at in range(len(self._old))]
        done = [one for one in found if one is not None and self._rewrite(one)]
        return len(done)

    def written(self) -> bytes:
        """The graph as it is now."""
        now = [one for at, old in enumerate(self._old) for one in self._new.get(at, [old])]
        used = {name for one in now for name in one.node.inputs}
        constants = (content for name, content in self._constants.items() if name in used)
        return b"".join(
            [
                *self._rest,
                *(field(NODE, bytes(one.content)) for one in now),
                *(field(CONSTANT, bytes(content)) for content in constants),
            ]
        )

    def _convolution(self, at: int) -> _Convolution | None:
        """The one that begins there, if it is one of those that can be a product."""
        begin = self._old[at].node
        if begin.kind != "ConvInteger" or len(begin.inputs) != 4:
            return None
        whole = begin.outputs[0]
        after = self._on(whole, "Add", "Cast", "Mul") or self._on(whole, "Cast", "Mul")
        quantising = self._back(begin.inputs[0], "DynamicQuantizeLinear")
        if not after or not quantising:
            return None
        samples = self._old[quantising[0]].node.outputs
        last = self._old[after[-1]].node
        scaling = self._back(_other(last, self._old[after[-2]].node.outputs[0]), "Mul")
        if not scaling or samples[1] not in self._old[scaling[0]].node.inputs:
            return None
        rounding: list[int] = []
        bias = None
        if len(after) == 3:
            added = _other(self._old[after[0]].node, whole)
            rounding = self._back(added, "Reshape", "Cast", "Floor", "Div")
            if not rounding:
                return None
            bias = self._old[rounding[-1]].node.inputs[0]
        told = _attributes(self._old[at].content)
        pads = told.get("pads", [0, 0])
        plain = told.get("group", [1]) == told.get("strides", [1]) == [1]
        if not plain or len(pads) != 2 or _pads_itself(self._old[at].content):
            return None
        return _Convolution(
            [at, *after],
            [*rounding, *scaling],
            (samples[0], samples[1], samples[2]),
            begin.inputs[1],
            _other(self._old[scaling[0]].node, samples[1]),
            begin.inputs[3],
            bias,
            last.outputs[0],
            told.get("dilations", [1])[0],
            (pads[0], pads[1]),
        )

    def _on(self, name: str, *kinds: str) -> list[int]:
        """The places of the operations that follow, each the only user of the one before; empty
        where they are others."""
        places = []
        for kind in kinds:
            users = self._users.get(name, [])
            if len(users) != 1 or self._old[users[0]].node.kind != kind:
                return []
            places.append(users[0])
            name = self._old[users[0]].node.outputs[0]
        return places

    def _back(self, name: str, *kinds: str) -> list[int]:
        """The places of the operations that made it, by the first input of each; empty where
        they are others."""
        places = []
        for kind in kinds:
            place = self._makers.get(name)
            if place is None or self._old[place].node.kind != kind:
                return []
            places.append(place)
            name = self._old[place].node.inputs[0]
        return places

    def _rewrite(self, one: _Convolution) -> bool:
        """Whether it was: its weights are where they can be read, and large enough."""
        weights = self._value(one.weights)
        zero = self._value(one.zero)
        if weights is None or zero is None or weights.ndim != 3 or min(weights.shape[:2]) < LEAST:
            return False
        if zero.size != 1:
            return False
        _, _, size = weights.shape
        rows = weights.transpose(2, 1, 0).reshape(-1, weights.shape[0])
        made: list[_Written] = []

        def do(kind: str, inputs: list[str], name: str, attributes: bytes = b"") -> str:
            node = Node(kind, tuple(inputs), (f"{one.result}/{name}" if name else one.result,))
            made.append(_Written(node, _operation(node, attributes)))
            return node.outputs[0]

        samples, scale, samples_zero = one.samples
        turned = _attribute("perm", [0, 2, 1])
        seen = do("Transpose", [samples], "rows", turned)
        if any(one.pads):
            pads = self._integers(0, one.pads[0], 0, 0, one.pads[1], 0)
            seen = do("Pad", [seen, pads, samples_zero], "padded")
        if size > 1:
            step, time = one.dilation, self._integers(1)
            ends = [*((at + 1 - size) * step for at in range(size - 1)), _END]
            places = [
                do("Slice", [seen, self._integers(at * step), self._integers(end), time], f"at{at}")
                for at, end in enumerate(ends)
            ]
            seen = do("Concat", places, "seen", _attribute("axis", 2))
        signed = [
            self._constant(f"{one.weights}/rows", _signed(rows)),
            self._constant(f"{one.zero}/signed", _signed(zero)),
        ]
        product = [seen, signed[0], scale, one.scale, samples_zero, signed[1]]
        done = do("MatMulIntegerToFloat", product + ([one.bias] if one.bias else []), "product")
        do("Transpose", [done], "", turned)
        self._new |= {place: [] for place in one.places}
        self._new[one.places[-1]] = made
        for place in one.aside:
            names = self._old[place].node.outputs
            if all(user in self._new for name in names for user in self._users.get(name, [])):
                self._new[place] = []
        return True

    def _value(self, name: str) -> Tensor | None:
        """A constant of whole numbers; None: it is none, or not written here."""
        content = self._constants.get(name)
        return None if content is None else _tensor(memoryview(content))

    def _integers(self, *values: int) -> str:
        return self._constant(f"mia/{','.join(map(str, values))}", np.array(values, np.int64))

    def _constant(self, name: str, value: Tensor) -> str:
        self._constants[name] = _constant(name, value)
        return name


def _other(node: Node, name: str) -> str:
    """The other input of two."""
    return next((one for one in node.inputs if one != name), "")


def _signed(weights: Tensor) -> Tensor:
    """uint8 as int8, 128 lower: what counts is how far they are from their zero point."""
    if weights.dtype == np.int8:
        return weights
    return (weights.astype(np.int16) - 128).astype(np.int8)


def _attributes(operation: bytes | memoryview) -> dict[str, list[int]]:
    """Those of whole numbers, by name."""
    return {
        "".join(texts(content, 1)): integers(content, _INTEGERS) or integers(content, _INTEGER)
        for number, content in fields(memoryview(operation))
        if number == _ATTRIBUTE
    }


def _pads_itself(operation: bytes | memoryview) -> bool:
    """Whether it has pads that depend on the length."""
    told = [c for number, c in fields(memoryview(operation)) if number == _ATTRIBUTE]
    return any(
        texts(content, 1) == ("auto_pad",) and texts(content, _TEXT) != ("NOTSET",)
        for content in told
    )


def _attribute(name: str, value: int | list[int]) -> bytes:
    number, kind = (_INTEGER, 2) if isinstance(value, int) else (_INTEGERS, 7)
    told = field(1, name.encode()) + integer(number, value) + integer(_KIND, kind)
    return field(_ATTRIBUTE, told)


def _operation(node: Node, attributes: bytes) -> bytes:
    names = [(INPUT, name) for name in node.inputs] + [(OUTPUT, name) for name in node.outputs]
    domain = field(_DOMAIN, MICROSOFT.encode()) if node.kind == "MatMulIntegerToFloat" else b""
    written = b"".join(field(number, name.encode()) for number, name in names)
    return written + field(OP_TYPE, node.kind.encode()) + domain + attributes


def _tensor(constant: memoryview) -> Tensor | None:
    """A constant of bytes or whole numbers; None where it is something else or elsewhere."""
    kind = _TYPES.get(next(iter(integers(constant, _TYPE)), 0))
    raw = [content for number, content in fields(constant) if number == _RAW]
    shape = integers(constant, _DIMS)
    if kind is None:
        return None
    if raw:
        return np.frombuffer(raw[0], kind).reshape(shape)
    values = integers(constant, _INT32S)
    return np.array(values).astype(kind).reshape(shape) if values else None


def _constant(name: str, value: Tensor) -> bytes:
    kind = next(number for number, one in _TYPES.items() if value.dtype == one)
    told = (
        integer(_DIMS, value.shape) + integer(_TYPE, kind) + field(NAME_OF_CONSTANT, name.encode())
    )
    return told + field(_RAW, np.ascontiguousarray(value).tobytes())
