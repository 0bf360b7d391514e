"""Plugs pulled in the middle of a reply: MIA, her mind's server and her voice's server are
processes of their own, and the servers are killed."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import servers

pytestmark = pytest.mark.models

CONFIG = """\
language: es
input: {{filler: false}}
models:
  llm:
    backend: openai
    fallback: [llamacpp]
    openai: {{base_url: "{mind}", retries: 0, timeout_s: 20}}
  tts:
    backend: openai
    openai: {{base_url: "{voice}", voice: es, retries: 0, timeout_s: 20}}
"""
#: How often her log is read before a test gives up on her.
LOOKS = 600


class Running:
    """A running MIA, seen through her HTTP API."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"
        self._seen = 0

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self._url}/{path}", data, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first fact after the newest one seen that is wanted."""
        for _ in range(LOOKS):
            for fact in self.ask(f"events?after={self._seen}")["events"]:
                self._seen = fact["seq"]
                if wanted(fact):
                    return dict(fact)
            time.sleep(0.1)
        raise AssertionError("it never happened")

    def kind(self, name: str) -> Callable[[dict[str, Any]], bool]:
        return lambda fact: fact["kind"] == name

    def notice(self, code: str) -> Callable[[dict[str, Any]], bool]:
        return lambda fact: fact["kind"] == "Notice" and fact["code"] == code


@pytest.fixture
def plugs() -> Iterator[tuple[servers.Server, servers.Server]]:
    with servers.running("mind") as mind, servers.running("voice") as voice:
        yield mind, voice


@pytest.fixture
def mia(tmp_path: Path, plugs: tuple[servers.Server, servers.Server]) -> Iterator[Running]:
    mind, voice = plugs
    (tmp_path / "config.yaml").write_text(CONFIG.format(mind=mind.url, voice=voice.url), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mia.main", "run", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--config", str(tmp_path / "config.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.PIPE,
            env={**os.environ, "MIA_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"},
            cwd=tmp_path,
        )
    assert process.stderr is not None
    said = list(itertools.takewhile(lambda line: not line.startswith(b"Ready"), process.stderr))
    assert process.poll() is None, b"".join(said).decode()
    try:
        yield Running(port)
    finally:
        process.terminate()
        process.stderr.read()
        assert process.wait(30) == 0


def test_a_mind_that_dies_in_mid_reply_is_told_and_the_next_one_answers(
    mia: Running, plugs: tuple[servers.Server, servers.Server]
) -> None:
    mind, _ = plugs
    mia.ask("say", {"text": "Cuéntame una historia."})
    assert mia.until(mia.kind("ReplyText"))["text"].startswith("Había una vez")
    mia.until(mia.kind("PlaybackStarted"))
    mind.pull_the_plug()
    assert mia.until(mia.notice("llm.interrupted"))["level"] in ("warning", "error")
    assert mia.until(mia.kind("ReplyEnded"))["text"].startswith("Había una vez")
    mia.ask("say", {"text": "¿Sigues ahí?"})
    switched = mia.until(mia.notice("llm.switched"))
    assert switched["parameters"]["name"] == "llamacpp"
    assert mia.until(mia.kind("ReplyEnded"))["text"].strip()
    notices = mia.ask("state")["state"]["notices"]
    assert {notice["code"] for notice in notices} >= {"llm.switched"}


def test_a_voice_that_dies_in_mid_reply_is_told_and_another_goes_on(
    mia: Running, plugs: tuple[servers.Server, servers.Server]
) -> None:
    _, voice = plugs
    mia.ask("say", {"text": "Cuéntame una historia."})
    mia.until(mia.kind("PlaybackStarted"))
    voice.pull_the_plug()
    told = mia.until(lambda fact: fact["kind"] == "Notice" and fact["code"].startswith("server."))
    assert told["code"] in ("server.interrupted", "server.offline")
    placed = mia.until(mia.kind("SegmentPlaced"))
    assert placed["finish"] > placed["begin"], "the story goes on, in her own voice"
    mia.ask("stop", {})
    mia.until(mia.kind("ReplyEnded"))
