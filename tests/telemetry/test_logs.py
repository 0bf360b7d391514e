"""Log lines: who they are about, in which form, and without secrets."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest

from mia import redaction
from mia.redaction import Redactor
from mia.telemetry.logs import about, setup

log = logging.getLogger("mia.test")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A stream for the lines; the root logger is put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    redaction.redact.forget()


def test_a_line_for_machines_is_one_object_with_itssubject(stream: io.StringIO) -> None:
    setup(format_="json", stream=stream)
    with about(conversation="stage", turn="t1"):
        log.warning("ducked by %s", "María")
    log.info("outside")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["message"] == "ducked by María"
    assert (first["level"], first["logger"]) == ("warning", "mia.test")
    assert (first["conversation"], first["turn"]) == ("stage", "t1")
    assert "conversation" not in second


def test_a_line_for_people_is_plain_where_there_is_no_terminal(stream: io.StringIO) -> None:
    setup(stream=stream)
    with about(turn="t1"):
        log.error("no voice")
    assert stream.getvalue().endswith("ERROR   mia.test: no voice [turn=t1]\n")
    assert "\x1b" not in stream.getvalue()


def test_colours_only_on_a_terminal_that_wants_them(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    setup(stream=stream)
    log.error("red")
    assert stream.getvalue().startswith("\x1b[31m")
    monkeypatch.setenv("NO_COLOR", "1")
    setup(stream=stream)
    log.error("plain")
    assert not stream.getvalue().splitlines()[-1].startswith("\x1b")


def test_tasks_started_inside_keep_thesubject(stream: io.StringIO) -> None:
    setup(format_="json", stream=stream)

    async def work() -> None:
        log.info("working")

    async def scenario() -> None:
        with about(conversation="stage"):
            task = asyncio.create_task(work())
        await task

    asyncio.run(scenario())
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert next(line for line in lines if line["message"] == "working")["conversation"] == "stage"


@pytest.mark.parametrize("format_", ["text", "json"])
def test_no_secret_is_written(stream: io.StringIO, format_: str) -> None:
    redact = setup(format_=format_, stream=stream, secrets=["s3cr3t-value", "abc"])  # type: ignore[arg-type]
    redact.add("learnt-later")
    log.info("key s3cr3t-value and learnt-later, abc stays")
    log.info("GET /v1/realtime?token=abcdef123 [accepted]")
    log.info('headers {"Authorization": "Bearer xyz.abc-123"}')
    log.info("api_key='sk-proj-0123456789abcdef'")
    try:
        raise ValueError("refused s3cr3t-value")
    except ValueError:
        log.exception("failed")
    text = stream.getvalue()
    for secret in ("s3cr3t-value", "learnt-later", "abcdef123", "xyz.abc-123", "0123456789abcdef"):
        assert secret not in text
    assert "abc stays" in text
    assert "[accepted]" in text
    assert "ValueError" in text


def test_ordinary_words_are_left_alone() -> None:
    redact = Redactor()
    for text in ("tokens: 5 of 10", "the token is needed", "a secret garden", "bearers of news"):
        assert redact(text) == text


def test_a_second_setup_replaces_the_first(stream: io.StringIO) -> None:
    setup(stream=stream)
    setup(stream=stream)
    log.info("once")
    assert stream.getvalue().count("once") == 1


def test_each_request_to_a_server_is_no_line_of_its_own(stream: io.StringIO) -> None:
    """Whatever HTTP library the OpenAI client is built on these days."""
    import openai

    setup(stream=stream)
    bases = {kind.__module__.split(".")[0] for kind in openai.DefaultAsyncHttpxClient.__mro__}
    for library in bases - {"openai", "builtins"}:
        assert not logging.getLogger(library).isEnabledFor(logging.INFO), library
