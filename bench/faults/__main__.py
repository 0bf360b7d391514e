"""`python -m bench.faults`: every fault, and what came of it."""

from __future__ import annotations

import logging

from bench.faults import network, talking
from bench.faults.outcome import HEAD

logging.disable(logging.CRITICAL)
print(HEAD)
for play in (talking.FAULTS | network.FAULTS).values():
    print(play().row(), flush=True)
