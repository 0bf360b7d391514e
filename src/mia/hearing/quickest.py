"""How many threads a model is quickest with on this machine: tried once, and remembered.

More are not always better. Whisper base took 155 ms a call on one thread of a two-core machine
and 235 on two, which wait for each other at every step of its decoder; a larger model, or another
processor, tells another story.
"""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

#: Tried where the processor has as many.
CANDIDATES = (1, 2, 4)


def machine() -> str:
    """What the answer depends on besides the model."""
    return f"{platform.machine()} {_processor()} x{os.cpu_count()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")


async def quickest(
    model: str,
    remembered: Path,
    trial: Callable[[int], Awaitable[float]],
) -> int:
    """The number of threads to use for `model`.

    remembered: a JSON file of earlier answers; written if it can be. trial: how many seconds a
    typical piece of work takes on so many threads.
    """
    candidates = [count for count in CANDIDATES if count <= (os.cpu_count() or 1)]
    if len(candidates) == 1:
        return candidates[0]
    key = f"{model}, {machine()}"
    known = _read(remembered)
    if known.get(key) in candidates:
        return int(known[key])
    took: dict[int, float] = {}
    for count in candidates:
        took[count] = await trial(count)
        if took[count] > min(took.values()):
            break  # more of them will not help either
    best = min(took, key=lambda count: took[count])
    log.info("%s: %s", key, {count: f"{seconds * 1000:.0f} ms" for count, seconds in took.items()})
    _write(remembered, {**known, key: best})
    return best


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, known: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known, indent=1), "utf-8")
    except OSError as error:
        log.info("%s could not be written (%s): it will be found out again", path.name, error)
