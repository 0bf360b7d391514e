"""Which servers MIA may be sent to: the guard on addresses that come from a page or a file.

The rule: any server of the user's own (this machine, the local network) and any on the internet,
but never an address at which machines keep secrets for themselves. Those are the link-local
networks, where clouds answer with credentials (169.254.169.254 and its kin, written in whatever
way), the few such addresses that lie elsewhere, and addresses that are no server's (multicast,
broadcast, reserved). So LM Studio on localhost or on the computer in the next room stays allowed,
and a page that got hold of the settings cannot make MIA fetch a cloud's keys.

A name is looked up, too, each time before a request goes out (`check_host`), since whoever owns a
name decides where it leads; redirects are followed under the same rule.

Sources: RFC 3927, RFC 4291 (link-local); the clouds' documentation of their metadata services.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from mia.errors import BackendUnavailable

#: Metadata services that are not link-local: Alibaba Cloud, Oracle Cloud (old), AWS over IPv6.
_SECRETIVE = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_NAMES = frozenset({"metadata", "metadata.google.internal", "instance-data", "metadata.azure.com"})
#: Networks that hold an IPv4 address inside: NAT64, 6to4.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ForbiddenAddress(BackendUnavailable):
    """MIA does not go there."""


def literal(host: str) -> Address | None:
    """The address a host is written as, in any of the ways that systems read one (decimal, octal,
    hexadecimal, shortened); None for a name."""
    bare = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare)) if bare.isascii() and bare else None
    except (OSError, ValueError):
        return None


def forbidden(address: Address) -> bool:
    """Whether MIA goes to no server at this address."""
    inner = _inside(address)
    if inner is not None and forbidden(inner):
        return True
    if address in _SECRETIVE or address.is_link_local or address.is_multicast:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_reserved and not (address.is_loopback or inner is not None)
    # 0.0.0.0 is this machine; the rest of its network, and everything from 240.0.0.0, nobody's.
    return address.is_reserved or (int(address) >> 24 == 0 and int(address) != 0)


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def forbidden_host(host: str) -> bool:
    """Whether a host as it is written is one MIA does not go to; a name may still lead to one."""
    found = literal(host)
    if found is not None:
        return forbidden(found)
    return host.lower().rstrip(".") in _NAMES


async def check_host(host: str) -> None:
    """Look a host up and raise ForbiddenAddress `server.forbidden_address` where it leads to an
    address MIA does not go to. A host that cannot be found is for the caller to notice."""
    if not _settled(host):
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, UnicodeError):
            _check(host, await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM))


def check_host_blocking(host: str) -> None:
    """`check_host`, for threads that ask a server themselves."""
    if not _settled(host):
        with contextlib.suppress(OSError, UnicodeError):
            _check(host, socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))


def _settled(host: str) -> bool:
    """Whether the host as it is written tells all. Raises ForbiddenAddress."""
    if forbidden_host(host):
        raise ForbiddenAddress("server.forbidden_address", host=host)
    return literal(host) is not None


def _check(host: str, found: Sequence[tuple[Any, ...]]) -> None:
    """found: what `getaddrinfo` answers. Raises ForbiddenAddress."""
    for *_, place in found:
        address = literal(str(place[0]))
        if address is not None and forbidden(address):
            raise ForbiddenAddress("server.forbidden_address", host=host)
