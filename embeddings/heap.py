"""Memory that was given back to the allocator, given back to the system too."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache


def trim() -> None:
    """Let the system have what the heap has free, in some milliseconds. Does nothing where there is no glibc.

    It keeps what was freed, in a heap for each thread, however long nobody needs it: after one large batch, that would
    be what a process holds for good.
    """
    _trimming()(0)


@cache
def _trimming() -> Callable[[int], object]:
    if sys.platform != "linux":
        return _nothing
    found: Callable[[int], object] = getattr(ctypes.CDLL(None), "malloc_trim", _nothing)
    return found


def _nothing(_: int) -> None:
    pass
