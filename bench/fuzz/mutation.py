"""Inputs that are almost right: seeds, damaged in the ways that parsers stumble over."""

from __future__ import annotations

import random

#: Numbers at the edges of the fields they stand in.
_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_BITS = (
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"\n", b"\r\n", b'"', b"{", b"[", b"]", b"}"),
    *(b"NaN", b"1e999", b"-1", b"null", b"\\ud800", b"%s", b"../", b": ", b"- ", b"&a ", b"*a"),
    *(b"!!python/object/apply:os.system ", b"RIFF", b"data", b"glTF", b"#bundle\0", b","),
    b"9" * 5_000,
    b"[" * 3_000,
    b'{"a":' * 3_000,
)
LARGEST = 60_000


def mutated(chance: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """One of the seeds, damaged in one to six ways; now and then nothing but noise."""
    if chance.random() < 0.03:
        return chance.randbytes(chance.randrange(400))
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(9):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                data[at:at] = chance.choice(_BITS)
            case 2:
                del data[at : at + chance.randrange(1, 40)]
            case 3:
                del data[at:]
            case 4:
                size, order = chance.choice((1, 2, 4)), chance.choice(("little", "big"))
                edge = chance.choice(_EDGES) % (1 << 8 * size)
                data[at : at + size] = edge.to_bytes(size, "big" if order == "big" else "little")
            case 5:
                piece = data[at : at + chance.randrange(1, 200)]
                data[at:at] = piece * chance.randrange(1, 20)
            case 6:
                other = chance.choice(seeds)
                data[at:at] = other[chance.randrange(len(other) + 1) :][:500]
            case 7:
                data[at:at] = chance.randbytes(chance.randrange(1, 30))
            case _:
                data[at:at] = chance.choice("éñ\u200b\ud7ff😀\u2028").encode()
    return bytes(data[:LARGEST])
