"""A client as a browser is one: it sends its microphone all the time, plays what comes, and says
how far it has played."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
import websockets

from bench.long.mouth import Played
from mia.conversation.ports import HEARING_RATE, PLAYING_RATE, Samples

FRAME = 0.04
"""Seconds of the microphone in one message."""
ROOM = 1e-3
"""Standard deviation of a quiet room's noise."""
AUDIBLE = 0.01
"""A sample this loud is heard (-40 dBFS)."""
LARGEST = 16 * 1024 * 1024


@dataclass
class Turn:
    """One thing said. Times on the loop's clock; None: it never happened."""

    said: float
    """When its last voiced sample was said (or its text sent)."""
    typed: bool
    sounded: float | None = None
    """When the first audible sample of the reply was heard."""
    done: float | None = None
    response: str = ""
    """Its answer's id in the protocol, once there is one."""
    reply: str = ""
    status: str = ""

    @property
    def v2v(self) -> float | None:
        return None if self.sounded is None else self.sounded - self.said


class Client:
    """Use `connected`. One turn at a time."""

    def __init__(self, socket: Any, *, stage: bool, seed: int = 0) -> None:
        self._socket = socket
        self._stage = stage
        self._loop = asyncio.get_running_loop()
        self._random = np.random.default_rng(seed)
        self._saying: Samples = np.zeros(0, np.float32)
        self._spoken = asyncio.Event()
        self._over = asyncio.Event()
        self._heard = asyncio.Event()
        self.turns: list[Turn] = []
        self.played: dict[str, Played] = {}
        self.errors: list[dict[str, Any]] = []
        self.notices: list[str] = []
        self.closed: tuple[int, str] | None = None
        """Code and reason, where the server ended it."""

    # ── what a person does ───────────────────────────────────────────────────────────────────

    async def send(self, kind: str, **fields: Any) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            await self._socket.send(json.dumps({"type": kind, **fields}))

    async def say(self, speech: Samples, end: float, patience: float) -> Turn:
        """Say this (16 kHz, its last voiced sample at `end` seconds) and listen to the answer."""
        self._begin(Turn(0.0, typed=False))
        self._spoken.clear()
        self._saying = speech
        await self._spoken.wait()
        # The microphone has sent the last frame; when was the last voiced sample said?
        self.turns[-1].said = self._loop.time() - (len(speech) / HEARING_RATE - end)
        return await self._answered(patience)

    async def type(self, text: str, patience: float) -> Turn:
        self._begin(Turn(self._loop.time(), typed=True))
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        await self.send("conversation.item.create", item=item)
        await self.send("response.create")
        return await self._answered(patience)

    def _begin(self, turn: Turn) -> None:
        self._over.clear()
        self._heard.clear()
        self.turns.append(turn)

    async def _answered(self, patience: float) -> Turn:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._over.wait()
                # All was sent; hear it to its end.
                turn = self.turns[-1]
                if turn.reply in self.played:
                    await asyncio.sleep(max(0.0, self.played[turn.reply].until - self._loop.time()))
        return self.turns[-1]

    async def until_heard(self, patience: float) -> bool:
        """Wait for the first sound of the answer; whether there was one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._heard.wait()
        return self._heard.is_set()

    # ── its machinery ────────────────────────────────────────────────────────────────────────

    async def microphone(self) -> None:
        to_wire = soxr.ResampleStream(HEARING_RATE, PLAYING_RATE, 1, dtype="int16", quality="QQ")
        begun, frames = self._loop.time(), 0
        count = int(FRAME * HEARING_RATE)
        while True:
            frames += 1
            await asyncio.sleep(begun + frames * FRAME - self._loop.time())
            said, self._saying = self._saying[:count], self._saying[count:]
            frame = self._random.normal(0, ROOM, count).astype(np.float32)
            frame[: len(said)] += said
            pcm = (np.clip(frame, -1, 1) * 32767).astype(np.int16)
            audio = base64.b64encode(to_wire.resample_chunk(pcm).tobytes()).decode()
            await self.send("input_audio_buffer.append", audio=audio)
            if len(said) and not len(self._saying):
                self._spoken.set()

    async def playhead(self) -> None:
        """Tell how far it has played, ten times a second, as the page does."""
        while True:
            await asyncio.sleep(0.1)
            now = self._loop.time()
            for item, played in list(self.played.items())[-1:]:
                if played.pieces and played.until > now:
                    ms = played.heard(now) * 1000
                    await self.send("mia.playhead", item_id=item, audio_ms=ms)

    async def listen(self) -> None:
        try:
            async for message in self._socket:
                self._take(json.loads(message))
        except websockets.ConnectionClosed:
            pass
        self.closed = (self._socket.close_code or 1006, self._socket.close_reason or "")
        self._over.set()
        self._spoken.set()

    def _take(self, event: dict[str, Any]) -> None:
        now = self._loop.time()
        turn = self.turns[-1] if self.turns else None
        match event["type"]:
            case "response.created" if turn is not None:
                turn.response = event["response"]["id"]
            case "response.output_audio.delta":
                pcm = np.frombuffer(base64.b64decode(event["delta"]), "<i2")
                mine = turn is not None and event["response_id"] == turn.response
                self._sound(now, event["item_id"], pcm.astype(np.float32) / np.float32(32768), mine)
            case "output_audio_buffer.cleared":
                for played in self.played.values():
                    played.until = min(played.until, now)
            case "response.done":
                if turn is not None and event["response"]["id"] == turn.response:
                    turn.done, turn.status = now, event["response"]["status"]
                    self._over.set()
            case "error":
                self.errors.append(event["error"])
            case "mia.state":
                self.notices += [n["code"] for n in event.get("notices", [])]

    def _sound(self, now: float, item: str, samples: Samples, mine: bool) -> None:
        played = self.played.setdefault(item, Played())
        played.play(now, samples)
        loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
        if mine and self.turns[-1].sounded is None and len(loud):
            turn = self.turns[-1]
            turn.sounded = played.pieces[-1][0] + float(loud[0]) / PLAYING_RATE
            turn.reply = item
            self._heard.set()

    def cut(self) -> None:
        """The network is gone: nothing is said any more, not even goodbye."""
        self._socket.transport.abort()


@contextlib.asynccontextmanager
async def connected(
    url: str, *, stage: bool = False, seed: int = 0, microphone: bool = True
) -> AsyncIterator[Client]:
    """A client of the MIA at `url` (`ws://…/v1/realtime`), until the block ends."""
    where = f"{url}?conversation=stage" if stage else url
    async with websockets.connect(where, max_size=LARGEST, ping_interval=None) as socket:
        client = Client(socket, stage=stage, seed=seed)
        tasks = [asyncio.create_task(client.listen()), asyncio.create_task(client.playhead())]
        if microphone:
            tasks.append(asyncio.create_task(client.microphone()))
        try:
            yield client
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
