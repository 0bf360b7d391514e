"""What can go wrong with an OpenAI-compatible server, in MIA's words.

Sources of the shapes: OpenRouter's "Errors and Debugging" page (status, `error.code`, mid-stream
errors), llama.cpp's server (`unavailable_error` while loading, `exceed_context_size_error`),
LM Studio (400 or 404 "No models loaded", errors as a bare string).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia.errors import BackendUnavailable
from mia.servers import forbidden_of, reason_of, refused, status_of

if TYPE_CHECKING:
    from openai import APIError


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
        if refused(error):
            return _offline(server)
        return BackendUnavailable("llm.timeout", name=server.name, seconds=f"{server.timeout_s:g}")
    if isinstance(error, TimeoutError):
        return BackendUnavailable("llm.timeout", name=server.name, seconds=f"{server.timeout_s:g}")
    if (forbidden := forbidden_of(error)) is not None:
        return forbidden
    if isinstance(error, openai.APIConnectionError):
        if refused(error):
            return _offline(server)
        return BackendUnavailable("llm.interrupted", name=server.name)
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, reason_of(error), _kind(error), server)
    if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError | ValueError):
        return BackendUnavailable("llm.not_compatible", url=server.url)
    if isinstance(error, openai.APIError):  # an error event in the middle of a stream
        status = status_of(error)
        if status is not None:
            return _of_status(status, reason_of(error), _kind(error), server)
        return _by_words(reason_of(error), _kind(error), server) or BackendUnavailable(
            "llm.failed_midway", name=server.name, reason=reason_of(error)
        )
    return BackendUnavailable("llm.failed_midway", name=server.name, reason=str(error)[:300])


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


def _kind(error: APIError) -> str:
    return f"{error.code or ''} {error.type or ''}"
