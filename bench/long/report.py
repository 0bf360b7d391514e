"""What came of the long runs, as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.long.inside import COUNTED
from bench.long.real import Hour
from bench.long.simulated import Hours
from bench.long.slopes import Slope, slope

WARM = 0.25
"""The first part of a run, in which caches and rings fill; no slope counts it."""
UNITS = {"rss_mib": "MiB", "objects": "objects"}
NAMES = {"rss_mib": "memory (RSS)", "objects": "Python objects", "files": "open files"}
#: Growth an hour below this is none: less than one more in a day of tasks, threads, files and
#: sockets; less than 1 % of what she holds of memory and objects.
HARMLESS = {"tasks": 0.04, "threads": 0.04, "files": 0.04, "sockets": 0.04}


def slopes(counts: Sequence[tuple[float, Mapping[str, float]]]) -> dict[str, Slope]:
    """Of everything that is counted, after the warm part."""
    rest = counts[int(len(counts) * WARM) :]
    times = [at for at, _ in rest]
    return {name: slope(times, [row[name] for _, row in rest]) for name in COUNTED}


def leaks(found: Mapping[str, Slope]) -> list[str]:
    """What grows for sure, and by more than is harmless."""
    return [
        name
        for name, one in found.items()
        if one.grows and one.an_hour - one.give_or_take > HARMLESS.get(name, 0.01 * one.most)
    ]


def table(counts: Sequence[tuple[float, Mapping[str, float]]]) -> str:
    rows = ["| | least | most | growth an hour (95 %) |", "|---|---|---|---|"]
    for name, one in slopes(counts).items():
        unit = UNITS.get(name, "")
        rows.append(
            f"| {NAMES.get(name, name)} | {one.least:.0f} | {one.most:.0f} | "
            f"{one.an_hour:+.2f} ± {one.give_or_take:.2f} {unit} |"
        )
    return "\n".join(rows)


def drift(offsets: Sequence[tuple[float, float]]) -> str:
    """How far the mouth is from the sound, and whether that changes."""
    if not offsets:
        return "no answer was long enough to tell"
    times, values = zip(*offsets, strict=True)
    one = slope(times, [value * 1000 for value in values])
    middle = sorted(values)[len(values) // 2] * 1000
    return (
        f"mouth {-middle:.0f} ms ahead of the sound (median of {len(values)} answers), "
        f"drift {one.an_hour:+.2f} ± {one.give_or_take:.2f} ms an hour"
    )


def simulated(found: Hours) -> str:
    hours = found.counts[-1][0] / 3600
    return (
        f"{hours:.1f} simulated hours: {found.turns} turns, {found.answered} answers to their "
        f"end, {found.interrupted} interrupted, {found.lost} understood turns lost\n\n"
        f"{table(found.counts)}\n\n{drift(found.offsets)}; "
        f"log in {found.log_files} files, {found.log_bytes / 1e6:.1f} MB in all\n"
    )


def samples(folder: Path) -> list[tuple[float, dict[str, float]]]:
    """The counts of a real run."""
    rows = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    return [(row["at"], row) for row in rows]


def real(folder: Path) -> str:
    found = samples(folder)
    hour = Hour(**json.loads((folder / "hour.json").read_text("utf-8")))
    minutes = (found[-1][0] - found[0][0]) / 60
    return (
        f"{minutes:.0f} minutes on real models: {hour.turns} turns asked, {hour.answered} "
        f"answered, {hour.barge_ins} spoken over, {hour.guests} guests who left in "
        f"mid-answer, {hour.connections} connections of the page\n\n"
        f"{table(found)}\n\n{drift([(at, value) for at, value in hour.offsets])}\n"
    )
