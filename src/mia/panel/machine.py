"""What this machine has: cores, memory, a graphics card, room on the disk."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_GRAPHICS_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Machine:
    """cores: logical ones this process may use. memory, disk_free: bytes; 0 where the system does
    not tell. graphics: an NVIDIA card's name, "" without one."""

    system: str
    processor: str
    cores: int
    memory: int
    graphics: str
    disk_free: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def look(folder: Path) -> Machine:
    """This machine now. folder: the disk that models go to. Blocking, at most a few seconds."""
    return Machine(
        system=platform.system(),
        processor=_processor(),
        cores=_cores(),
        memory=_memory(),
        graphics=_graphics(),
        disk_free=_free(folder),
    )


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX (learn.microsoft.com/windows/win32/api/sysinfoapi)."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        ("total", ctypes.c_ulonglong),
        ("available", ctypes.c_ulonglong),
        ("page_total", ctypes.c_ulonglong),
        ("page_available", ctypes.c_ulonglong),
        ("virtual_total", ctypes.c_ulonglong),
        ("virtual_available", ctypes.c_ulonglong),
        ("extended", ctypes.c_ulonglong),
    )


def _memory() -> int:
    windows = getattr(ctypes, "windll", None)
    if windows is not None:
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        return (
            int(status.total) if windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else 0
        )
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0


def _graphics() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        told = subprocess.run(
            command, capture_output=True, text=True, timeout=_GRAPHICS_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip().splitlines()[0] if told.stdout.strip() else ""


def _free(folder: Path) -> int:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
