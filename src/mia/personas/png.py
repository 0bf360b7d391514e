"""Texts within a PNG: read from a stranger's file without trusting a number in it, and written.

After the PNG specification (W3C, third edition), 5.3 "Chunk layout" and 11.3.3 "Textual
information".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The longest text, unpacked: a card with a whole lore book stays far below.
LONGEST_TEXT = 4 * 1024 * 1024
#: More chunks than any painting program writes.
MOST_CHUNKS = 4096


class Damaged(Exception):
    """This is no PNG, or one that cannot be read on."""


def texts(data: bytes, wanted: frozenset[str]) -> dict[str, str]:
    """The texts with these keywords. Raises Damaged, also for one that unpacks without end."""
    found: dict[str, str] = {}
    for kind, body in chunks(data):
        if kind not in (b"tEXt", b"zTXt", b"iTXt"):
            continue
        keyword, _, rest = body.partition(b"\0")
        name = keyword[:79].decode("latin-1").lower()
        if name in wanted:
            found[name] = _text(kind, rest)
    return found


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each chunk, up to the last. Raises Damaged."""
    if not data.startswith(SIGNATURE):
        raise Damaged
    at = len(SIGNATURE)
    for _ in range(MOST_CHUNKS):
        if at + 12 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise Damaged
        yield kind, data[at + 8 : at + 8 + length]
        if kind == b"IEND":
            return
        at += 12 + length
    raise Damaged


def _text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        raw = rest
    elif kind == b"zTXt":
        raw = _unpacked(rest[1:])
    else:
        if len(rest) < 2:
            raise Damaged
        packed = rest[0] == 1
        _, _, after = rest[2:].partition(b"\0")
        _, _, raw = after.partition(b"\0")
        raw = _unpacked(raw) if packed else raw
    if len(raw) > LONGEST_TEXT:
        raise Damaged
    return raw.decode("latin-1")


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(packed, LONGEST_TEXT + 1)
    except zlib.error as error:
        raise Damaged from error
    if len(raw) > LONGEST_TEXT:
        raise Damaged
    return raw


def with_texts(data: bytes, new: Mapping[str, str]) -> bytes:
    """The same picture with these texts instead of others of the same keywords. Raises Damaged."""
    parts = [SIGNATURE]
    for kind, body in chunks(data):
        keyword = body.partition(b"\0")[0].decode("latin-1").lower()
        if kind in (b"tEXt", b"zTXt", b"iTXt") and keyword in new:
            continue
        if kind == b"IEND":
            for name, text in new.items():
                parts.append(_chunk(b"tEXt", name.encode("latin-1") + b"\0" + text.encode("ascii")))
        parts.append(_chunk(kind, body))
    return b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def plain_picture(width: int = 400, height: int = 600) -> bytes:
    """A picture for a card without one: dusk, from violet to rose."""
    top, bottom = (0x36, 0x30, 0x69), (0xFF, 0x8F, 0xA6)
    rows = bytearray()
    for y in range(height):
        share = y / (height - 1)
        colour = bytes(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        rows += b"\0" + colour * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(bytes(rows), 9)),
            _chunk(b"IEND", b""),
        ]
    )
