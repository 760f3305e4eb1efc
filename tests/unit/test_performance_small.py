"""The chapter on a small machine: a process that holds too much is ended, and what is said of those that do not."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from performance.held import Taken, Watched, memory
from performance.small import LIMIT_MB, Step, chapter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
_PROGRAM = """
import sys
for line in sys.stdin:
    kept = bytearray(int(line) * 1024 * 1024)
    print("held", flush=True)
    del kept
    print("let go", flush=True)
"""


@contextmanager
def holder() -> Iterator[subprocess.Popen[str]]:
    """A process that holds, for a moment, as many megabytes as it is told."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def hold(process: subprocess.Popen[str], megabytes: int) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{megabytes}\n")
    process.stdin.flush()
    return process.stdout.readline() + process.stdout.readline()


def test_the_peak_of_each_step_is_its_own() -> None:
    with holder() as process:
        with Watched(process.pid, 1_000) as large:
            assert hold(process, 120) == "held\nlet go\n"
        with Watched(process.pid, 1_000) as little:
            assert hold(process, 10) == "held\nlet go\n"
        assert process.poll() is None
    assert large.taken.peak > 120 > large.taken.resident
    assert large.taken.peak - little.taken.peak > 80
    assert large.seconds > 0


def test_what_holds_too_much_is_ended() -> None:
    with holder() as process, Watched(process.pid, 100) as watched:
        assert hold(process, 10) == "held\nlet go\n"
        hold(process, 150)  # a look that comes after it has been let go still sees its peak
        assert process.wait(60) == -signal.SIGKILL
    assert watched.taken == Taken(0, 0, watched.taken.own)


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    with holder() as process:
        process.kill()
        process.wait()
        assert memory(process.pid) == {}


def step(peak: float, *, ended: bool = False, answer_ms: float | None = None) -> Step:
    return Step("starter corpus", "questions", Taken(200.0, peak, 150.0), 1.5, answer_ms, ended)


def test_the_chapter_says_what_was_held_and_what_was_killed() -> None:
    fits = chapter([step(300.0, answer_ms=4.2), step(410.0)], (100, 100))
    assert [goal.reached for goal in fits.goals] == [True, True]
    assert fits.goals[0].value == 410.0
    assert [row[-1] for row in fits.tables[0].rows] == ["4.2 ms an answer", "1.5 s"]
    assert "100 records had 100" in fits.text
    killed = chapter([step(300.0), step(LIMIT_MB + 1, ended=True)], (100, 120))
    assert [goal.reached for goal in killed.goals] == [False, False]
    assert killed.tables[0].rows[1][-1] == "killed"


def test_records_that_a_kill_lost_are_no_result() -> None:
    with pytest.raises(RuntimeError, match="of 100 records 99"):
        chapter([step(300.0)], (100, 99))
