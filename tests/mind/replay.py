"""A small HTTP server on loopback that replays what real servers do, byte for byte.

Tests hand it the answers in order; it notes the requests, and which connections were closed
before their answer was over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    parts: written one after another; a float waits that many seconds, an Event until it is set.
    cut: close the connection without the end of the answer.
    """

    status: int = 200
    parts: Sequence[str | bytes | float | asyncio.Event] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    kind: str = "text/event-stream; charset=utf-8"


def chunk(content: str | None = None, finish: str | None = None, **delta: object) -> str:
    """One event of a chat completion stream."""
    if content is not None:
        delta["content"] = content
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "replayed",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(body)}\n\n"


def usage(prompt: int, completion: int, cached: int) -> str:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "replayed",
        "choices": [],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }
    return f"data: {json.dumps(body)}\n\n"


DONE = "data: [DONE]\n\n"


def reply(*pieces: str, finish: str = "stop") -> Answer:
    """A complete, ordinary streamed reply."""
    return Answer(
        parts=[
            chunk("", role="assistant"),
            *(chunk(piece) for piece in pieces),
            chunk(finish=finish),
            DONE,
        ]
    )


def plain(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON in one piece."""
    return Answer(status, [json.dumps(body)], headers, kind="application/json")


class Replay:
    """Answers by path: a list is used up in order (its last answer stays), a function is asked."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer] | Callable[[Request], Answer]] = {}
        self.requests: list[Request] = []
        self.abandoned = asyncio.Event()
        """Set when a client closed its connection before the answer was over."""
        self.url = ""

    def on(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def chat(self, *answers: Answer) -> None:
        self.on("/v1/chat/completions", *answers)

    @property
    def chats(self) -> list[Request]:
        return [request for request in self.requests if request.path.endswith("/completions")]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                self.requests.append(request)
                if not await self._answer(request, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            self.abandoned.set()
        finally:
            writer.close()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        answers = self.answers.get(request.path, [plain({"error": "no such path"}, 404)])
        if callable(answers):
            answer = answers(request)
        else:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        head = [f"HTTP/1.1 {answer.status} Replayed", f"content-type: {answer.kind}"]
        head += [f"{name.replace('_', '-')}: {value}" for name, value in answer.headers.items()]
        head += ["transfer-encoding: chunked"]
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
        gone = asyncio.ensure_future(reader.read(1))
        try:
            for part in answer.parts:
                if isinstance(part, str | bytes):
                    data = part.encode() if isinstance(part, str) else part
                    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                    await writer.drain()
                    continue
                wait = asyncio.sleep(part) if isinstance(part, float) else part.wait()
                waiting = asyncio.ensure_future(wait)
                await asyncio.wait({gone, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if gone.done():
                    self.abandoned.set()
                    return False
            if answer.cut:
                return False
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        finally:
            gone.cancel()
            await asyncio.wait({gone})
        return not (gone.done() and not gone.cancelled())


async def _read(reader: asyncio.StreamReader) -> Request | None:
    line = (await reader.readline()).decode().split()
    if not line:
        return None
    headers: dict[str, str] = {}
    while (header := (await reader.readline()).decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    is_json = raw and "json" in headers.get("content-type", "")
    return Request(line[0], line[1], headers, json.loads(raw) if is_json else raw or None)


@asynccontextmanager
async def replaying() -> AsyncIterator[Replay]:
    """A running server; `url` is its address with /v1."""
    replay = Replay()
    serving: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(replay.serve(reader, writer))
        serving.add(task)
        task.add_done_callback(serving.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    replay.url = f"http://{host}:{port}/v1"
    try:
        yield replay
    finally:
        server.close()
        for task in tuple(serving):
            task.cancel()
        if serving:
            await asyncio.wait(set(serving))
