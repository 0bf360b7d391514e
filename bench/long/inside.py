"""`python -m bench.long.inside CONFIG SAMPLES SECONDS`: MIA as `mia run` starts her, counting
what she holds every few seconds. A line of JSON each, for `bench.long.slopes`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from mia.commands.shared import read_config, start_logs
from mia.home import Home
from mia.serving import Serving

#: What is counted, and in which unit a slope of it is given.
COUNTED = ("rss_mib", "tasks", "threads", "files", "sockets", "objects")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def counted() -> dict[str, float]:
    """What this process holds now (Linux)."""
    files = sockets = 0
    for entry in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{entry}")
        except OSError:
            continue  # the folder's own, closed by now
        files += 1
        sockets += target.startswith("socket:")
    gc.collect()
    return {
        "rss_mib": _status("VmRSS") / 1024,
        "tasks": len(asyncio.all_tasks()),
        "threads": max(_status("Threads"), threading.active_count()),
        "files": files,
        "sockets": sockets,
        "objects": len(gc.get_objects()),
    }


async def sample(path: Path, seconds: float, well: Callable[[], bool]) -> None:
    """Append a line every `seconds` until cancelled, from the moment all is loaded."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while True:
        await asyncio.sleep(seconds)
        if well():
            line = {"at": round(loop.time() - begun, 1), **counted()}
            with path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line) + "\n")


async def live(config: Path, samples: Path, seconds: float) -> None:
    loaded = read_config(config, Console(stderr=True), {})
    start_logs(loaded)
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        counting = group.create_task(sample(samples, seconds, ready.is_set))
        try:
            await Serving(loaded, Home.find()).run(ready=ready.set)
        finally:
            counting.cancel()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(live(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
