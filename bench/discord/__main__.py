"""`python -m bench.discord`: a whole Discord call on loopback, with MIA's real models.

Prints one table next to what is to be reached; `--file` keeps it in `bench/results/discord.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from bench.discord import scenes, table
from bench.discord.call import Call, in_call
from bench.discord.link import Link, other_side
from bench.discord.scenes import Said
from bench.discord.scripted import scripted
from bench.machine import file
from bench.turns import serving
from bench.turns.lines import INSTRUCTIONS, Line, read
from mia import main as program
from mia.config import Config
from mia.config import load as load_config
from mia.conversation import Parts
from mia.home import Home
from mia.telemetry.events import EventBus

SPEECH = Path(__file__).parent.parent.parent.parent / "shared" / "speech"
PARTS = ("turns", "company", "keys", "loss", "crowd")
NAMES = ("Ana", "Ben", "Cyd", "Dora", "Elio", "Fani", "Gil", "Hana", "Ian", "Juno")
CONFIG = """\
language: en
input: {{filler: false}}
prompt: {{system: {prompt}}}
models:
  llm:
    backend: llamacpp
    llamacpp: {{model: smollm2-135m-instruct, temperature: 0, max_tokens: 60}}
  tts: {{backend: piper}}
discord: {{enabled: true, token: {token}, join: {channel}, announce: false, dual_audio: false}}
"""


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


async def turns(
    call: Call, parts: Parts, lines: list[Line], folder: Path, rounds: int
) -> dict[str, Any]:
    """The microphone and the call in turn, on the same models."""
    found: dict[str, Any] = {"microphone": [], "call": [], "files": []}
    for number in range(rounds):
        say(f"turns, round {number + 1} of {rounds}")
        order = ["microphone", "call"] if number % 2 == 0 else ["call", "microphone"]
        for place in order:
            if place == "microphone":
                found[place] += await scenes.at_the_microphone(parts, lines)
            else:
                found[place] += await scenes.in_the_call(call, "Ana", lines, folder)
        found["files"] += [line.file for line in lines]
    return found


@contextlib.asynccontextmanager
async def models(
    options: argparse.Namespace, config: Config, place: Path, home: Home, bus: EventBus
) -> AsyncIterator[Parts]:
    """MIA's own, or scripted ones."""
    if options.scripted:
        yield await scripted(config, home)
    else:
        async with program.assembled(config, place, home, bus) as parts:
            yield parts


async def measure(options: argparse.Namespace, link: Link, place: Path) -> table.Report:
    """All that was asked for."""
    config_path = place / "config.yaml"
    config_path.write_text(
        CONFIG.format(prompt=json.dumps(INSTRUCTIONS), token=link.token, channel=link.channel),
        "utf-8",
    )
    config = load_config(config_path, env={}).config
    home, bus = Home.find(), EventBus()
    english = options.speech / "en"
    lines = read(english)
    said = [
        Said(NAMES[number % 3], english / line.file, line.transcript)
        for number, line in enumerate(lines)
    ]
    long = sorted((options.speech / "long").glob("*.wav"))
    report = table.Report()
    await link.do("join", name="Ana")
    async with (
        models(options, config, place, home, bus) as parts,
        in_call(link, parts, config, home, bus) as call,
    ):
        if "turns" in options.only:
            report.turns = await turns(call, parts, lines, english, options.rounds)
        await link.do("join", name="Ben", libdave=True)
        await link.do("join", name="Cyd")
        if "company" in options.only:
            say("company of three")
            report.company = await scenes.company(call, said)
        if "keys" in options.only:
            say("changes of keys")
            tale = options.speech / "long" / "en_tale.wav"
            report.keys = {
                name: await scenes.changes_of_keys(call, "Ana", tale, 20, eager=eager)
                for name, eager in (("waiting", False), ("eager", True))
            }
        report.before = await sums(call)
        if "loss" in options.only:
            say("a wire that loses 5 %, swaps 5 % and is up to 20 ms late")
            await link.do("wire", loss=0.05, swaps=0.05, jitter=0.02)
            report.loss = await scenes.company(call, said)
            report.after_loss = await sums(call)
            await link.do("wire")
        if "crowd" in options.only:
            for name in NAMES[3:]:
                await link.do("join", name=name)
            say(f"ten people for {options.minutes} minutes")
            before = await sums(call)
            files = [english / line.file for line in lines] + long
            report.crowd = await scenes.crowd(call, files, 60 * options.minutes, (2.0, 8.0))
            report.crowd |= {"sums": (before, await sums(call)), "told": table.told(call)}
        await link.do("heard")
        report.pace = (await link.do("sums"))["pace"]
    return report


async def sums(call: Call) -> dict[str, Any]:
    """What both sides have counted so far; what is under way has half a second to arrive."""
    await asyncio.sleep(0.5)
    assert call.room.voice is not None
    receiver = call.room.voice.receiver
    assert receiver is not None
    counts = receiver.counts
    return {
        **await call.link.do("sums"),
        "received": counts.received,
        "decoded": counts.decoded,
        "lost_here": counts.lost,
        "late": counts.late,
        "recovered": counts.recovered,
        "dropped": dict(counts.dropped),
        "learned": counts.learned,
    }


async def run(options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as place:
        async with other_side() as link:
            return (await measure(options, link, Path(place))).text()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.discord", description=__doc__)
    parser.add_argument("--speech", type=Path, default=SPEECH, help="folder with en/ and long/")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="times each line is said")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the crowd")
    parser.add_argument(
        "--scripted", action="store_true", help="models that take fixed times: what the call adds"
    )
    parser.add_argument("--keep", default="discord", help="name of the report that is kept")
    parser.add_argument("--file", action="store_true", help="keep the report")
    options = parser.parse_args()
    options.speech = options.speech.resolve()
    logging.basicConfig(level=logging.WARNING)
    cores = serving.pin()
    body = asyncio.run(run(options))
    only = "" if len(options.only) == len(PARTS) else f" --only {' '.join(options.only)}"
    command = (
        f"python -m bench.discord --rounds {options.rounds} --minutes {options.minutes:g}{only}"
    )
    if options.scripted:
        command += " --scripted"
    pinned = f"Both processes on cores {', '.join(map(str, cores))}.\n\n" if cores else ""
    file(options.keep, "A Discord call on loopback, measured", command, pinned + body)


if __name__ == "__main__":
    main()
