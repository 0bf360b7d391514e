"""Protobuf messages as bytes: enough to read a model's graph and to write a part of it anew.

Wire format: protobuf.dev/programming-guides/encoding. A message is fields one after the other; one
that is appended is merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}


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
    """The whole numbers of a repeated field, one by one or packed."""
    found: list[int] = []
    for at, whole, content in parts(message):
        if at != number:
            continue
        packed, place = (whole, len(varint(number << 3))) if content is None else (content, 0)
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


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | _BYTES) + varint(len(content)) + content


def integer(number: int, values: int | Iterable[int]) -> bytes:
    """A field of whole numbers from zero on, repeated if there are several."""
    several = (values,) if isinstance(values, int) else values
    return b"".join(varint(number << 3 | _VARINT) + varint(value) for value in several)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
