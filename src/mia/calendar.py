"""The date. Memories are days and years old; this is the one place that asks what day it is.

Never for measuring: durations are `loop.time()` or counted in samples.
"""

from __future__ import annotations

import time


def now() -> float:
    """Unix seconds, UTC."""
    return time.time()  # wall clock: the date of a memory
