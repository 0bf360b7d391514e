"""Writing an ONNX graph down: the few protobuf fields that takes, so that a model can be put
together on the user's machine without the `onnx` package and what it brings.

Field numbers are those of `onnx.proto3` (github.com/onnx/onnx).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

IR_VERSION = 9
OPSETS = (("", 18), ("com.microsoft", 1))
CONTRIB = "com.microsoft"

Attribute = int | float | list[int]

_ELEMENT = {"float32": 1, "uint8": 2, "int64": 7}
_INT, _FLOAT, _INTS = 2, 1, 7


def _number(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _whole(number: int, value: int) -> bytes:
    return _number(number << 3) + _number(value)


def _part(number: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return _number(number << 3 | 2) + _number(len(raw)) + raw


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _part(1, name) + _whole(3, value) + _whole(20, _INT)
    if isinstance(value, float):
        return _part(1, name) + _number(2 << 3 | 5) + struct.pack("<f", value) + _whole(20, _FLOAT)
    return _part(1, name) + b"".join(_whole(8, one) for one in value) + _whole(20, _INTS)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(
        _part(1, _whole(1, one) if isinstance(one, int) else _part(2, one)) for one in shape
    )
    tensor = _whole(1, _ELEMENT["float32"]) + _part(2, dims)
    return _part(1, name) + _part(2, _part(1, tensor))


@dataclass
class Graph:
    """A graph that grows operation by operation; `add` returns the name of what it puts out."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def constant(self, name: str, values: npt.NDArray[np.generic]) -> str:
        """float32, uint8 or int64."""
        dims = b"".join(_whole(1, size) for size in values.shape)
        self.constants.append(
            dims
            + _whole(2, _ELEMENT[values.dtype.name])
            + _part(8, name)
            + _part(9, np.ascontiguousarray(values).tobytes())
        )
        return name

    def add(
        self, kind: str, inputs: Sequence[str], domain: str = "", **attributes: Attribute
    ) -> str:
        output = f"t{len(self.nodes)}"
        content = b"".join(_part(1, name) for name in inputs) + _part(2, output)
        content += _part(3, f"n{len(self.nodes)}") + _part(4, kind)
        content += b"".join(_part(5, _attribute(n, v)) for n, v in attributes.items())
        self.nodes.append(content + (_part(7, domain) if domain else b""))
        return output

    def model(
        self, taken: tuple[str, Sequence[int | str]], given: tuple[str, Sequence[int | str]]
    ) -> bytes:
        """The serialised model with one input and one output, both float32."""
        graph = b"".join(_part(1, node) for node in self.nodes) + _part(2, "mia")
        graph += b"".join(_part(5, constant) for constant in self.constants)
        graph += _part(11, _value(*taken)) + _part(12, _value(*given))
        opsets = b"".join(_part(8, _part(1, name) + _whole(2, number)) for name, number in OPSETS)
        return _whole(1, IR_VERSION) + _part(2, "mia") + _part(7, graph) + opsets
