"""What takes long gives way to answers: where work for later and an answer want the same core, the answer gets it."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import Final

ASIDE: Final = 5
"""For a thread among those that answer: it may hold what they need for a moment, so it must not be left standing."""
LATER: Final = 10
"""For a process that answers nobody."""


def give_way(niceness: int) -> None:
    """Lower the priority of the calling thread and of those that it starts from now on; one that is lower stays.

    Args:
        niceness: as the system counts it: 0 is what everything has, 19 the lowest.
    """
    # Linux alone gives threads a priority of their own.
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            if os.getpriority(os.PRIO_PROCESS, thread) < niceness:
                os.setpriority(os.PRIO_PROCESS, thread, niceness)
