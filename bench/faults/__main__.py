"""`python -m bench.faults [--processes]`: every fault, and what came of it; of processes too."""

from __future__ import annotations

import logging
import sys

from bench.faults import memory, network, processes, talking
from bench.faults.outcome import HEAD

logging.disable(logging.CRITICAL)
print(HEAD)
chosen = talking.FAULTS | memory.FAULTS | network.FAULTS
if "--processes" in sys.argv:
    chosen |= processes.FAULTS
for play in chosen.values():
    print(play().row(), flush=True)
