"""A mind's server that misbehaves on the wire: real sockets, the real client, real seconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from bench.faults.outcome import Outcome
from bench.faults.scene import Scene
from mia.backends import Context, backends
from mia.conversation.ports import LanguageModel, Prompt, Usage
from mia.home import Home
from mia.models.store import ModelStore
from tests.support.fakes import FakeLlm, FakeTts

PATIENCE = 3.0
"""`timeout_s` of the client here; 30 s by default."""


def _event(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    event = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "scripted",
        "choices": [choice],
    }
    return b"data: " + json.dumps(event).encode()


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
WELL = HEAD + _event("Claro que ") + b"\n\n" + _event("sí, mira.", "stop") + b"\n\ndata: [DONE]\n\n"
FIRST = HEAD + _event("Pues mira, te ") + b"\n\n"
ANSWERS: dict[str, tuple[bytes, bool]] = {
    # what is sent, and whether the connection then stays open without a word
    "nothing": (b"", True),
    "garbage": (bytes(range(256)) * 8, False),
    "html": (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>Login</html>", False),
    "half an event": (FIRST + _event("cuento que")[:-20], False),
    "not json": (FIRST + b"data: {{{ \xff\xfe nonsense\n\n", False),
    "stall": (FIRST, True),
    "reset": (b"", False),
    "error 500": (b"HTTP/1.1 500 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", False),
}


class Server:
    """Answers the first request well, and every other one badly."""

    def __init__(self, how: str, strike: Callable[[], None]) -> None:
        self._how = how
        self._strike = strike
        self._asked = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next(
            (int(line.split(":")[1]) for line in head.splitlines() if "content-length" in line), 0
        )
        await reader.readexactly(length)
        self._asked += 1
        answer, stays = WELL, False
        if self._asked > 1:
            self._strike()
            answer, stays = ANSWERS[self._how]
        writer.write(answer)
        try:
            await writer.drain()
            if stays:
                await reader.read()
        except ConnectionError:
            pass
        writer.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


class Remote:
    """The `openai` backend, connected when it is first asked."""

    usage: Usage | None = None

    def __init__(self, server: Server) -> None:
        self._server = server
        self._model: LanguageModel | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        if self._model is None:
            backend = backends("llm")["openai"]
            wished = {
                "base_url": await self._server.start(),
                "model": "scripted",
                "timeout_s": PATIENCE,
                "retries": 0,
                "warm_prefix": False,
            }
            # The backend wants no weights and keeps no files.
            context = Context(ModelStore(Home.find()), ("es",), Path("unused"))
            self._model = await backend.load(backend.options.model_validate(wished), context)
        async for piece in self._model.stream(prompt):
            yield piece

    async def warm(self, prompt: Prompt) -> None: ...

    async def aclose(self) -> None:
        self._server.close()
        if self._model is not None:
            await self._model.aclose()


def wire(how: str, turns: int = 3) -> Callable[[], Outcome]:
    def play() -> Outcome:
        scene = Scene("mind's server", f"sends {how}", real=True, turns=turns, pause=0.3)
        remote = Remote(Server(how, scene.strike))
        scene.llms = [("server", remote), ("other", FakeLlm("Sí. Claro."))]
        scene.voices = [("voice", FakeTts(lambda _call: 0.01, seconds_per_word=0.1))]
        return scene.play()

    return play


FAULTS = {f"wire_{how.replace(' ', '_')}": wire(how) for how in ANSWERS}
