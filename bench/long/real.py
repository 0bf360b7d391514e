"""A real hour: MIA on her real models, one page that talks to her, guests that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import soundfile
import websockets

from bench.load.client import Client, connected
from bench.long.mouth import MouthListener, offset
from bench.turns import serving
from mia.conversation.ports import Samples

SPEECH = serving.ROOT.parent / "shared" / "speech"
EVERY = 15.0
"""Seconds between two counts."""
PATIENCE = 120.0
"""Longest wait for an answer; the machine may be busy with others."""
APART = (3.0, 12.0)
"""Seconds between two turns."""
TYPED = {
    "es": (
        "Cuéntame algo de tu día.",
        "¿Qué te gusta cocinar?",
        "Dime un número del uno al diez.",
        "¿Has visto el mar?",
    ),
    "en": ("Tell me about your day.", "What is your favourite food?", "Do you like the sea?"),
}
CONFIG = """\
language: es
avatar: {{outputs: {{osc: {{port: {osc}}}, vts: {{enabled: false}}}}}}
log: {{level: info, file: "{log}"}}
"""


@dataclass(frozen=True, slots=True)
class Line:
    language: str
    samples: Samples
    end: float


def lines() -> list[Line]:
    """Short recordings of people, with where their last voiced sample is."""
    found = []
    for language in ("en", "es"):
        for row in json.loads((SPEECH / language / "truth.json").read_text("utf-8")):
            samples, _ = soundfile.read(SPEECH / language / row["file"], dtype="float32")
            found.append(Line(language, samples, float(row["end_of_speech"])))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Hour:
    """What the page lived through; counts and, for each reply, (when, offset of the mouth)."""

    turns: int = 0
    answered: int = 0
    barge_ins: int = 0
    guests: int = 0
    connections: int = 0
    offsets: list[tuple[float, float]] = field(default_factory=list)
    v2v: list[float] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


async def _turn(page: Client, line: Line | None, language: str, dice: random.Random) -> Any:
    await page.send("mia.session.update", language=language)
    if line is None:
        return await page.type(dice.choice(TYPED[language]), PATIENCE)
    return await page.say(line.samples, line.end, PATIENCE)


async def _over_her(page: Client, line: Line, dice: random.Random) -> Any:
    """Begin a turn and speak over the answer."""
    first = asyncio.create_task(page.type(dice.choice(TYPED[line.language]), PATIENCE))
    if await page.until_heard(PATIENCE):
        await asyncio.sleep(dice.uniform(0.5, 2.0))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    return await page.say(line.samples, line.end, PATIENCE)


async def _guest(url: str) -> None:
    """Somebody comes, asks, and shuts the tab in the middle of the answer."""
    async with connected(url) as guest:
        asking = asyncio.create_task(guest.type("Hola, ¿quién eres?", PATIENCE))
        await guest.until_heard(PATIENCE)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        guest.cut()


async def _one(
    page: Client,
    hour: Hour,
    said: Sequence[Line],
    mouth: MouthListener,
    dice: random.Random,
    begun: float,
    url: str,
) -> None:
    """One turn, what it showed, and the pause after it."""
    number = hour.turns
    line = said[number % len(said)] if number % 3 else None
    language = line.language if line else ("es", "en")[number // 3 % 2]
    mouth.seen.clear()
    if line is not None and number % 5 == 4:
        hour.barge_ins += 1
        turn = await _over_her(page, line, dice)
    else:
        turn = await _turn(page, line, language, dice)
    hour.turns += 1
    if turn.done is not None and turn.sounded is not None:
        hour.answered += 1
        hour.v2v.append(round(turn.v2v or 0.0, 3))
        # Off the loop: a page has its microphone to send meanwhile.
        found = await asyncio.to_thread(offset, page.played[turn.reply], list(mouth.seen))
        if found is not None:
            hour.offsets.append((round(turn.sounded - begun, 1), round(found, 4)))
    else:
        how = "typed" if line is None else "said"
        cut = "" if page.closed is None else f", cut off: {page.closed}"
        hour.unanswered.append(f"turn {number} ({language}, {how}){cut} {turn.status}")
    if number % 6 == 5:
        hour.guests += 1
        with contextlib.suppress(OSError, TimeoutError, websockets.WebSocketException):
            await _guest(url)
    page.played.clear()
    page.turns.clear()
    await asyncio.sleep(90.0 if number % 20 == 19 else dice.uniform(*APART))


async def talk(url: str, osc: int, minutes: float, keep: Path) -> Hour:
    """Talk to her for so long; what happened is also kept in `keep` after every turn."""
    loop = asyncio.get_running_loop()
    dice = random.Random(9)
    hour = Hour()
    transport, mouth = await loop.create_datagram_endpoint(
        MouthListener, local_addr=("127.0.0.1", osc)
    )
    said = lines()
    begun = loop.time()
    try:
        while loop.time() < begun + minutes * 60:
            # As the page does: whoever is cut off comes back.
            hour.connections += 1
            with contextlib.suppress(OSError, websockets.WebSocketException):
                async with connected(url, stage=True) as page:
                    while page.closed is None and loop.time() < begun + minutes * 60:
                        await _one(page, hour, said, mouth, dice, begun, url)
                        await asyncio.to_thread(keep.write_text, json.dumps(asdict(hour)), "utf-8")
            await asyncio.sleep(1)
    finally:
        transport.close()
    return hour


def run(minutes: float, folder: Path) -> None:
    """Samples go to FOLDER/samples.jsonl, the page's side to FOLDER/hour.json."""
    folder.mkdir(parents=True, exist_ok=True)
    samples, osc, port = folder / "samples.jsonl", free_port(), free_port()
    samples.unlink(missing_ok=True)
    config = folder / "config.yaml"
    text = CONFIG.format(osc=osc, log=folder / "mia.log") + f"web: {{port: {port}}}\n"
    config.write_text(text, "utf-8")
    command: Sequence[str] = [sys.executable, "-m", "bench.long.inside", str(config), str(samples)]
    with serving.process([*command, str(EVERY)], folder / "out.log", {"MIA_LANGUAGE": "en"}) as mia:
        health = f"http://127.0.0.1:{port}/healthz"
        serving.wait_for("MIA", mia, folder / "out.log", health, seconds=600)
        began = time.monotonic()
        asyncio.run(talk(f"ws://127.0.0.1:{port}/v1/realtime", osc, minutes, folder / "hour.json"))
        print(f"talked for {(time.monotonic() - began) / 60:.1f} min; {samples}")


def attach(minutes: float, folder: Path) -> None:
    """Talk on to a MIA that `run` started in FOLDER and that lives."""
    config = (folder / "config.yaml").read_text("utf-8")
    osc, port = (int(found) for found in re.findall(r"port: (\d+)", config))
    asyncio.run(talk(f"ws://127.0.0.1:{port}/v1/realtime", osc, minutes, folder / "hour.json"))
