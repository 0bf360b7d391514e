"""Errors of the HTTP API: one shape, in every language, with a fitting status."""

from __future__ import annotations

from typing import Any

from mia.errors import MiaError
from mia.strings import languages

_STATUS = {
    "web.forbidden_host": 403,
    "web.forbidden_origin": 403,
    "web.token_needed": 401,
    "web.body_too_large": 413,
    "web.too_many_requests": 429,
    "web.not_json": 415,
    "web.not_found": 404,
    "web.bad_request": 422,
    "web.method_not_allowed": 405,
    "web.model_broken": 422,
    "web.model_external": 422,
    "web.model_fixed": 409,
    "web.nothing_said": 409,
    "card.damaged": 422,
    "card.nameless": 422,
    "card.no_card": 422,
    "card.part_too_long": 422,
    "card.says_nothing": 422,
    "card.too_large": 413,
    "persona.file_name": 422,
    "persona.in_use": 409,
    "persona.too_many": 409,
    "persona.too_many_files": 422,
    "persona.unknown": 404,
    "prompt.too_large": 422,
    "web.model_not_vrm": 422,
    "memory.bad_line": 422,
    "memory.in_use": 503,
    "memory.newer": 503,
    "memory.no_session": 404,
    "memory.not_ready": 503,
    "memory.unknown": 404,
    "memory.unwritable": 507,
    "conversations.no_sound": 404,
    "conversations.no_sound_yours": 404,
    "conversations.not_kept": 409,
    "conversations.too_long": 422,
    "realtime.not_ready": 503,
    "safety.panic": 409,
    "backend.unknown": 422,
    "backend.not_installed": 422,
    "tts.no_such_voice": 422,
    "tts.unknown_voice": 422,
    "clone.no_consent": 422,
    "model.missing": 422,
    "model.unknown": 404,
    "model.damaged": 422,
    "model.in_use": 409,
    "setup.no_file": 422,
    "setup.not_gguf": 422,
    "setup.no_address": 422,
    "setup.not_ready": 503,
    "setup.too_busy": 503,
    "secret.not_a_secret": 422,
    "lan.closed": 404,
    "model.not_installed": 422,
}


def status(problem: MiaError) -> int:
    """The HTTP status of an error."""
    # A server of the user's (or a key for it) that does not work is no fault of MIA's.
    other = 422 if problem.code.startswith("llm.") else 500
    return _STATUS.get(problem.code, other)


def body(problem: MiaError) -> dict[str, Any]:
    """`{"error": {code, message, parameters, text: {language: …}}}`"""
    return {"error": describe(problem)}


def describe(problem: MiaError) -> dict[str, Any]:
    """An error as plain data."""
    return {
        "code": problem.code,
        "message": problem.text(),
        "parameters": {name: _plain(value) for name, value in problem.parameters.items()},
        "text": {language: problem.text(language) for language in languages()},
    }


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) else str(value)
