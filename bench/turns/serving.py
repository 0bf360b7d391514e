"""Processes that live as long as a benchmark needs them, and never longer."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parent.parent.parent
CORES = 2
TAIL = 15
"""Lines of a log that are shown when its process has died."""
STOPPING = 15.0
"""Seconds a process is given to end by itself."""


class Died(Exception):
    """A part of the benchmark is no more; the message has the end of its log."""


def pin() -> tuple[int, ...]:
    """Keep this process, and all it starts, on the same two cores; which ones.

    Nothing is pinned where the system has no way to.
    """
    if not hasattr(os, "sched_setaffinity"):
        return ()
    cores = tuple(sorted(os.sched_getaffinity(0)))[:CORES]
    os.sched_setaffinity(0, cores)
    return cores


def leave_on_terminate() -> None:
    """Let SIGTERM end the benchmark as Ctrl-C does: everything it started is stopped."""

    def leave(_signal: int, _frame: Any) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)


@contextlib.contextmanager
def process(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; what it prints goes to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
        )
        try:
            yield running
        finally:
            _end(running)


def _end(running: subprocess.Popen[bytes]) -> None:
    """Stop it, whatever happens meanwhile: a second Ctrl-C must not leave it behind."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        running.terminate()
        try:
            running.wait(STOPPING)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def tail(log: Path) -> str:
    """The last lines of a log."""
    lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
    return "\n".join(f"    {line}" for line in lines[-TAIL:])


def died(name: str, log: Path) -> Died:
    return Died(f"{name} died; the end of its log:\n{tail(log)}")


def wait_for(
    name: str, running: subprocess.Popen[bytes], log: Path, url: str, seconds: float = 180
) -> None:
    """Until the address answers 200. Raises Died when the process ends, or nobody answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if running.poll() is not None:
            raise died(name, log)
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise Died(f"{name} did not answer within {seconds:.0f} s; the end of its log:\n{tail(log)}")


def run(
    name: str,
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    seconds: float = 3600,
) -> None:
    """A process to its end. Raises Died unless that is a success."""
    with process(command, log, env) as running:
        try:
            code = running.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Died(f"{name} took over {seconds:.0f} s; its log:\n{tail(log)}") from None
    if code:
        raise died(name, log)


def get(url: str) -> bytes | None:
    """What an address answers, or None where there is nothing of the kind."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            found: bytes = answer.read()
            return found
    except (urllib.error.URLError, OSError):
        return None
