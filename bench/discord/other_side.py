"""`python -m bench.discord.other_side`: the pretend Discord and its people, told what to do.

A JSON object a line on stdin is one thing to do, its answer a line on stdout. Both processes share
one clock: `loop.time()` is the system's monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import soundfile

from mia.audio.levels import audible
from mia.audio.resample import StreamResampler
from tests.support.discord import Discord, LibdaveSession, Person
from tests.support.discord.dave import SILENCE, DaveySession
from tests.support.discord.opus import FRAME, RATE, Samples, decode, encode
from tests.support.discord.people import FRAME_SECONDS
from tests.support.discord.server import authority

log = logging.getLogger(__name__)

Json = dict[str, Any]
#: A pause this long between two of MIA's frames is no question of pace.
SPURT = 0.1


class OtherSide:
    def __init__(self, discord: Discord) -> None:
        self.discord = discord
        self.people: dict[str, Person] = {}
        self._frames: dict[str, list[bytes]] = {}
        self._pace: list[tuple[float, float]] = []
        """Of every frame of MIA's: how far off 20 ms after the one before, and off its place."""

    def welcome(self) -> Json:
        """What a client has to know."""
        return {
            "port": self.discord.resolver._port,
            "authority": authority().cert_pem.bytes().decode(),
            "token": self.discord.token,
            "channel": self.discord.guild.voice.id,
        }

    async def do(self, wish: Json) -> Any:
        action: Callable[..., Awaitable[Any]] = getattr(self, f"_{wish.pop('do')}")
        return await action(**wish)

    async def _join(self, name: str, libdave: bool = False) -> str:
        encryption = LibdaveSession if libdave else DaveySession
        how: Json = {"encryption": encryption, "listens": not self.people}
        person = await self.discord.join(name, **how)
        self.people[name] = person
        return str(person.id)

    async def _leave(self, name: str) -> None:
        await self.discord.leave(self.people.pop(name))

    async def _mia(self) -> None:
        """Wait until she is in the call."""
        await self.discord.bot_joined()

    async def _wire(self, loss: float = 0.0, swaps: float = 0.0, jitter: float = 0.0) -> None:
        await self._mia()  # she may just be coming in again
        wire = self.discord.voice.wire
        wire.loss, wire.swaps, wire.jitter = loss, swaps, jitter

    async def _eager(self, on: bool) -> None:
        await self._mia()
        self.discord.voice.group.eager = on

    async def _say(self, name: str, file: str) -> Json:
        """Somebody says a recording: when it began and ended."""
        person = self.people[name]
        await person.say(self.frames(file))
        return {"begun": person.begun - FRAME_SECONDS}

    async def _chatter(self, files: list[str], seconds: float, pauses: list[float]) -> Json:
        """Everybody says recordings, with pauses, for so long: what each said when."""
        loop, dice = asyncio.get_running_loop(), random.Random(6)
        until = loop.time() + seconds
        said: list[Json] = []

        async def talk(name: str, person: Person, first: int) -> None:
            await asyncio.sleep(dice.uniform(0, pauses[1]))
            number = first
            while loop.time() < until:
                file = files[number % len(files)]
                await person.say(self.frames(file))
                said.append({"name": name, "file": file, "begun": person.begun - FRAME_SECONDS})
                number += 1
                await asyncio.sleep(dice.uniform(*pauses))

        async with asyncio.TaskGroup() as group:
            for number, (name, person) in enumerate(self.people.items()):
                group.create_task(talk(name, person, number))
        return {"said": said}

    async def _heard(self) -> Json:
        """MIA's sound since the last time: begin and end of each stretch, on the clock."""
        person = next(p for p in self.people.values() if p.listens)
        frames, person.heard = person.heard, []
        arrivals, self.discord.voice.arrivals = self.discord.voice.arrivals, []
        self._pace += paces([(a.at, a.packet.sequence) for a in arrivals])
        voiced = [h for h in frames if h.frame not in (None, SILENCE)]
        lost = sum(h.frame is None for h in frames)
        if not voiced:
            return {"stretches": [], "frames": len(frames), "undecipherable": lost}
        sound = decode(h.frame for h in voiced)
        begun = voiced[0].at
        tape = np.zeros(int((voiced[-1].at - begun + 1) * RATE) + len(sound), np.float32)
        free = 0
        for number, one in enumerate(voiced):
            at = max(free, int((one.at - begun) * RATE))
            tape[at : at + FRAME] = sound[number * FRAME : (number + 1) * FRAME]
            free = at + FRAME
        stretches = [(begun + a, begun + b) for a, b in audible(tape, RATE)]
        return {"stretches": stretches, "frames": len(frames), "undecipherable": lost}

    async def _sums(self) -> Json:
        """What the wire saw so far."""
        call = self.discord.voice
        return {
            "sent": sum(person.sent for person in self.people.values()),
            "by": {name: person.sent for name, person in self.people.items()},
            "lost": call.wire.lost,
            "unopened": call.unopened,
            "epoch": call.group.epoch,
            "pace": self._pace,
        }

    def frames(self, file: str) -> list[bytes]:
        """A recording as opus, coded once."""
        if file not in self._frames:
            samples, rate = soundfile.read(file, dtype="float32")
            resampled = StreamResampler(rate, RATE).feed(samples, last=True)
            self._frames[file] = encode(loud(resampled))
        return self._frames[file]


def loud(samples: Samples) -> Samples:
    """As loud as Discord makes people: -26 dBFS."""
    level = float(np.sqrt(np.mean(samples**2)))
    made: Samples = (samples * (0.05 / max(level, 1e-6))).astype(np.float32)
    return made


def paces(arrivals: list[tuple[float, int]]) -> list[tuple[float, float]]:
    """For each frame but the first of a stretch, ms: off 20 ms since the one before, and off its
    place in the stretch, counted from the frame that came earliest for its place."""
    found: list[tuple[float, float]] = []
    spurt: list[tuple[float, int]] = []
    for at, sequence in [*arrivals, (float("inf"), 0)]:
        if spurt and at - spurt[-1][0] > SPURT:
            late = [a - (s - spurt[0][1]) * FRAME_SECONDS for a, s in spurt]
            steps = np.abs(np.diff([a for a, _ in spurt]) - FRAME_SECONDS)
            places = [one - min(late) for one in late[1:]]
            found += [(1000 * float(x), 1000 * y) for x, y in zip(steps, places, strict=True)]
            spurt = []
        spurt.append((at, sequence))
    return found


async def main() -> None:
    loop = asyncio.get_running_loop()
    wishes = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(wishes), sys.stdin)

    def tell(data: Json) -> None:
        sys.stdout.write(json.dumps(data) + "\n")
        sys.stdout.flush()

    async def answer(side: OtherSide, number: int, wish: Json) -> None:
        try:
            tell({"number": number, "answer": await side.do(wish)})
        except Exception as error:  # the other process is told, and decides
            log.exception("%s", wish)
            tell({"number": number, "error": f"{type(error).__name__}: {error}"})

    async with Discord() as discord:
        side = OtherSide(discord)
        tell(side.welcome())
        async with asyncio.TaskGroup() as group:
            tasks = set()
            while line := await wishes.readline():
                wish = json.loads(line)
                task = group.create_task(answer(side, wish.pop("number"), wish))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            for task in tasks:
                task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
