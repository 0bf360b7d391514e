"""A model's int8 convolutions as matrix products, which the runtime does several times faster.

ONNX Runtime has its quickest int8 code (VNNI, AMX, dot products) in `MatMulIntegerToFloat`, and a
slow `ConvInteger`. A convolution over time is a product: each row holds the frames a kernel sees,
one after the other. What was

    ConvInteger, Add(bias as int32), Cast, Mul(scale)

of samples by channel and time becomes, by time and channel,

    Transpose, Pad, a Slice for each place of the kernel, Concat, MatMulIntegerToFloat, Transpose.

The numbers are those of before, but for the bias, which is no longer rounded. Weights that were
uint8 become int8 (both less 128, the zero point too), which is what the quick code takes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mia.onnx.building import Graph
from mia.onnx.graphs import (
    CONSTANT,
    GRAPH,
    MICROSOFT,
    NODE,
    Attribute,
    Node,
    Tensor,
    attributes,
    constant,
    name_of,
    operation,
    opset,
    opsets,
    read,
    values,
)
from mia.onnx.protobuf import field, fields, parts
from mia.onnx.sessions import open_session

#: The first set of operations in which `Pad` takes bytes.
OPSET = 13
#: Weights for fewer channels than this are not worth the way.
LEAST = 16
_END = 2**62


@functools.cache
def products_are_exact() -> bool:
    """Whether products of bytes come out right here. Processors without VNNI (Intel's before
    2019, AMD's before 2022) add two of them in 16 bits, and large ones overflow."""
    size = 64
    graph = Graph()
    weights = graph.constant("weights", np.full((size, size), 127, np.int8))
    one = graph.constant("one", np.array(1, np.float32))
    samples, scale, zero = graph.several("DynamicQuantizeLinear", ["row"], 3)
    inputs = [samples, weights, scale, one, zero]
    result = graph.add("MatMulIntegerToFloat", inputs, MICROSOFT)
    session = open_session(graph.model([("row", None)], (result, None)), 1)
    made = session.run(None, {"row": np.full((size, size), 255, np.float32)})[0]
    return bool(np.all(made == 255 * 127 * size))


def with_products(model: bytes) -> bytes:
    """The model with its int8 convolutions over time (stride 1, one group) as matrix products;
    as it was where there is none. Raises ValueError if it is damaged."""
    view = memoryview(model)
    # A message in several parts is what its parts are one after the other.
    graph = _Graph(memoryview(b"".join(g for number, g in fields(view) if number == GRAPH)))
    sets = opsets(view)
    if sets.get("", 0) < OPSET or not graph.convolutions_rewritten():
        return model
    rest = b"".join(whole for number, whole, _ in parts(view) if number != GRAPH)
    if MICROSOFT not in sets:
        rest += opset(MICROSOFT, 1)
    return rest + field(GRAPH, graph.written())


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
    content: memoryview


class _Graph:
    def __init__(self, graph: memoryview) -> None:
        self._rest = [w for number, w, _ in parts(graph) if number not in (NODE, CONSTANT)]
        self._old = [_Written(read(c), c) for number, c in fields(graph) if number == NODE]
        self._new: dict[int, list[_Written]] = {}
        """What comes in an operation's place."""
        self._constants: dict[str, memoryview] = {
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
        told = attributes(self._old[at].content)
        pads = told.get("pads", [0, 0])
        steps = told.get("dilations", [1])
        plain = told.get("group", [1]) == told.get("strides", [1]) == [1]
        if not plain or len(pads) != 2 or told.get("auto_pad", "NOTSET") != "NOTSET":
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
            int(steps[0]),
            (int(pads[0]), int(pads[1])),
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
        weights, zero = self._values(one.weights), self._values(one.zero)
        if weights is None or weights.ndim != 3 or min(weights.shape[:2]) < LEAST:
            return False
        if zero is None or zero.size != 1:
            return False
        rows = weights.transpose(2, 1, 0).reshape(-1, weights.shape[0])
        made: list[_Written] = []

        def do(kind: str, inputs: Sequence[str], name: str = "", **told: Attribute) -> str:
            output = f"{one.result}/{name}" if name else one.result
            domain = MICROSOFT if kind == "MatMulIntegerToFloat" else ""
            content = operation(kind, inputs, [output], told, domain=domain)
            made.append(_Written(Node(kind, tuple(inputs), (output,)), memoryview(content)))
            return output

        samples, scale, samples_zero = one.samples
        seen = do("Transpose", [samples], "rows", perm=[0, 2, 1])
        if any(one.pads):
            pads = self._integers(0, one.pads[0], 0, 0, one.pads[1], 0)
            seen = do("Pad", [seen, pads, samples_zero], "padded")
        size, step = weights.shape[2], one.dilation
        if size > 1:
            time = self._integers(1)
            ends = [*((at + 1 - size) * step for at in range(size - 1)), _END]
            places = [
                do("Slice", [seen, self._integers(at * step), self._integers(end), time], f"at{at}")
                for at, end in enumerate(ends)
            ]
            seen = do("Concat", places, "seen", axis=2)
        signed = [
            self._constant(f"{one.weights}/rows", _signed(rows)),
            self._constant(f"{one.zero}/signed", _signed(zero)),
        ]
        product = [seen, signed[0], scale, one.scale, samples_zero, signed[1]]
        done = do("MatMulIntegerToFloat", product + ([one.bias] if one.bias else []), "product")
        do("Transpose", [done], perm=[0, 2, 1])
        self._new |= {place: [] for place in one.places}
        self._new[one.places[-1]] = made
        for place in one.aside:
            names = self._old[place].node.outputs
            if all(user in self._new for name in names for user in self._users.get(name, [])):
                self._new[place] = []
        return True

    def _values(self, name: str) -> Tensor | None:
        """A constant of bytes; None: it is none, or not written here."""
        content = self._constants.get(name)
        found = None if content is None else values(content)
        return found if found is not None and found.dtype in (np.uint8, np.int8) else None

    def _integers(self, *numbers: int) -> str:
        return self._constant(f"mia/{','.join(map(str, numbers))}", np.array(numbers, np.int64))

    def _constant(self, name: str, value: Tensor) -> str:
        self._constants[name] = memoryview(constant(name, value))
        return name


def _other(node: Node, name: str) -> str:
    """The other input of two."""
    return next((one for one in node.inputs if one != name), "")


def _signed(weights: Tensor) -> Tensor:
    """uint8 as int8, 128 lower: what counts is how far they are from their zero point."""
    if weights.dtype == np.int8:
        return weights
    return (weights ^ 128).view(np.int8)
