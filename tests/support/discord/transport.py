"""RTP as Discord's voice servers speak it: headers, and the two transport encryptions.

In the `rtpsize` modes the header (with the extension's preamble) is authenticated in the clear, the
extension's body is inside the ciphertext, and the last 4 bytes are the nonce's counter.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import nacl.bindings
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AES = "aead_aes256_gcm_rtpsize"
XCHACHA = "aead_xchacha20_poly1305_rtpsize"
MODES = (AES, XCHACHA)
OPUS = 0x78
#: RFC 8285's one-byte extensions; what Discord's clients send.
ONE_BYTE = 0xBEDE
AUDIO_LEVEL = b"\x10\x85\x00\x00"


@dataclass(frozen=True, slots=True)
class Rtp:
    """One packet. extension: its body, whole words of 4 bytes; None: there is none."""

    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    kind: int = OPUS
    marker: bool = False
    extension: bytes | None = None
    sources: tuple[int, ...] = ()
    padding: int = 0

    def header(self) -> bytes:
        first = 0x80 | (self.padding > 0) << 5 | (self.extension is not None) << 4
        first |= len(self.sources)
        made = struct.pack(
            ">BBHII",
            first,
            self.marker << 7 | self.kind,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            self.ssrc,
        )
        made += struct.pack(f">{len(self.sources)}I", *self.sources)
        if self.extension is not None:
            made += struct.pack(">HH", ONE_BYTE, len(self.extension) // 4)
        return made

    def body(self) -> bytes:
        filler = bytes(self.padding - 1) + bytes([self.padding]) if self.padding else b""
        return (self.extension or b"") + self.payload + filler


class Broken(Exception):
    """A packet that is none of ours, or was changed on its way."""


def seal(packet: Rtp, mode: str, key: bytes, counter: int) -> bytes:
    header, body = packet.header(), packet.body()
    nonce = struct.pack(">I", counter & 0xFFFFFFFF)
    if mode == AES:
        sealed = AESGCM(key).encrypt(nonce + bytes(8), body, header)
    else:
        sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            body, header, nonce + bytes(20), key
        )
    return header + sealed + nonce


def unseal(data: bytes, mode: str, key: bytes) -> Rtp:
    """The packet. Raises Broken."""
    if len(data) < 32 or data[0] >> 6 != 2:
        raise Broken("no RTP")
    first, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
    count = first & 0x0F
    size = 12 + 4 * count
    words = 0
    if first & 0x10:
        words = int.from_bytes(data[size + 2 : size + 4], "big")
        size += 4
    header, sealed, nonce = data[:size], data[size:-4], data[-4:]
    try:
        if mode == AES:
            body = AESGCM(key).decrypt(nonce + bytes(8), sealed, header)
        else:
            body = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed, header, nonce + bytes(20), key
            )
    except (InvalidTag, nacl.exceptions.CryptoError) as error:
        raise Broken("not sealed with this key") from error
    padding = body[-1] if first & 0x20 else 0
    payload = body[4 * words : len(body) - padding]
    extension = body[: 4 * words] if first & 0x10 else None
    return Rtp(sequence, timestamp, ssrc, payload, second & 0x7F, bool(second >> 7), extension)
