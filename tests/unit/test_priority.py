"""Work for later gives way, and nothing else does."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from service.priority import ASIDE, LATER, give_way

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there has a thread a priority of its own")


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def after(*steps: int) -> list[int]:
    """The niceness of a new thread after each step, and of one that it starts then."""
    found: list[int] = []

    def work() -> None:
        for step in steps:
            give_way(step)
            found.append(niceness())
        child = threading.Thread(target=lambda: found.append(niceness()))
        child.start()
        child.join()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found


def test_a_thread_gives_way_and_so_do_those_that_it_starts() -> None:
    before = niceness()
    expected = max(before, ASIDE)
    assert after(ASIDE) == [expected, expected]
    assert niceness() == before


def test_what_has_a_lower_priority_keeps_it() -> None:
    lowest = max(niceness(), LATER)
    assert after(LATER, ASIDE) == [lowest, lowest, lowest]
