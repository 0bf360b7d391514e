"""Servers as processes of their own, to be killed: `python -m tests.support.servers KIND`.

`mind` is an endless talker with `/v1/chat/completions`, a word every tenth of a second; `voice` has
`/v1/audio/speech` with espeak-ng behind it. Each prints its address and serves until it is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from mia.voice.tts.espeak import Espeak, EspeakOptions
from tests.mind.replay import chunk
from tests.support.speech_service import SpeechService, serving

STORY = "Había una vez una casa muy grande junto al mar, y en ella vivía una abuela sabia. "


async def talk(request: web.Request) -> web.StreamResponse:
    await request.read()
    answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await answer.prepare(request)
    await answer.write(chunk("", role="assistant").encode())
    with contextlib.suppress(ConnectionError):
        for word in itertools.cycle(STORY.split()):
            await answer.write(chunk(f"{word} ").encode())
            await asyncio.sleep(0.1)
    return answer


async def models(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"object": "list", "data": [{"id": "endless"}]})


async def mind() -> None:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", talk)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps(f"http://127.0.0.1:{runner.addresses[0][1]}/v1"), flush=True)
    await asyncio.Event().wait()


async def voice() -> None:
    async with serving(SpeechService(voice=Espeak(EspeakOptions()))) as service:
        print(json.dumps(service.url), flush=True)
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    url: str

    def pull_the_plug(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(kind: str) -> Iterator[Server]:
    """A server in a process of its own, until the block ends."""
    command = [sys.executable, "-m", "tests.support.servers", kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ}) as process:
        assert process.stdout is not None
        try:
            yield Server(process, json.loads(process.stdout.readline()))
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run({"mind": mind, "voice": voice}[sys.argv[1]]())
