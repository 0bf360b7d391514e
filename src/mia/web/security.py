"""The gate before every route: host, origin, token, size, and the headers of every answer.

Pure ASGI, so that HTTP and WebSocket go through the same door.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mia.errors import MiaError
from mia.web import problems
from mia.web.access import COOKIE, Access

#: Larger than any request of ours but a model; recordings do not come this way.
MAX_BODY = 1024 * 1024
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Shown within our own page, as a preview.
_FRAMED = frozenset({"/overlay"})
#: Seconds a page need not show the token again, which it takes out of its address: 30 days.
_REMEMBERED = 30 * 24 * 3600
#: Answered without a token, so that a container or a load balancer can ask.
_OPEN = frozenset({"/healthz"})
#: Where a listener with rules of its own says so; set by `Doorway`, never by a client.
_RULES = "mia.access"


class Doorway:
    """The application as one listener shows it: with that listener's own rules."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, _RULES: self._access}, receive, send)


class SecurityMiddleware:
    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        max_body: int = MAX_BODY,
        larger: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """larger: bytes a body may have at the few paths where that is more than `max_body`."""
        self._app = app
        self._access = access
        self._max_body = max_body
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        token = _query_token(scope)
        access: Access = scope.get(_RULES, self._access)
        problem = _refusal(access, scope, headers, token)
        if problem is not None:
            await _refuse(scope, receive, send, problem, headers)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        if scope["method"] not in _SAFE:
            most = self._larger.get(scope["path"], self._max_body)
            body = await self._body(headers, receive, most)
            if body is None:
                await _refuse(scope, receive, send, MiaError("web.body_too_large"), headers)
                return
            receive = _Replay(body, receive)
        given = _cookie_for(access, scope) if access.token and access.token_allowed(token) else None
        guarded = _Guarded(send, headers.get("host", ""), scope["path"], given)
        await self._app(scope, receive, guarded)

    async def _body(self, headers: Headers, receive: Receive, most: int) -> bytes | None:
        """The whole body, or None if it is too large."""
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > most:
            return None
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return bytes(body)
            body += message.get("body", b"")
            if len(body) > most:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _refusal(access: Access, scope: Scope, headers: Headers, token: str | None) -> MiaError | None:
    """Why a request may not pass, or None."""
    host = headers.get("host")
    if not access.host_allowed(host):
        return MiaError("web.forbidden_host", host=(host or "")[:100])
    if scope["type"] == "websocket" or scope["method"] not in _SAFE:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if not access.origin_allowed(origin, host or "", site):
            return MiaError("web.forbidden_origin", origin=(origin or "")[:100])
    if access.token and scope["path"] not in _OPEN:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        allowed = (
            (scheme.lower() == "bearer" and access.token_allowed(bearer.strip()))
            or (token is not None and access.token_allowed(token))
            or access.cookie_allowed(_cookie(headers))
        )
        if not allowed:
            return MiaError("web.token_needed")
    return None


def _cookie_for(access: Access, scope: Scope) -> str:
    """What a page that has shown the token is given. One of an encrypted connection never goes
    over a plain one."""
    secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""
    return (
        f"{COOKIE}={access.cookie()}; Path=/; Max-Age={_REMEMBERED}; HttpOnly; "
        f"SameSite=Strict{secure}"
    )


class _Replay:
    """A body that was read already, then whatever comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Guarded:
    """Adds the security headers to an answer."""

    def __init__(self, send: Send, host: str, path: str, cookie: str | None) -> None:
        self._send = send
        self._host = host
        self._path = path
        self._cookie = cookie

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in security_headers(self._host, framed=self._path in _FRAMED):
                headers.setdefault(name, value)
            if self._cookie:
                headers.append("set-cookie", self._cookie)
        await self._send(message)


def security_headers(host: str, *, framed: bool = False) -> Iterable[tuple[str, str]]:
    """Of every answer. host: an allowed Host header, named for WebSockets because older Safari
    does not count them to 'self'. framed: our own pages may show it within themselves."""
    ancestors = "'self'" if framed else "'none'"
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; worker-src 'self' blob:; font-src 'self'; "
        f"connect-src 'self' ws://{host} wss://{host}; object-src 'none'; base-uri 'none'; "
        f"form-action 'self'; frame-ancestors {ancestors}"
    )
    return (
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "microphone=(self), camera=(), geolocation=()"),
    )


def _query_token(scope: Scope) -> str | None:
    found = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
    return found[0] if found else None


def _cookie(headers: Headers) -> str | None:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    return jar[COOKIE].value if COOKIE in jar else None


async def _refuse(
    scope: Scope, receive: Receive, send: Send, problem: MiaError, headers: Headers
) -> None:
    status = problems.status(problem)
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": problem.code})
            return
        kind = "websocket.http.response"
    else:
        kind = "http.response"
    if scope["type"] == "http" and "text/html" in headers.get("accept", ""):
        content_type = b"text/plain; charset=utf-8"
        texts = problems.describe(problem)["text"]
        body = "\n\n".join(texts.values()).encode()
    else:
        content_type = b"application/json"
        body = json.dumps(problems.body(problem), ensure_ascii=False).encode()
    answer = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == 401:
        answer.append((b"www-authenticate", b"Bearer"))
    await send({"type": f"{kind}.start", "status": status, "headers": answer})
    await send({"type": f"{kind}.body", "body": body})


#: For the other gates, which refuse in the same words.
refuse = _refuse
