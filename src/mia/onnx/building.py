"""A graph put together on the user's machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mia.onnx import protobuf
from mia.onnx.graphs import (
    CONSTANT,
    GIVEN,
    GRAPH,
    IR_VERSION,
    MICROSOFT,
    NODE,
    RESULT,
    Attribute,
    Tensor,
    constant,
    operation,
    opset,
    tensor_type,
)

VERSION = 9
OPSET = 18
_MAKER, _GRAPH_NAME = 2, 2

Shape = Sequence[int | str] | None
"""Names are sizes left open; None: nothing is said of it."""


@dataclass
class Graph:
    """A graph that grows operation by operation; `add` returns the name of what it puts out."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def constant(self, name: str, values: Tensor) -> str:
        """float32, uint8, int8 or int64."""
        self.constants.append(constant(name, values))
        return name

    def add(
        self, kind: str, inputs: Sequence[str], domain: str = "", **attributes: Attribute
    ) -> str:
        (output,) = self.several(kind, inputs, 1, domain, **attributes)
        return output

    def several(
        self,
        kind: str,
        inputs: Sequence[str],
        outputs: int,
        domain: str = "",
        **attributes: Attribute,
    ) -> list[str]:
        """An operation that puts out several."""
        at = len(self.nodes)
        names = [f"t{at}" if number == 0 else f"t{at}.{number}" for number in range(outputs)]
        written = operation(kind, inputs, names, attributes, name=f"n{at}", domain=domain)
        self.nodes.append(written)
        return names

    def model(
        self,
        taken: Sequence[tuple[str, Shape]],
        given: tuple[str, Shape],
    ) -> bytes:
        """The serialised model with its inputs and its one output, all float32."""
        graph = b"".join(protobuf.field(NODE, node) for node in self.nodes)
        graph += protobuf.field(_GRAPH_NAME, "mia")
        graph += b"".join(protobuf.field(CONSTANT, one) for one in self.constants)
        graph += b"".join(protobuf.field(GIVEN, tensor_type(*one)) for one in taken)
        graph += protobuf.field(RESULT, tensor_type(*given))
        head = protobuf.integer(IR_VERSION, VERSION) + protobuf.field(_MAKER, "mia")
        return head + protobuf.field(GRAPH, graph) + opset("", OPSET) + opset(MICROSOFT, 1)
