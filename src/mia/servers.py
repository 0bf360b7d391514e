"""What backends share that ask an OpenAI-compatible server: how to reach it, which failures pass
by themselves, and what went wrong in words a user can act on.

Sources of the shapes: OpenAI's API reference (status, `error.message`), OpenRouter's "Errors and
Debugging" page, llama.cpp's server, LM Studio (errors as a bare string).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from mia.addresses import ForbiddenAddress, check_host, check_host_blocking, forbidden_host
from mia.backends import Options
from mia.errors import BackendUnavailable
from mia.redaction import hide

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

T = TypeVar("T")

log = logging.getLogger(__name__)

#: Statuses after which the same request may succeed a moment later.
PASSING = frozenset({408, 429, 500, 502, 503, 504, 529})

#: How long finding the server may take, in seconds; a server that is off answers at once, one
#: that cannot be reached would otherwise cost the whole time limit.
CONNECT_SECONDS = 5.0

#: The wait before the first retry where the server names none, in seconds; doubled each time.
FIRST_WAIT_SECONDS = 0.5

#: The longest stretch of a server's own words that is shown to a user, in characters.
_REASON = 300


def address(value: str) -> str:
    """A server's address without its last slash. Raises ValueError for what is none."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as http://localhost:1234/v1")
    if forbidden_host(parts.hostname):
        raise ValueError("must be the address of a server; this one is none's (see SECURITY.md)")
    return value.rstrip("/")


def client(
    base_url: str, api_key: str, timeout_s: float, headers: Mapping[str, str] | None = None
) -> AsyncOpenAI:
    """The official client, without retries of its own."""
    import openai

    return openai.AsyncOpenAI(
        base_url=base_url,
        api_key=_shown(api_key),
        default_headers=dict(headers or {}),
        timeout=openai.Timeout(timeout_s, connect=CONNECT_SECONDS),
        max_retries=0,  # we retry ourselves: bounded, and never after something was heard
        http_client=openai.DefaultAsyncHttpxClient(
            trust_env=_elsewhere(base_url), event_hooks={"request": [_allowed], "response": []}
        ),
    )


def blocking_client(base_url: str, api_key: str, timeout_s: float, retries: int) -> OpenAI:
    """The same for a thread that waits itself; it tries again by the library's own rules."""
    import openai

    return openai.OpenAI(
        base_url=base_url,
        api_key=_shown(api_key),
        timeout=openai.Timeout(timeout_s, connect=CONNECT_SECONDS),
        max_retries=retries,
        http_client=openai.DefaultHttpxClient(
            trust_env=_elsewhere(base_url),
            event_hooks={"request": [_allowed_blocking], "response": []},
        ),
    )


def _shown(api_key: str) -> str:
    """What the library is given: it insists on a key, local servers do not."""
    hide(api_key)
    return api_key or "none"


def _elsewhere(base_url: str) -> bool:
    """A proxy from the environment cannot reach a server on this machine."""
    return urlsplit(base_url).hostname not in {"localhost", "127.0.0.1", "::1"}


async def _allowed(request: Any) -> None:
    """Before every request, also one that a server redirects to. Raises ForbiddenAddress."""
    await check_host(request.url.host)


def _allowed_blocking(request: Any) -> None:
    check_host_blocking(request.url.host)


def forbidden_of(error: BaseException | None) -> ForbiddenAddress | None:
    """The guard's refusal, however the library wrapped it."""
    while error is not None:
        if isinstance(error, ForbiddenAddress):
            return error
        error = error.__cause__
    return None


def status_of(error: Exception) -> int | None:
    """The HTTP status of an answer, or the one an error event in a stream carries as its code."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return status
    code = getattr(error, "code", None)
    return int(code) if isinstance(code, str) and code.isdigit() and len(code) == 3 else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds the server asks to wait, or None where it does not say.

    A date is measured against the server's own `Date`, since the clock here may be wrong.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
        now = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (moment - now).total_seconds())
    except (TypeError, ValueError):
        return None


def wait_before(error: Exception, attempt: int, longest: float) -> float | None:
    """Seconds to wait before attempt number `attempt` + 1, or None where it would not help."""
    if status_of(error) not in PASSING:
        return None
    response = getattr(error, "response", None)
    asked = retry_after(response.headers) if response is not None else None
    wait = FIRST_WAIT_SECONDS * 2**attempt if asked is None else asked
    return wait if wait <= longest else None


def refused(error: Exception) -> bool:
    """Whether no connection was made at all (the HTTP library's ConnectError, ConnectTimeout)."""
    return type(error.__cause__).__name__ in {"ConnectError", "ConnectTimeout"}


def reason_of(error: Exception) -> str:
    """The server's own words, wherever it put them; "" if it had none."""
    body: object = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body.get("detail", body))
        text = inner.get("message") if isinstance(inner, dict) else inner
        if isinstance(text, str) and text:
            return text[:_REASON]
    if isinstance(body, str) and body and "<html" not in body.lower():
        return body[:_REASON]
    return "" if hasattr(error, "status_code") else str(getattr(error, "message", ""))[:_REASON]


class ServerOptions(Options):
    """Where a speech server is and how patient MIA is with it."""

    api_key: SecretStr = Field(
        SecretStr(""),
        description="Access key; empty: none (for api.openai.com the variable OPENAI_API_KEY).",
    )
    timeout_s: float = Field(
        15.0, gt=0, le=600, description="Longest silence of the server, in seconds."
    )
    retries: int = Field(
        1, ge=0, le=5, description="Further attempts after a passing error, before any result."
    )
    retry_wait_s: float = Field(
        2.0,
        ge=0,
        le=60,
        description="Longest wait before a further attempt, in seconds; a server that asks for "
        "more is given up at once.",
    )
    base_url: str = Field("http://localhost:8000/v1", description="Address of the server.")

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return address(value)

    def key(self) -> str:
        """The key as configured, or OpenAI's from the environment; "" for a server that wants
        none. Raises BackendUnavailable `server.key_missing` for OpenAI itself without one."""
        key = self.api_key.get_secret_value().strip()
        place = urlsplit(self.base_url)
        if not key and place.hostname == "api.openai.com":
            key = os.environ.get("OPENAI_API_KEY", "").strip()
            if not key:
                raise BackendUnavailable(
                    "server.key_missing", name=place.netloc, variable="OPENAI_API_KEY"
                )
        return key


class SpeechServer:
    """One OpenAI-compatible server that speaks or hears."""

    def __init__(self, options: ServerOptions, model: str) -> None:
        """Raises BackendUnavailable `server.key_missing` for OpenAI itself without a key."""
        self._options = options
        self.model = model
        self.name = urlsplit(options.base_url).netloc
        self.client = client(options.base_url, options.key(), options.timeout_s)

    async def asked(self, call: Callable[[], Awaitable[T]]) -> T:
        """What `call` returns, tried again after passing errors. Raises BackendUnavailable."""
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(self._options.timeout_s):
                    return await call()
            except BackendUnavailable:
                raise
            except Exception as error:  # the library's border: it raises more than its own types
                wait = wait_before(error, attempt, self._options.retry_wait_s)
                if wait is None or attempt >= self._options.retries:
                    raise self.problem(error) from error
                attempt += 1
                log.info("%s: %s; again in %.1f s", self.name, error, wait)
                await asyncio.sleep(wait)

    def problem(self, error: Exception, *, midway: bool = False) -> BackendUnavailable:
        """The library's exception as one of ours; the caller chains the cause.

        midway: something had been received already.
        """
        import openai

        name, url = self.name, self._options.base_url
        if (forbidden := forbidden_of(error)) is not None:
            return forbidden
        if isinstance(error, openai.APIConnectionError) and refused(error):
            return BackendUnavailable("server.offline", name=name, url=url)
        if (
            isinstance(error, openai.APITimeoutError | TimeoutError)
            or "Timeout" in type(error).__name__
        ):
            seconds = f"{self._options.timeout_s:g}"
            return BackendUnavailable("server.timeout", name=name, seconds=seconds)
        status = status_of(error)
        if status is None:
            if midway or isinstance(error, openai.APIConnectionError):
                return BackendUnavailable("server.interrupted", name=name)
            return BackendUnavailable("server.not_compatible", url=url)
        reason = reason_of(error)
        match status:
            case 401:
                return BackendUnavailable("server.unauthorized", name=name)
            case 402:
                return BackendUnavailable("server.no_credit", name=name)
            case 404 if not reason:
                return BackendUnavailable("server.not_compatible", url=url)
            case 404:
                return BackendUnavailable(
                    "server.not_found", name=name, model=self.model, reason=reason
                )
            case 429:
                return BackendUnavailable("server.rate_limited", name=name, reason=reason)
            case _ if status >= 500:
                return BackendUnavailable("server.failed", name=name, status=status, reason=reason)
            case _:
                return BackendUnavailable("server.refused", name=name, status=status, reason=reason)

    async def aclose(self) -> None:
        await self.client.close()
