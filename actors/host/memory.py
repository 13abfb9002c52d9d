"""How a host treats memory: what is collected how often, and from how many heaps it comes.

Both are for a process that lives for weeks, with some dozens of threads in which small objects come and go.
"""

from __future__ import annotations

import ctypes
import gc
import os
from contextlib import suppress

__all__ = ["calm_collector", "keep_heaps_few"]

HEAPS = 2
_M_ARENA_MAX = -8  # of glibc's mallopt(3)
_CHOSEN_BY_HAND = "MALLOC_ARENA_MAX"


def keep_heaps_few() -> None:
    """Let threads share two heaps, where the C library is glibc and MALLOC_ARENA_MAX is not set.

    It would give a heap to each of eight threads a core, and each keeps what its thread has freed: 20,000 runs cost a host
    8 MB that way, and less than one with two. While a thread runs Python it has Python's lock, so few allocate at once.
    """
    if _CHOSEN_BY_HAND in os.environ:
        return
    with suppress(AttributeError, OSError, TypeError):  # another C library, or another system
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)


def calm_collector() -> None:
    """Leave what was imported out of every collection, and collect less often: thousands of small objects live for
    one step, and the default looks for cycles among all of them every few steps (a tenth of the time, measured)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
