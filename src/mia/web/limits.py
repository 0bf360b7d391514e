"""How much anybody may ask of the server: the gate before the gate.

Every path has a limit, because all of them come through here: how often one address may read,
change things, open sockets and guess a token, how many requests may be under way, and how long a
body may take to come. Sizes are the next gate's (`security`), what a socket may send is `Flow`'s.

The numbers are far above what pages, overlays and a stream deck do, and far below what would
keep two cores from talking. `SECURITY.md` has the table.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mia.errors import MiaError
from mia.web.security import refuse

Clock = Callable[[], float]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Rate:
    """per_second: what is given back. burst: what may be taken at once after a rest."""

    per_second: float
    burst: int


READ = Rate(200, 1_500)
"""A page is about 60 files; OBS, two pages and a phone may all load at once."""
CHANGE = Rate(20, 80)
OPEN = Rate(2, 40)
"""Sockets; a page that lost its own tries again every second or so."""
GUESS = Rate(1, 30)
"""Wrong tokens: then one a second from this address, right or wrong. An overlay that still has an
old token tries about as often, and is not to lock its owner out."""
LARGE = Rate(0.5, 20)
"""Uploads of a model."""
MESSAGES = Rate(500, 4_000)
"""On one socket; a microphone sends 50 in a second."""
BYTES = Rate(4_000_000, 32_000_000)
"""On one socket: 60 times as fast as speech, and eight minutes of it at once."""

UNDER_WAY = 128
"""Requests at the same time, from everybody."""
LARGE_UNDER_WAY = 2
BODY_SECONDS = 30.0
"""Longest silence within a body."""
_ADDRESSES = 2_048


class Bucket:
    """Tokens that come back with time (a token bucket)."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._left = float(rate.burst)
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until there is a token; 0 if there is one."""
        self._refill(now)
        return max(0.0, (1 - self._left) / self._rate.per_second)

    def take(self, now: float, count: float = 1) -> float:
        """Take so many, on credit if need be; seconds until the debt is paid."""
        self._refill(now)
        self._left -= count
        return max(0.0, -self._left / self._rate.per_second)

    def _refill(self, now: float) -> None:
        grown = self._left + max(0.0, now - self._at) * self._rate.per_second
        self._left, self._at = min(float(self._rate.burst), grown), now


class Flow:
    """What one socket may send. Nobody is refused: the sender is held back, by reading later."""

    def __init__(self, messages: Rate = MESSAGES, size: Rate = BYTES) -> None:
        now = asyncio.get_running_loop().time()
        self._messages, self._bytes = Bucket(messages, now), Bucket(size, now)

    async def take(self, size: int) -> None:
        """Account for a message of so many bytes; returns when the next one may come."""
        now = asyncio.get_running_loop().time()
        debt = max(self._messages.take(now), self._bytes.take(now, size))
        if debt:
            await asyncio.sleep(debt)


class Limits:
    """The buckets of every address, the least used forgotten first."""

    def __init__(self, rates: Mapping[str, Rate], clock: Clock) -> None:
        self._rates = rates
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def wait(self, who: str, what: str) -> float:
        """Seconds this address has to wait before it may; takes nothing."""
        return self._bucket(who, what).wait(self._clock())

    def take(self, who: str, what: str) -> None:
        self._bucket(who, what).take(self._clock())

    def _bucket(self, who: str, what: str) -> Bucket:
        key = (who, what)
        if key not in self._buckets:
            self._buckets[key] = Bucket(self._rates[what], self._clock())
            if len(self._buckets) > _ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return self._buckets[key]


RATES: Mapping[str, Rate] = MappingProxyType(
    {"read": READ, "change": CHANGE, "open": OPEN, "guess": GUESS, "large": LARGE}
)


class LimitsMiddleware:
    """large: the paths where a body may be larger than elsewhere."""

    def __init__(
        self,
        app: ASGIApp,
        large: frozenset[str] = frozenset(),
        rates: Mapping[str, Rate] = RATES,
        clock: Clock | None = None,
    ) -> None:
        self._app = app
        self._large = large
        self._limits = Limits(rates, clock or (lambda: asyncio.get_running_loop().time()))
        self._under_way = {"all": 0, "large": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        who, what = _address(scope), self._what(scope)
        # Whoever guessed wrong too often is not even listened to.
        for need in ("guess", what):
            if seconds := self._limits.wait(who, need):
                problem = MiaError("web.too_many_requests", seconds=math.ceil(seconds))
                await refuse(scope, receive, send, problem, Headers(scope=scope))
                return
        self._limits.take(who, what)
        if scope["type"] == "websocket":  # how many there may be is the hub's
            await self._app(scope, receive, self._noticing(scope, send, who))
            return
        kind = "large" if what == "large" else "all"
        most = LARGE_UNDER_WAY if kind == "large" else UNDER_WAY
        if self._under_way[kind] >= most:
            problem = MiaError("web.too_many_requests", seconds=1)
            await refuse(scope, receive, send, problem, Headers(scope=scope))
            return
        self._under_way[kind] += 1
        try:
            noticing = self._noticing(scope, send, who)
            await self._app(scope, _Patient(receive, scope["method"]), noticing)
        finally:
            self._under_way[kind] -= 1

    def _what(self, scope: Scope) -> str:
        if scope["type"] == "websocket":
            return "open"
        if scope["method"] in _SAFE:
            return "read"
        return "large" if scope["path"] in self._large else "change"

    def _noticing(self, scope: Scope, send: Send, who: str) -> Send:
        """Counts wrong tokens; a page without one, or with an old cookie, guesses nothing."""
        offered = b"token=" in scope.get("query_string", b"")
        if offered or "authorization" in Headers(scope=scope):
            return _Noticing(send, lambda: self._limits.take(who, "guess"))
        return send


class _Noticing:
    """Counts the answers that say that the token was wrong."""

    def __init__(self, send: Send, wrong: Callable[[], None]) -> None:
        self._send = send
        self._wrong = wrong

    async def __call__(self, message: Message) -> None:
        if message["type"].endswith("response.start") and message["status"] == 401:
            self._wrong()
        await self._send(message)


class _Patient:
    """A body that stops coming is over: nobody holds a request open for ever. Afterwards, who
    waits for the client to go (a stream) waits as long as it likes."""

    def __init__(self, receive: Receive, method: str) -> None:
        self._receive = receive
        self._more = method not in _SAFE

    async def __call__(self) -> Message:
        if not self._more:
            return await self._receive()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                message = await self._receive()
        except TimeoutError:
            self._more = False
            return {"type": "http.disconnect"}
        self._more = message["type"] == "http.request" and message.get("more_body", False)
        return message


def _address(scope: Scope) -> str:
    """Whoever asks: an IPv4 address, or the network an IPv6 one is in, since whoever has one of
    those has all of it."""
    host = (scope.get("client") or ("",))[0]
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return str(host)
    if isinstance(found, ipaddress.IPv6Address) and not found.is_loopback:
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
