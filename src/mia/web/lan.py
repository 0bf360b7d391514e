"""The local network: which addresses this machine has there, and a certificate for them.

Browsers give the microphone to secure pages only, and a phone in the same network reaches this
machine by an address no authority would sign. So MIA signs for herself: the phone shows a warning
once, and what goes over the air is encrypted. The certificate is kept in the data folder, so that
the warning stays away; the key may be read by its owner only.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mia.errors import MiaError

PORT = 8443
#: Apple refuses server certificates that last longer (support.apple.com/HT210176).
LASTS = timedelta(days=820)
#: Made anew when so little is left.
RENEW = timedelta(days=30)
#: For a route only: nothing is ever sent there (RFC 5737, for documentation).
_ELSEWHERE = "198.51.100.1"
_CERTIFICATE, _KEY, _TOKEN = "lan.crt", "lan.key", "lan.token"


def _now() -> datetime:
    return datetime.now(UTC)  # wall clock: a certificate is valid from a calendar date to another


@dataclass(frozen=True, slots=True)
class Lan:
    """How MIA is reached from the same network. address: the likeliest one, without the token."""

    address: str
    others: tuple[str, ...]
    token: str
    fingerprint: str

    @property
    def link(self) -> str:
        """The address that a phone opens: it carries the token, and is as secret as it."""
        return f"{self.address}/?token={self.token}"


def addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses in its networks, the one on the way to the internet first;
    without loopback and link-local ones. Blocking."""
    found: list[str] = []
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((_ELSEWHERE, 9))
            found.append(str(probe.getsockname()[0]))
    except OSError:
        pass  # no route there: a network without a way out has addresses all the same
    try:
        named = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        named = []
    found += [str(entry[4][0]) for entry in named]
    return tuple(dict.fromkeys(one for one in found if _usable(one)))


def _usable(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def url(address: str, port: int) -> str:
    return f"https://{address}:{port}"


def names() -> tuple[str, ...]:
    """What this machine may be called in its network: its name, and the one mDNS gives it."""
    name = socket.gethostname().split(".")[0].lower()
    return (name, f"{name}.local") if name and name != "localhost" else ()


def token(folder: Path) -> str:
    """The token of the local network, made once. Blocking. Raises MiaError `lan.not_written`."""
    path = folder / _TOKEN
    try:
        kept = path.read_text("ascii").strip() if path.is_file() else ""
        if len(kept) >= 16:
            return kept
        made = secrets.token_urlsafe(18)
        _write(path, made.encode())
    except (OSError, UnicodeDecodeError) as error:
        raise MiaError("lan.not_written", folder=folder, reason=str(error)) from error
    return made


def context(
    folder: Path, hosts: Sequence[str], now: Callable[[], datetime] = _now
) -> tuple[ssl.SSLContext, str]:
    """What to serve TLS with, and the certificate's SHA-256 in the usual form.

    hosts: addresses and names it has to be valid for. Blocking: making a key takes a moment.
    Raises MiaError `lan.not_written`.
    """
    certificate, key = folder / _CERTIFICATE, folder / _KEY
    try:
        if not _good(certificate, key, hosts, now()):
            _make(certificate, key, hosts, now())
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.minimum_version = ssl.TLSVersion.TLSv1_2
        found.load_cert_chain(certificate, key)
        return found, _fingerprint(certificate)
    except OSError as error:  # ssl.SSLError is one
        raise MiaError("lan.not_written", folder=folder, reason=str(error)) from error


def _good(certificate: Path, key: Path, hosts: Sequence[str], now: datetime) -> bool:
    """Whether the kept certificate is ours, lasts, and is valid for all of these."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        kept = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
        san = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    known = {str(a) for a in san.get_values_for_type(x509.IPAddress)}
    known |= set(san.get_values_for_type(x509.DNSName))
    return (
        kept.public_key() == private.public_key()
        and kept.not_valid_before_utc <= now
        and kept.not_valid_after_utc - now > RENEW
        and set(hosts) <= known
    )


def _make(certificate: Path, key: Path, hosts: Sequence[str], now: datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MIA")])
    alternatives: list[x509.GeneralName] = []
    for host in hosts:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            alternatives.append(x509.DNSName(host))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        # A phone's clock may be a little behind.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now - timedelta(days=1) + LASTS)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    encoded = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(key, encoded)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM))


def _fingerprint(certificate: Path) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    kept = x509.load_pem_x509_certificate(certificate.read_bytes())
    return kept.fingerprint(hashes.SHA256()).hex(":").upper()


def _write(path: Path, content: bytes) -> None:
    """Put a file there that only its owner may read, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
