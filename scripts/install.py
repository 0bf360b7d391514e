"""Installs a lock file into the virtual environment this runs in, with one line of progress.

Only wheels whose digest the lock file names are installed; pip asks the index the user has set.
Everything pip says is kept for the case that it fails.

    .venv/bin/python scripts/install.py requirements.lock
"""

# Runs before anything is installed: the standard library only.

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install")
FROM_LOCK = ("--only-binary=:all:", "--no-deps", "--require-hashes", "--progress-bar", "off")
PIN = re.compile(r"^[A-Za-z0-9]", re.MULTILINE)
STARTED = re.compile(r"^(?:Collecting|Requirement already satisfied:) (\S+?)(?:==|\s|$)")
FETCHED = re.compile(r"^\s+(?:Downloading|Using cached) (\S+) \((.+)\)")
TAIL = 40


def install(lock: Path) -> int:
    """pip's exit code."""
    total = len(PIN.findall(lock.read_text("utf-8")))
    said: list[str] = []
    done = 0
    with subprocess.Popen(
        [*PIP, *FROM_LOCK, "--requirement", str(lock)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            if match := STARTED.match(line):
                done += 1
                show(f"  {done:>3} of at most {total}  {match[1]}")
            elif match := FETCHED.match(line):
                show(f"  {done:>3} of at most {total}  {match[1]}  {match[2]}")
            elif line.startswith("Installing collected"):
                show(f"  unpacking {done} packages ...")
    show("")
    if pip.returncode:
        sys.stderr.writelines(said[-TAIL:])
    return pip.returncode


def show(text: str) -> None:
    """Put `text` in place of the line before it; nothing where nobody watches."""
    if sys.stdout.isatty():
        print(f"\r\x1b[2K{text[:78]}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1])))
