"""`python -m bench.faults [--processes]`: every fault, and what came of it."""

from __future__ import annotations

import argparse
import logging

from bench.faults import memory, network, processes, talking
from bench.faults.outcome import HEAD


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    asked.add_argument("--processes", action="store_true", help="kill and fill for real, too")
    chosen = asked.parse_args()
    logging.disable(logging.CRITICAL)
    print(HEAD)
    every = talking.FAULTS | memory.FAULTS | network.FAULTS
    if chosen.processes:
        every |= processes.FAULTS
    for play in every.values():
        print(play().row(), flush=True)


if __name__ == "__main__":
    main()
