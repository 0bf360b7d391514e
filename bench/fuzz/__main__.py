"""`python -m bench.fuzz --minutes N`: inputs tried and crashes of parsers and protocol."""

from __future__ import annotations

import argparse
import functools
import logging
import time
import traceback
import warnings
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bench.fuzz.protocol import COUNT, Protocol
from bench.fuzz.running import Outcome, tried
from bench.fuzz.targets import TARGETS

HEAD = "| what is fed | inputs tried | crashes |\n|---|---:|---:|"


def parsers(seconds: float, seed: int) -> dict[str, Outcome]:
    """Every parser in turn, each for its share of the time."""
    found: dict[str, Outcome] = {}
    for target in TARGETS:
        ends = time.monotonic() + seconds / len(TARGETS)
        found[target.name] = tried(target, seed, 10_000_000, functools.partial(_over, ends))
    return found


def _over(ends: float) -> bool:
    return time.monotonic() > ends


def protocol(seconds: float, examples: int = 10) -> list[str]:
    """Talks at random until the time is over; what broke."""
    broken: list[str] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and len(broken) < 5:
        try:
            run_state_machine_as_test(
                Protocol,
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=40,
                    deadline=None,
                    database=None,
                    phases=(Phase.generate,),
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except Exception:  # noqa: BLE001 (a broken promise, whichever: it is counted and shown)
            broken.append(traceback.format_exc())
    return broken


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=1.0)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--crashes", type=Path, help="a folder to keep inputs that crash in")
    chosen = asked.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    outcomes = parsers(chosen.minutes * 30, chosen.seed)
    print(HEAD)
    for name, outcome in outcomes.items():
        print(f"| {name} | {outcome.tried:,} | {len(outcome.crashes)} |", flush=True)
    broken = protocol(chosen.minutes * 30)
    print(f"| realtime protocol ({COUNT['talks']:,} talks) | {COUNT['events']:,} | {len(broken)} |")
    tries = sum(outcome.tried for outcome in outcomes.values()) + COUNT["events"]
    crashes = sum(len(outcome.crashes) for outcome in outcomes.values()) + len(broken)
    print(f"| **all** | **{tries:,}** | **{crashes}** |")
    for name, outcome in outcomes.items():
        for number, (what, data) in enumerate(outcome.crashes.items()):
            print(f"\n{name}: {what}\n    {data[:200]!r}")
            if chosen.crashes:
                chosen.crashes.mkdir(parents=True, exist_ok=True)
                (chosen.crashes / f"{name.replace(' ', '-')}-{number}").write_bytes(data)
    for one in broken:
        print(f"\n{one[-3_000:]}")


if __name__ == "__main__":
    main()
