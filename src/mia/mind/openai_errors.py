"""What can go wrong with an OpenAI-compatible server, in MIA's words.

Sources of the shapes: OpenRouter's "Errors and Debugging" page (status, `error.code`, mid-stream
errors), llama.cpp's server (`unavailable_error` while loading, `exceed_context_size_error`),
LM Studio (400 or 404 "No models loaded", errors as a bare string).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from mia.errors import BackendUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai import APIError

#: Statuses after which the same request may succeed a moment later.
PASSING = frozenset({408, 429, 500, 502, 503, 504, 529})

#: The longest stretch of a server's own words that is shown to a user, in characters.
_REASON = 300


@dataclass(frozen=True, slots=True)
class Server:
    """Whom a message is about."""

    name: str
    url: str
    model: str
    timeout_s: float


def translated(error: Exception, server: Server) -> BackendUnavailable:
    """The library's (or the loop's) exception as one of ours; the caller chains the cause."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        if _refused(error):
            return _offline(server)
        return BackendUnavailable("llm.timeout", name=server.name, seconds=f"{server.timeout_s:g}")
    if isinstance(error, TimeoutError):
        return BackendUnavailable("llm.timeout", name=server.name, seconds=f"{server.timeout_s:g}")
    if isinstance(error, openai.APIConnectionError):
        if _refused(error):
            return _offline(server)
        return BackendUnavailable("llm.interrupted", name=server.name)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, _reason(error), _kind(error), server)
    if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError | ValueError):
        return BackendUnavailable("llm.not_compatible", url=server.url)
    if isinstance(error, openai.APIError):  # an error event in the middle of a stream
        status = status_of(error)
        if status is not None:
            return _of_status(status, _reason(error), _kind(error), server)
        return _by_words(_reason(error), _kind(error), server) or BackendUnavailable(
            "llm.failed_midway", name=server.name, reason=_reason(error)
        )
    return BackendUnavailable("llm.failed_midway", name=server.name, reason=str(error)[:_REASON])


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


def _of_status(status: int, reason: str, kind: str, server: Server) -> BackendUnavailable:
    if by_words := _by_words(reason, kind, server):
        return by_words
    name = server.name
    match status:
        case 401:
            return BackendUnavailable("llm.unauthorized", name=name)
        case 402:
            return BackendUnavailable("llm.no_credit", name=name)
        case 403:
            return BackendUnavailable("llm.forbidden", name=name, reason=reason)
        case 404:
            if not reason:
                return BackendUnavailable("llm.not_compatible", url=server.url)
            return BackendUnavailable(
                "llm.model_not_found", name=name, model=server.model, reason=reason
            )
        case 408:
            return BackendUnavailable("llm.request_timeout", name=name)
        case 429:
            return BackendUnavailable("llm.rate_limited", name=name, reason=reason)
        case _ if status >= 500:
            return BackendUnavailable("llm.server_error", name=name, status=status, reason=reason)
        case _:
            return BackendUnavailable("llm.refused", name=name, status=status, reason=reason)


def _by_words(reason: str, kind: str, server: Server) -> BackendUnavailable | None:
    """What only the server's own words tell, whatever the status."""
    words, name = f"{kind} {reason}".lower(), server.name
    if "no models loaded" in words or "model is unloaded" in words:
        return BackendUnavailable("llm.no_model", name=name, available=server.model or "—")
    if "loading model" in words or "model is loading" in words or "still loading" in words:
        return BackendUnavailable("llm.loading", name=name, model=server.model or "—")
    if (
        "context_length_exceeded" in words
        or "exceed_context_size" in words
        or "context length" in words
        or "context size" in words
    ):
        return BackendUnavailable("llm.context_full", name=name)
    if "model_not_found" in words:
        return BackendUnavailable(
            "llm.model_not_found", name=name, model=server.model, reason=reason
        )
    return None


def _offline(server: Server) -> BackendUnavailable:
    if server.name == "LM Studio":
        return BackendUnavailable("llm.lmstudio_off", url=server.url)
    return BackendUnavailable("llm.offline", name=server.name, url=server.url)


def _refused(error: Exception) -> bool:
    """Whether no connection was made at all (the HTTP library's ConnectError, ConnectTimeout)."""
    return type(error.__cause__).__name__ in {"ConnectError", "ConnectTimeout"}


def _kind(error: APIError) -> str:
    return f"{error.code or ''} {error.type or ''}"


def _reason(error: APIError) -> str:
    """The server's own words, wherever it put them."""
    body: object = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        text = inner.get("message") if isinstance(inner, dict) else inner
        if isinstance(text, str) and text:
            return text[:_REASON]
    if isinstance(body, str) and body and "<html" not in body.lower():
        return body[:_REASON]
    return "" if hasattr(error, "status_code") else error.message[:_REASON]
