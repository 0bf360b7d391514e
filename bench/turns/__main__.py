"""`python -m bench.turns`: MIA and Pipecat in turn on the same models, then MIA spoken over.

Prints one report, next to what is to be reached; `--file [NAME]` keeps it in `bench/results/`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.machine import file
from bench.turns import serving, systems, table
from bench.turns.lines import read
from bench.turns.systems import Measured, Weights
from mia.errors import MiaError

SPEECH = Path(__file__).parent.parent.parent.parent / "shared" / "speech" / "en"
PARTS = ("pair", "memory", "barge-in", "echo", "overhead")
PEER = "MIA_PEER_PYTHON"


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def pair(options: argparse.Namespace, files: Weights, place: Path) -> dict[str, Measured]:
    """Both systems over all utterances, ROUNDS times; who begins alternates."""
    lines = read(options.utterances)
    found = (
        {"MIA": Measured()} if options.without_peer else {"MIA": Measured(), "Pipecat": Measured()}
    )
    for number in range(options.rounds):
        order = list(found) if number % 2 == 0 else list(reversed(found))
        for name in order:
            say(f"round {number + 1} of {options.rounds}: {name}")
            folder = place / f"{name.lower()}-{number + 1}"
            # A server of its own for each, so that none begins with what the other left in it.
            with systems.brain(files.brain, folder) as llm:
                if name == "MIA":
                    systems.mia(systems.through_proxy(llm), lines, folder, found[name])
                else:
                    systems.pipecat(
                        options.peer_python, llm, files, options.utterances, folder, found[name]
                    )
    return found


def memory(options: argparse.Namespace, place: Path) -> Measured:
    """MIA with the whole conversation in view: what her mind reads for each turn."""
    say("MIA with the whole conversation in view")
    found = Measured()
    lines = read(options.utterances) * options.rounds
    systems.mia(systems.embedded(), lines, place / "memory", found)
    return found


def inside(name: str, place: Path, arguments: list[str]) -> dict[str, Any]:
    """A measurement in a process of its own that holds a conversation on the real loop."""
    say(f"MIA in process: {name}")
    out = place / f"{name}.json"
    module = f"bench.turns.{name.replace('-', '_')}"
    command = [sys.executable, "-m", module, str(out), *arguments]
    serving.run(name, command, place / f"{name}.log", systems.ON_TWO_CORES)
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


def measure(options: argparse.Namespace, place: Path) -> str:
    """All that was asked for, as the text of the report."""
    report = table.Report()
    if {"pair", "memory"} & set(options.only):
        files = systems.weights()
        if "pair" in options.only:
            report.pair = pair(options, files, place)
        if "memory" in options.only:
            report.memory = memory(options, place)
    if "barge-in" in options.only:
        speech = str(options.utterances.parent)
        report.barge_in = inside("barge-in", place, [speech, "--times", str(options.times)])
    if "echo" in options.only:
        report.echo = inside("echo", place, [str(options.utterances.parent)])
    if "overhead" in options.only:
        report.overhead = inside("overhead", place, [])
    return report.text()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="times each system is spoken to")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--turns-only", action="store_true", help="the same as --only pair")
    parser.add_argument("--utterances", type=Path, default=SPEECH, help="folder with a truth.json")
    parser.add_argument(
        "--peer-python",
        type=Path,
        default=os.environ.get(PEER),
        help=f"Python of the peer's environment (default: the variable {PEER})",
    )
    parser.add_argument("--without-peer", action="store_true", help="MIA alone")
    parser.add_argument("--times", type=int, default=21, help="interruptions, and backchannels")
    parser.add_argument("--keep", type=Path, help="keep tapes and logs in this folder")
    parser.add_argument("--file", nargs="?", const="turns", help="keep the report under this name")
    options = parser.parse_args()
    if options.turns_only:
        options.only = ["pair"]
    if "pair" in options.only and not options.without_peer and options.peer_python is None:
        parser.error("--peer-python is needed (bench/README.md), or --without-peer")
    options.utterances = options.utterances.resolve()
    return options


def main() -> None:
    options = arguments()
    serving.leave_on_terminate()
    cores = serving.pin()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    with tempfile.TemporaryDirectory() as folder:
        place = (options.keep or Path(folder)).resolve()
        try:
            body = measure(options, place)
        except (serving.Died, MiaError) as error:
            raise SystemExit(str(error)) from error
        except KeyboardInterrupt:
            raise SystemExit("stopped; so is everything that was started") from None
    pinned = f" on cores {', '.join(map(str, cores))}" if cores else ""
    # Folders of this machine mean nothing to whoever reads the report.
    command = f"python -m bench.turns --rounds {options.rounds} --only {' '.join(options.only)}"
    if options.without_peer:
        command += " --without-peer"
    if "barge-in" in options.only:
        command += f" --times {options.times}"
    file(
        options.file or "turns",
        "Taking turns, measured",
        command,
        f"Measured{pinned}; load when it began {load:.1f}.\n\n{body}",
    )


if __name__ == "__main__":
    main()
