"""A server on one core, and what it takes of the memory at each step; ended where a container's limit would end it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

_EVERY_S: Final = 0.01
_RESET_PEAK: Final = "5"  # proc(5), clear_refs


class Taken(Struct, frozen=True):
    """Memory of a process over some time, in MB.

    Attributes:
        resident: at the end.
        peak: the most that was resident, pages of files included; the system counts it, so nothing is missed.
        own: the most of that which the system cannot take back, as looks every 10 ms see it.
    """

    resident: float
    peak: float
    own: float


class Watched:
    """Looks at a process while something is done with it, and kills it as soon as it holds more than it may.

    A container's limit counts the pages of files too, but they are taken back before anything is killed. Here they
    count as if they were not: what stays below the limit here has room in such a container.

    Args:
        process: its number.
        megabytes: that it may hold.
    """

    def __init__(self, process: int, megabytes: float) -> None:
        self._process = process
        self._most = megabytes
        self._own = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.taken = Taken(0, 0, 0)
        self.seconds = 0.0

    def __enter__(self) -> Self:
        with _unless_gone():
            Path(f"/proc/{self._process}/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self._began
        self._ended.set()
        self._thread.join()
        now = memory(self._process)
        self.taken = Taken(now.get("VmRSS", 0), now.get("VmHWM", 0), self._own)

    def _look(self) -> None:
        while not self._ended.wait(_EVERY_S):
            now = memory(self._process)
            self._own = max(self._own, now.get("RssAnon", 0))
            if now.get("VmHWM", 0) > self._most:
                with suppress(ProcessLookupError):
                    os.kill(self._process, 9)


def started(db: Path, port: int, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A server on this store that has one core, the last of ours; what it says on standard error goes to a file."""
    core = max(os.sched_getaffinity(0))
    command = ["taskset", "--cpu-list", f"{core}", Path(sys.executable).with_name("rejoinder"), "serve"]
    with log.open("wb") as said:
        return subprocess.Popen(
            [*command, "--db", db, "--port", f"{port}"], env=os.environ | dict(environment), stderr=said
        )


def memory(process: int) -> dict[str, float]:
    """What /proc says of a process, in MB by its name there; nothing of one that has ended."""
    with _unless_gone():
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
        return {name: round(int(kb) / 1024, 1) for name, kb in re.findall(r"(?m)^(\w+):\s+(\d+) kB$", status)}
    return {}


@contextmanager
def _unless_gone() -> Iterator[None]:
    with suppress(FileNotFoundError, ProcessLookupError):
        yield
