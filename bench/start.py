"""`python -m bench.start [TURNS]`: from the command to healthy, memory, and memory after turns.

Starts `mia run` three times with the models installed, and after the last start holds TURNS
(default 100) typed turns over the realtime API.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import websockets

from bench.machine import file, resident_mib

STARTS = 3
PATIENCE = 120
QUESTIONS = ("Hola, ¿qué tal?", "¿Te gusta la música?", "Cuéntame algo.", "¿Y por qué?", "Vale.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(folder: Path) -> tuple[subprocess.Popen[bytes], int, float]:
    """MIA, her port, and the seconds until `/healthz` answered 200."""
    port = free_port()
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "mia.main", "run", "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    while time.monotonic() - begun < PATIENCE:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return process, port, time.monotonic() - begun
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit("MIA did not become healthy")


async def turns(port: int, count: int) -> int:
    """Hold `count` typed turns; how many were answered."""
    answered = 0
    async with websockets.connect(f"ws://127.0.0.1:{port}/v1/realtime") as connection:
        update = {"type": "session.update", "session": {"output_modalities": ["text"]}}
        await connection.send(json.dumps(update))
        for number in range(count):
            content = [{"type": "input_text", "text": QUESTIONS[number % len(QUESTIONS)]}]
            item = {"type": "message", "role": "user", "content": content}
            await connection.send(json.dumps({"type": "conversation.item.create", "item": item}))
            await connection.send(json.dumps({"type": "response.create"}))
            async for message in connection:
                event = json.loads(message)
                if event["type"] == "response.done":
                    answered += event["response"]["status"] == "completed"
                    break
                if event["type"] == "error":
                    print(event)
                    break
    return answered


def main() -> None:
    counts = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    count = counts[0] if counts else 100
    times, rows = [], []
    with tempfile.TemporaryDirectory() as place:
        for number in range(STARTS):
            process, port, seconds = start(Path(place))
            times.append(seconds)
            fresh = resident_mib(process.pid)
            if number == STARTS - 1:
                answered = asyncio.run(turns(port, count // 2))
                half = resident_mib(process.pid)
                answered += asyncio.run(turns(port, count - count // 2))
                rows.append(
                    f"| resident memory: fresh, after {count // 2}, after {count} turns "
                    f"({answered} answered) "
                    f"| {fresh:.0f}, {half:.0f}, {resident_mib(process.pid):.0f} MiB |"
                )
            process.terminate()
            process.wait(20)
    rows.insert(
        0,
        f"| second start to healthy, {STARTS} starts "
        f"| {', '.join(f'{t:.1f}' for t in times)} s (median {statistics.median(times):.1f}) |",
    )
    file(
        "start",
        "Starting, and staying",
        "python -m bench.start --file",
        "\n".join(["| what | measured |", "|---|---|", *rows]),
    )


if __name__ == "__main__":
    main()
