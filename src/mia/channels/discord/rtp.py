"""Discord's voice packets: RTP (RFC 3550) sealed as `aead_xchacha20_poly1305_rtpsize`.

    version, flags | type | sequence | timestamp | ssrc | CSRCs | extension head    in clear
    extension body | audio                                                          sealed
    authentication tag (16) | counter (4)

The clear part is the associated data; the nonce is the counter and twenty zeros. Source:
docs.discord.com, "Voice connections"; discord.py 2.7.1, `voice_client.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Discord's payload type of opus; video and its resends have others.
OPUS = 0x78
VERSION = 2
#: Head (12), tag (16) and counter (4): nothing shorter carries anything.
SHORTEST = 32
COUNTER = 4
NONCE = 24
#: Five of these say that somebody has stopped talking; they are never end-to-end encrypted.
SILENCE = b"\xf8\xff\xfe"

#: One packet, 20 ms, in ticks of RTP's clock (48 kHz).
FRAME_TICKS = 960


class Undecipherable(Exception):
    """This packet was not sealed with the key there is, or is damaged."""


@dataclass(frozen=True, slots=True)
class Packet:
    """sequence: 16 bits, timestamp: 32 bits, both wrap. clear: length of what is not sealed;
    extension: bytes of the sealed part before the audio. padded: the last byte tells how much
    of the end is padding."""

    ssrc: int
    sequence: int
    timestamp: int
    clear: int
    extension: int
    padded: bool
    data: bytes


def parse(data: bytes) -> Packet | None:
    """The packet in a datagram, or None if it is no voice."""
    if len(data) < SHORTEST or data[0] >> 6 != VERSION or data[1] & 0x7F != OPUS:
        return None
    clear = 12 + 4 * (data[0] & 0x0F)
    extension = 0
    if data[0] & 0x10:
        if len(data) < clear + 4:
            return None
        extension = 4 * int.from_bytes(data[clear + 2 : clear + 4], "big")
        clear += 4
    if len(data) < clear + 16 + COUNTER:
        return None
    return Packet(
        ssrc=int.from_bytes(data[8:12], "big"),
        sequence=int.from_bytes(data[2:4], "big"),
        timestamp=int.from_bytes(data[4:8], "big"),
        clear=clear,
        extension=extension,
        padded=bool(data[0] & 0x20),
        data=data,
    )


def unseal(packet: Packet, key: bytes) -> bytes:
    """The audio in a packet, still end-to-end encrypted where the call is.

    key: 32 bytes, the connection's newest. Raises Undecipherable.
    """
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as opened
    from nacl.exceptions import CryptoError

    data = packet.data
    nonce = data[-COUNTER:] + bytes(NONCE - COUNTER)
    try:
        audio: bytes = opened(data[packet.clear : -COUNTER], data[: packet.clear], nonce, key)
    except (CryptoError, ValueError, TypeError) as error:
        raise Undecipherable("transport") from error
    audio = audio[packet.extension :]
    if packet.padded and audio:
        audio = audio[: -audio[-1]]
    return audio


def is_voice(data: bytes) -> bool:
    """Whether a datagram is worth a place in the queue; cheap, for the socket's thread."""
    return len(data) >= SHORTEST and data[0] >> 6 == VERSION and data[1] & 0x7F == OPUS
