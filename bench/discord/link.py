"""The other side's process, as calls; and the door MIA takes to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.discord.server import Resolver

ROOT = Path(__file__).parent.parent.parent
LIMIT = 1 << 26


class Broken(Exception):
    """The other side could not do it, or is gone."""


class Link:
    """Calls of `other_side`: `await link.say(name=…, file=…)`."""

    def __init__(self, process: asyncio.subprocess.Process, welcome: dict[str, Any]) -> None:
        self.pid = process.pid
        self.token: str = welcome["token"]
        self.channel: int = welcome["channel"]
        self._process = process
        self._port: int = welcome["port"]
        self._authority: str = welcome["authority"]
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    def connector(self) -> aiohttp.TCPConnector:
        trust = ssl.create_default_context(cadata=self._authority)
        return aiohttp.TCPConnector(ssl=trust, resolver=Resolver(self._port))

    async def do(self, what: str, **how: Any) -> Any:
        """Raises Broken."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        wish = {"number": number, "do": what, **how}
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        return await answer

    async def listen(self) -> None:
        """Take the answers, until the other side is gone."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            answer = self._waiting.pop(told["number"])
            if answer.done():
                continue
            if "error" in told:
                answer.set_exception(Broken(told["error"]))
            else:
                answer.set_result(told["answer"])
        for answer in self._waiting.values():
            answer.cancel()


@contextlib.asynccontextmanager
async def other_side() -> AsyncIterator[Link]:
    """The pretend Discord, running until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.discord.other_side"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=LIMIT,
    )
    assert process.stdout is not None
    try:
        link = Link(process, json.loads(await process.stdout.readline()))
        listening = asyncio.create_task(link.listen())
        yield link
        listening.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
