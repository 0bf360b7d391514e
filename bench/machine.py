"""What a result has to say about the machine and the moment it was measured on."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory_gib() -> float:
    """Physical memory in GiB, 0 where the system does not tell."""
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return 0.0


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def described() -> str:
    """One line about machine, load and date."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{os.cpu_count()} cores ({processor()}), {memory_gib():.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, load before {load:.1f}, "
        f"{datetime.date.today().isoformat()}"
    )


def file(name: str, title: str, command: str, body: str) -> None:
    """Print a result, and with `--file` keep it as `bench/results/<name>.md`."""
    text = f"# {title}\n\n    {command}\n\n{described()}\n\n{body.strip()}\n"
    print(text)
    if "--file" in sys.argv:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.md").write_text(text, "utf-8")
