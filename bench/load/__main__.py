"""`python -m bench.load [--where inside server] [--sessions 1 2 4] [--seconds 25] [--file]`"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import machine
from bench.load.levels import Level, measure
from bench.load.plot import GOAL, picture
from bench.turns.serving import leave_on_terminate

NAMES = {"inside": "mind inside MIA", "server": "llama.cpp server"}
KEPT = Path("load-run")


def table(series: Mapping[str, Sequence[Level]]) -> str:
    rows = [
        "| mind | people | turns answered | without answer | V2V median | V2V p95 | fewest, most "
        "answers of one person |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, levels in series.items():
        for one in levels:
            least, most = min(one.each, default=0), max(one.each, default=0)
            rows.append(
                f"| {NAMES[name]} | {one.sessions} | {len(one.v2v)} | {one.unanswered} | "
                f"{one.at(0.5):.2f} s | {one.at(0.95):.2f} s | {least}, {most} |"
            )
    return "\n".join(rows)


def held(levels: Sequence[Level]) -> int:
    """The most people whose p95 was below the goal."""
    return max((one.sessions for one in levels if one.at(0.95) < GOAL), default=0)


def kept(folder: Path) -> dict[str, list[Level]]:
    """What runs left behind, by the place of the mind."""
    found: dict[str, list[Level]] = {}
    for name in NAMES:
        path = folder / f"{name}.json"
        if path.is_file():
            found[name] = [Level(**row) for row in json.loads(path.read_text("utf-8"))]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--where", nargs="+", choices=tuple(NAMES), default=list(NAMES))
    parser.add_argument("--sessions", nargs="+", type=int, default=[1, 2, 3, 4, 6])
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--keep", type=Path, default=KEPT)
    parser.add_argument("--file", action="store_true")
    options = parser.parse_args()
    leave_on_terminate()
    options.keep.mkdir(parents=True, exist_ok=True)
    for name in options.where:
        levels = measure(name, options.sessions, options.seconds)
        rows = [asdict(one) for one in levels]
        (options.keep / f"{name}.json").write_text(json.dumps(rows), "utf-8")
    series = kept(options.keep)
    body = table(series) + "\n\n![V2V against people](load.svg)\n"
    machine.file("load", "People at the same time", "python -m bench.load --file", body)
    if options.file:
        named = {NAMES[name]: levels for name, levels in series.items()}
        svg = picture("Voice to voice, two cores", named)
        (machine.RESULTS / "load.svg").write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
