"""`python -m bench.reliability [--file]`: does she keep talking? The whole table.

Faults on the virtual clock, on the wire and (with `--processes`) of whole processes, bad inputs,
people at the same time, leaks, lost data. What takes hours is read where it was left:
`python -m bench.long --minutes 60 --keep LONG`, `python -m bench.long --keep SIMULATED`,
`python -m bench.load --keep LOAD`.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import machine
from bench.faults import memory, network, processes, talking
from bench.faults.outcome import HEAD, Outcome
from bench.load.__main__ import NAMES, held, kept, table
from bench.long import report
from bench.long.simulated import Hours
from bench.memory import kills


def faults(with_processes: bool) -> list[Outcome]:
    every = (
        talking.FAULTS
        | memory.FAULTS
        | network.FAULTS
        | (processes.FAULTS if with_processes else {})
    )
    return [play() for play in every.values()]


def fuzzed(minutes: float) -> str:
    """The table of `bench.fuzz`; its last row is all of it."""
    command = [sys.executable, "-m", "bench.fuzz", "--minutes", str(minutes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def told(outcomes: Sequence[Outcome]) -> str:
    survived = sum(one.survived for one in outcomes)
    seconds = sorted(one.seconds for one in outcomes if one.seconds is not None)
    middle = seconds[len(seconds) // 2] if seconds else float("nan")
    slowest = max(seconds, default=float("nan"))
    return (
        f"| faults injected / survived | {len(outcomes)} / {survived} |\n"
        f"| seconds to speech again | {middle:.1f} median, {slowest:.1f} at the most |"
    )


def bad_inputs(fuzz: str) -> str:
    rows = [line for line in fuzz.splitlines() if line.startswith("| **all**")]
    _, _, tried, crashes, _ = (cell.strip(" *") for cell in rows[0].split("|"))
    return f"| bad inputs tried / crashes | {tried} / {crashes} |"


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m bench.reliability", description=__doc__)
    asked.add_argument("--processes", action="store_true", help="kill and fill for real, too")
    asked.add_argument("--fuzz-minutes", type=float, default=1.0)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--long", type=Path, default=Path("long-run"))
    asked.add_argument("--simulated", type=Path, default=Path("long-run"))
    asked.add_argument("--load", type=Path, default=Path("load-run"))
    asked.add_argument("--file", action="store_true")
    chosen = asked.parse_args()
    logging.disable(logging.CRITICAL)

    outcomes = faults(chosen.processes)
    fuzz = fuzzed(chosen.fuzz_minutes) if chosen.fuzz_minutes else ""
    killed = kills.run(chosen.kills)
    top = ["| promise | measured |", "|---|---|", told(outcomes)]
    if fuzz:
        top.append(bad_inputs(fuzz))
    parts = []
    load = kept(chosen.load)
    for name, levels in load.items():
        top.append(
            f"| people at the same time with V2V p95 below 2 s, {NAMES[name]} | {held(levels)} |"
        )
    for title, folder in (("real", chosen.long), ("simulated", chosen.simulated)):
        if title == "real" and (folder / "hour.json").is_file():
            grown = report.leaks(report.slopes(report.samples(folder)))
            text = report.real(folder)
        elif title == "simulated" and (folder / "simulated.json").is_file():
            found = Hours(**json.loads((folder / "simulated.json").read_text("utf-8")))
            grown = report.leaks(report.slopes(found.counts))
            text = report.simulated(found)
        else:
            continue
        top.append(f"| leaks, {text.split(':')[0]} | {', '.join(grown) or 'none'} |")
        parts.append(f"## {title.capitalize()} hours\n\n{text}")
    top.append(
        f"| lost acknowledged data | {killed.lost} of {killed.acknowledged:,} lines in "
        f"{killed.kills} kill -9 |"
    )
    rows = "\n".join(one.row() for one in outcomes)
    parts.insert(0, f"## Faults\n\n{HEAD}\n{rows}")
    if fuzz:
        parts.append(f"## Bad inputs\n\n{fuzz}")
    if load:
        parts.append(f"## People at the same time\n\n{table(load)}")
    parts.append(f"## Memory\n\n{kills.table(killed)}")
    command = "python -m bench.reliability " + " ".join(sys.argv[1:])
    body = "\n".join(top) + "\n\n" + "\n\n".join(parts)
    machine.file("reliability", "She keeps talking", command.strip(), body)


if __name__ == "__main__":
    main()
