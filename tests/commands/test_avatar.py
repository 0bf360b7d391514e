"""`mia avatar demo`, with a voice that is quick and makes no sound worth hearing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mia import backends
from mia.avatar.frame import Face, Frame
from mia.avatar.output import OutputState
from mia.backends import Backend, Options
from mia.cli import cli
from mia.commands import avatar
from mia.conversation.ports import PLAYING_RATE, Sound, Word
from mia.errors import BackendUnavailable
from mia.voice import Voices
from tests.avatar.talk import tone

WORD = 0.1


class Quick:
    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        words, at = [], 0
        for number, word in enumerate(text.split()):
            start = text.index(word, at)
            at = start + len(word)
            words.append(Word(start, at, number * WORD, (number + 1) * WORD))
        yield Sound(tone(len(words) * WORD), PLAYING_RATE, tuple(words))

    async def aclose(self) -> None: ...


@dataclass
class Output:
    """Implements `AvatarOutput`: keeps what it is shown."""

    frames: list[Frame] = field(default_factory=list)
    state: OutputState = field(default_factory=lambda: OutputState("connected"))

    async def run(self, face: Face) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.frames.append(face.frame(loop.time()))
            await asyncio.sleep(1 / 60)


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    made = Output()

    async def voices(*_: Any, **__: Any) -> Quick:
        return Quick()

    async def load(_options: Options, _context: Any) -> Output:
        return made

    async def broken(_options: Options, _context: Any) -> Output:
        raise BackendUnavailable("backend.not_installed", name="b", missing="x", extra="y")

    found = {
        "kept": Backend(port="avatar", name="kept", options=Options, load=load),
        "broken": Backend(port="avatar", name="broken", options=Options, load=broken),
    }
    monkeypatch.setattr(Voices, "load", voices)
    monkeypatch.setattr(avatar, "AFTERWARDS", 0.2)
    monkeypatch.setattr(avatar, "models_for", lambda *_: [])
    monkeypatch.setattr(avatar, "ensure", lambda *_: None)
    monkeypatch.setattr(avatar, "outputs_options", lambda *_: {name: Options() for name in found})
    monkeypatch.setattr(backends, "backends", lambda _port: found)
    return made


def demo(*options: str) -> Result:
    return CliRunner().invoke(cli, ["avatar", "demo", *options])


def test_she_speaks_and_looks_at_every_output(output: Output) -> None:
    result = demo("--language", "en")
    assert result.exit_code == 0, result.output
    assert max(frame.mouth_open for frame in output.frames) > 0.5
    looks = {name for frame in output.frames for name in frame.expressions}
    assert "joy" in looks
    assert len(looks) >= 3
    assert "[joy]" in result.output, "what is shown is told in the terminal"
    assert "I am MIA" in result.output


def test_an_output_that_cannot_be_loaded_stops_nobody(output: Output) -> None:
    result = demo("--language", "es", "--seconds", "1")
    assert result.exit_code == 0, result.output
    assert output.frames
    assert "•" in result.output
