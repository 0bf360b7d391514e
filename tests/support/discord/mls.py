"""The little of MLS (RFC 9420) that the delivery service itself writes and reads.

Members make their own messages; the server only proposes whom to add and remove, signed as the
group's external sender, and cuts a commit from the welcome that follows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MLS_10 = 1
PUBLIC_MESSAGE = 1
BASIC_CREDENTIAL = 1
EXTERNAL_SENDER = 2
PROPOSAL = 2
ADD, REMOVE = 1, 3
IDENTITY = b"voice-gateway"


def u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def vector(data: bytes) -> bytes:
    """`opaque data<V>`: the length as a QUIC integer (section 2.1.2), then the bytes."""
    size = len(data)
    if size < 1 << 6:
        return size.to_bytes(1, "big") + data
    if size < 1 << 14:
        return (size | 1 << 14).to_bytes(2, "big") + data
    return (size | 2 << 30).to_bytes(4, "big") + data


class ExternalSender:
    """The voice gateway as a signer of proposals: a P-256 key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def package(self) -> bytes:
        """What members are told of it (section 12.1.8.1): key and basic credential."""
        public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return vector(public) + u16(BASIC_CREDENTIAL) + vector(IDENTITY)

    def add(self, group: int, epoch: int, key_package: bytes) -> bytes:
        """An Add proposal as a whole MLSMessage."""
        return self._proposal(group, epoch, u16(ADD) + key_package)

    def remove(self, group: int, epoch: int, leaf: int) -> bytes:
        """A Remove proposal of the member at this leaf, as a whole MLSMessage."""
        return self._proposal(group, epoch, u16(REMOVE) + u32(leaf))

    def _proposal(self, group: int, epoch: int, proposal: bytes) -> bytes:
        content = (
            vector(u64(group))
            + u64(epoch)
            + bytes([EXTERNAL_SENDER])
            + u32(0)  # the first and only external sender
            + vector(b"")  # no authenticated data
            + bytes([PROPOSAL])
            + proposal
        )
        head = u16(MLS_10) + u16(PUBLIC_MESSAGE)
        # SignWithLabel (section 5.1.2) over FramedContentTBS (section 6.1).
        signed = vector(b"MLS 1.0 FramedContentTBS") + vector(head + content)
        return head + content + vector(self._key.sign(signed, ec.ECDSA(SHA256())))


@dataclass
class Reader:
    """Walks over a message, field by field. Raises ValueError at its end."""

    data: bytes
    at: int = field(default=0)

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise ValueError("the message ends too early")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> bytes:
        kind = self.data[self.at] >> 6
        size = 1 << kind
        return self.take(self.number(size) & (1 << (8 * size - 2)) - 1)


def split_commit(data: bytes) -> tuple[bytes, bytes | None]:
    """The commit (an MLSMessage) and the Welcome behind it, if there is one; op 28's payload.

    Raises ValueError where it is no commit of a member.
    """
    read = Reader(data)
    if (read.number(2), read.number(2)) != (MLS_10, PUBLIC_MESSAGE):
        raise ValueError("not a public MLS message")
    read.vector()  # group
    read.number(8)  # epoch
    if read.number(1) != 1:
        raise ValueError("not sent by a member")
    read.number(4)  # its leaf
    read.vector()  # authenticated data
    if read.number(1) != 3:
        raise ValueError("not a commit")
    read.vector()  # proposals
    if read.number(1):
        _leaf_node(read)
        read.vector()  # path secrets
    for _ in ("signature", "confirmation tag", "membership tag"):
        read.vector()
    return data[: read.at], data[read.at :] or None


def _leaf_node(read: Reader) -> None:
    read.vector()  # encryption key
    read.vector()  # signature key
    read.number(2)  # kind of credential
    read.vector()  # identity
    for _ in ("versions", "suites", "extensions", "proposals", "credentials"):
        read.vector()
    source = read.number(1)
    if source == 1:  # of a key package: its lifetime
        read.take(16)
    elif source == 3:  # of a commit: the parent's hash
        read.vector()
    read.vector()  # extensions
    read.vector()  # signature
