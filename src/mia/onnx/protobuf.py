"""Protobuf messages as bytes: enough to read a model's graph and to write one.

Wire format: protobuf.dev/programming-guides/encoding. A message is fields one after the other; one
that is appended is merged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

_VARINT, _BYTES, _FLOAT = 0, 2, 5
_FIXED = {1: 8, _FLOAT: 4}


def fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The length-delimited fields; others are passed over. Raises ValueError if it is damaged."""
    return ((number, content) for number, _, content in parts(message) if content is not None)


def parts(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview | None]]:
    """Each field: its number, all its bytes, and the content of a length-delimited one. Raises
    ValueError if it is damaged."""
    at, end = 0, len(message)
    while at < end:
        begin = at
        key, at = _read(message, at)
        kind = key & 7
        content = None
        if kind == _BYTES:
            size, at = _read(message, at)
            if at + size > end:
                raise ValueError("the model ends too early")
            content = message[at : at + size]
            at += size
        elif kind == _VARINT:
            _, at = _read(message, at)
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise ValueError("this is no ONNX model")
        yield key >> 3, message[begin:at], content


def texts(message: memoryview, number: int) -> tuple[str, ...]:
    """The strings of a repeated field."""
    return tuple(bytes(content).decode() for at, content in fields(message) if at == number)


def integers(message: memoryview, number: int) -> list[int]:
    """The whole numbers of a repeated field, one by one or packed; those below zero as 64 bits
    without a sign."""
    found: list[int] = []
    for at, whole, content in parts(message):
        if at != number:
            continue
        packed, place = (whole, _read(whole, 0)[1]) if content is None else (content, 0)
        while place < len(packed):
            value, place = _read(packed, place)
            found.append(value)
    return found


def _read(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("this is no ONNX model")
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def field(number: int, content: bytes | str) -> bytes:
    """A length-delimited field."""
    raw = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | _BYTES) + _varint(len(raw)) + raw


def integer(number: int, values: int | Iterable[int]) -> bytes:
    """A field of whole numbers, repeated if there are several."""
    several = (values,) if isinstance(values, int) else values
    return b"".join(_varint(number << 3 | _VARINT) + _varint(value) for value in several)


def floating(number: int, value: float) -> bytes:
    """A field of one float32."""
    return _varint(number << 3 | _FLOAT) + struct.pack("<f", value)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
