"""Who may talk to MIA's web server: hosts, origins and the token."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mia.errors import ConfigError

COOKIE = "mia_session"
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether a server listening on this host is reached from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split_host(value: str) -> tuple[str, str] | None:
    """A Host header's name (lower case, no brackets) and port; None if it is not one."""
    try:
        parts = urlsplit(f"//{value}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in value:
        return None
    return parts.hostname, "" if port is None else str(port)


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server.

    host: where it listens. token: needed by every client but `/healthz` where it is set; it must
    be set as soon as host is not loopback. hosts: further names (`name` or `name:port`) it may
    be called by. origins: further origins (`https://name:port`) whose pages may use it.

    Raises ConfigError `web.token_required`.
    """

    host: str = "127.0.0.1"
    token: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise ConfigError("web.token_required", host=self.host)

    def host_allowed(self, header: str | None) -> bool:
        """Whether a request may call this server by this name.

        A page of an attacker can point its own domain at us (DNS rebinding), so only known names
        are served. An IP address cannot be rebound; where we listen beyond loopback any is fine.
        Ports are free, for those who forward one; the Origin check compares them.
        """
        found = split_host(header or "")
        if found is None:
            return False
        name, port = found
        if name in _LOOPBACK_NAMES or name == self.host.lower():
            return True
        if {name, f"{name}:{port}"} & {known.lower() for known in self.hosts}:
            return True
        if is_loopback(self.host):
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def origin_allowed(self, origin: str | None, host: str, site: str | None) -> bool:
        """Whether a browser's page (or a client that is no browser) may change things here.

        host: the request's Host header, already allowed. site: its Sec-Fetch-Site header.
        """
        if origin is None:
            return site in (None, "same-origin", "none")
        if origin in self.origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:  # "http://[x]": no address at all
            return False
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()

    def token_allowed(self, offered: str | None) -> bool:
        """Compare in constant time; without a token everybody is welcome."""
        if not self.token:
            return True
        return offered is not None and hmac.compare_digest(
            offered.encode("utf-8", "replace"), self.token.encode()
        )

    def cookie(self) -> str:
        """What a page that has shown the token is given; the token cannot be read from it."""
        key = (self.token or "").encode()
        return hmac.new(key, b"mia page session v1", hashlib.sha256).hexdigest()

    def cookie_allowed(self, offered: str | None) -> bool:
        return offered is not None and hmac.compare_digest(
            offered.encode("utf-8", "replace"), self.cookie().encode()
        )
