"""What the C library does with memory that was freed.

glibc maps large blocks by themselves and unmaps them when they are freed, but by its usual setting
it raises what it calls large to the largest block it has seen freed, up to 32 MiB. From then on
those blocks lie among all others, and what comes to lie behind one keeps its place taken: with the
states of old prompts (some 10 MiB each, 32 together at most) an hour of talk grew by 80 MiB.
"""

from __future__ import annotations

import ctypes
import sys

#: Blocks from this size on are mapped by themselves. Larger than what is made and freed all the
#: time (ten seconds of sound, a question's rows: `indexes.builtin.AT_ONCE`), for a mapping costs a
#: page fault for each 4 KiB.
LARGE = 4 << 20
#: Names of `mallopt` (glibc's malloc.h).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def give_large_blocks_back() -> bool:
    """Let large blocks go back to the system when they are freed, from now on; whether that is
    so. Where there is no glibc, nothing is done."""
    if sys.platform != "linux":
        return False
    try:
        set_option = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library, which has a way of its own
        return False
    # The other would stay at 128 KiB now, and the heap's end would go back and forth.
    return bool(set_option(_M_MMAP_THRESHOLD, LARGE) and set_option(_M_TRIM_THRESHOLD, 2 * LARGE))
