"""What stands in an ONNX file: operations, and tensors that are constant.

Field numbers are those of `onnx.proto3` (github.com/onnx/onnx).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mia.onnx.protobuf import field, fields, floating, integer, integers, texts

Tensor = npt.NDArray[Any]
Attribute = int | float | str | list[int]

MICROSOFT = "com.microsoft"
"""The domain of the operations that only ONNX Runtime has."""

# ModelProto, GraphProto, ValueInfoProto
IR_VERSION, GRAPH, OPSETS = 1, 7, 8
NODE, CONSTANT, GIVEN, RESULT = 1, 5, 11, 12
VALUE_NAME = 1

# NodeProto, AttributeProto
_INPUT, _OUTPUT, _NODE_NAME, _OP_TYPE, _ATTRIBUTE, _DOMAIN = 1, 2, 3, 4, 5, 7
_ATTRIBUTE_NAME, _FLOAT, _INT, _TEXT, _INTS, _KIND = 1, 2, 3, 4, 8, 20
_FLOAT_KIND, _INT_KIND, _TEXT_KIND, _INTS_KIND = 1, 2, 3, 7

# TensorProto
_DIMS, _ELEMENT, _INT32S, _CONSTANT_NAME, _RAW = 1, 2, 5, 8, 9
_ELEMENTS: Mapping[str, int] = {"float32": 1, "uint8": 2, "int8": 3, "int64": 7}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a graph: its type and the names of its tensors."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def nodes(model: bytes) -> Iterator[Node]:
    """The operations of a serialised model, in its order. Raises ValueError if it is damaged."""
    for number, graph in fields(memoryview(model)):
        if number == GRAPH:
            yield from (read(node) for inner, node in fields(graph) if inner == NODE)


def read(operation: memoryview) -> Node:
    """An operation as it stands in the file."""
    (kind,) = texts(operation, _OP_TYPE) or ("",)
    return Node(kind, texts(operation, _INPUT), texts(operation, _OUTPUT))


def attributes(operation: memoryview) -> dict[str, list[int] | str]:
    """Those of whole numbers and of text, by name."""
    return {
        "".join(texts(told, _ATTRIBUTE_NAME)): "".join(texts(told, _TEXT))
        or integers(told, _INTS)
        or integers(told, _INT)
        for number, told in fields(operation)
        if number == _ATTRIBUTE
    }


def operation(
    kind: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    attributes: Mapping[str, Attribute],
    *,
    name: str = "",
    domain: str = "",
) -> bytes:
    """An operation as it stands in a file."""
    content = b"".join(field(_INPUT, one) for one in inputs)
    content += b"".join(field(_OUTPUT, one) for one in outputs)
    content += (field(_NODE_NAME, name) if name else b"") + field(_OP_TYPE, kind)
    content += b"".join(field(_ATTRIBUTE, _attribute(n, v)) for n, v in attributes.items())
    return content + (field(_DOMAIN, domain) if domain else b"")


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        told = integer(_INT, value) + integer(_KIND, _INT_KIND)
    elif isinstance(value, float):
        told = floating(_FLOAT, value) + integer(_KIND, _FLOAT_KIND)
    elif isinstance(value, str):
        told = field(_TEXT, value) + integer(_KIND, _TEXT_KIND)
    else:
        told = integer(_INTS, value) + integer(_KIND, _INTS_KIND)
    return field(_ATTRIBUTE_NAME, name) + told


def name_of(constant: memoryview) -> str:
    return next(iter(texts(constant, _CONSTANT_NAME)), "")


def constant(name: str, values: Tensor) -> bytes:
    """A tensor as it stands in a file: float32, uint8, int8 or int64."""
    told = integer(_DIMS, values.shape) + integer(_ELEMENT, _ELEMENTS[values.dtype.name])
    return told + field(_CONSTANT_NAME, name) + field(_RAW, np.ascontiguousarray(values).tobytes())


def values(constant: memoryview) -> Tensor | None:
    """What a tensor holds; None where it is of another type, or in a file of its own. Raises
    ValueError if it is damaged."""
    element = next(iter(integers(constant, _ELEMENT)), 0)
    kind = next((name for name, number in _ELEMENTS.items() if number == element), None)
    shape = integers(constant, _DIMS)
    raw = [content for number, content in fields(constant) if number == _RAW]
    if kind is None:
        return None
    if raw:
        return np.frombuffer(raw[0], kind).reshape(shape)
    written = integers(constant, _INT32S)
    return np.array(written).astype(kind).reshape(shape) if written else None


def tensor_type(name: str, shape: Sequence[int | str] | None = None) -> bytes:
    """The name and type of a float32 input or output. shape: names are sizes left open; None:
    nothing is said of it."""
    told = integer(1, _ELEMENTS["float32"])
    if shape is not None:
        sizes = (integer(1, one) if isinstance(one, int) else field(2, one) for one in shape)
        told += field(2, b"".join(field(1, size) for size in sizes))
    return field(VALUE_NAME, name) + field(2, field(1, told))


def opset(domain: str, version: int) -> bytes:
    """A set of operations a model uses, as a field of the model."""
    return field(OPSETS, field(1, domain) + integer(2, version))


def opsets(model: memoryview) -> dict[str, int]:
    """The sets of operations a model uses: version by domain."""
    return {
        "".join(texts(content, 1)): next(iter(integers(content, 2)), 0)
        for number, content in fields(model)
        if number == OPSETS
    }
