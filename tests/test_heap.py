"""Large blocks that are freed go back to the system, whatever lies behind them."""

from __future__ import annotations

import asyncio
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from mia import serving
from mia.config import installed
from mia.config.loading import Loaded
from mia.home import Home
from mia.serving import Serving

PROGRAM = """
import ctypes, os, sys
from mia import heap

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype = ctypes.c_void_p
LIBC.malloc.argtypes = [ctypes.c_size_t]
LIBC.free.argtypes = [ctypes.c_void_p]

def filled(size):
    block = LIBC.malloc(size)
    ctypes.memset(block, 1, size)
    return block

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

if sys.argv[1] == "told":
    assert heap.give_large_blocks_back()
# A larger one was freed before: by the usual setting less than that is not large any more.
LIBC.free(filled(16 << 20))
begun = held()
for _ in range(8):
    state = filled(8 << 20)
    behind = filled(200 << 10)  # stays, and keeps the heap from becoming shorter
    LIBC.free(state)
    wider = filled(9 << 20)  # does not fit into the gap
    after = filled(200 << 10)
    LIBC.free(wider)
print(held() - begun)
"""


def kept(how: str) -> int:
    """Bytes the process still holds of those it has freed."""
    command = [sys.executable, "-c", PROGRAM, how]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has to be told")
def test_what_was_large_goes_back_to_the_system() -> None:
    assert kept("told") < 6 << 20
    assert kept("not told") > 8 << 20  # else this test shows nothing


class Started(Exception):
    pass


def test_mia_sees_to_it_before_anything_large_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    mia = Serving(Loaded(installed()(), (), tmp_path / "config.yaml", {}), Home(tmp_path))

    def doors(*_given: object) -> None:
        order.append("doors")
        raise Started

    monkeypatch.setattr(serving, "give_large_blocks_back", lambda: order.append("heap"))
    monkeypatch.setattr(serving, "Doors", doors)
    with pytest.raises(Started):
        asyncio.run(mia.run())
    assert order == ["heap", "doors"]
