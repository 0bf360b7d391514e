"""Logging: coloured lines for people, JSON lines for machines, and no secret in either.

Every line carries the ids of the conversation and turn it is about, where they are known:
`with about(conversation="stage", turn="…"):` sets them for everything logged inside, in this
task and in those it starts.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal, TextIO

from mia import redaction
from mia.redaction import Redactor

_conversation: contextvars.ContextVar[str] = contextvars.ContextVar("conversation", default="")
_turn: contextvars.ContextVar[str] = contextvars.ContextVar("turn", default="")

_COLOURS = {"DEBUG": "2", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


@contextlib.contextmanager
def about(*, conversation: str | None = None, turn: str | None = None) -> Iterator[None]:
    """Mark everything logged inside as being about this conversation or turn."""
    tokens = [
        (variable, variable.set(value))
        for variable, value in ((_conversation, conversation), (_turn, turn))
        if value is not None
    ]
    try:
        yield
    finally:
        for variable, token in reversed(tokens):
            variable.reset(token)


def subject(record: logging.LogRecord) -> dict[str, str]:
    """Whom a record is about: `conversation` and `turn`, where they are known."""
    found = {
        "conversation": getattr(record, "conversation", "") or _conversation.get(),
        "turn": getattr(record, "turn", "") or _turn.get(),
    }
    return {name: str(value) for name, value in found.items() if value}


class TextFormatter(logging.Formatter):
    """`12:03:44.120 WARNING mia.web: what happened [conversation=stage turn=…]`"""

    def __init__(self, redact: Redactor, *, colours: bool) -> None:
        super().__init__("%(message)s")
        self._redact = redact
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S.%f")[:-3]
        ids = " ".join(f"{name}={value}" for name, value in subject(record).items())
        message = self._redact(super().format(record))
        name, level = record.name, record.levelname
        line = f"{time} {level:<7} {name}: {message}" + (f" [{ids}]" if ids else "")
        colour = _COLOURS.get(level) if self._colours else None
        return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, logger, message, ids, error."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
            **subject(record),
        }
        if record.exc_info:
            line["error"] = self._redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def setup(
    level: int | str = "INFO",
    format_: Literal["text", "json"] = "text",
    *,
    stream: TextIO | None = None,
    secrets: Iterable[str] = (),
) -> Redactor:
    """Send all logging to `stream` (stderr), once; a second call replaces the first.

    Returns the process's redactor, so that secrets learnt later can be hidden too. Colours are
    used on a terminal unless NO_COLOR is set (https://no-color.org).
    """
    target = stream or sys.stderr
    redact = redaction.redact
    redact.add(*secrets)
    handler = logging.StreamHandler(target)
    if format_ == "json":
        handler.setFormatter(JsonFormatter(redact))
    else:
        colours = target.isatty() and "NO_COLOR" not in os.environ
        handler.setFormatter(TextFormatter(redact, colours=colours))
    handler.set_name("mia")
    root = logging.getLogger()
    for old in [known for known in root.handlers if known.get_name() == "mia"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for noisy in ("uvicorn.access", "httpx", "httpx2", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return redact
