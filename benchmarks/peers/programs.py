"""Servers in processes of their own: started, waited for, weighed, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct
from performance.server import received

_PATIENCE_S: Final = 120
_LAST_CHARACTERS: Final = 300


class Program(Struct, frozen=True):
    """A command line, and what its environment has besides this one's."""

    command: Sequence[str]
    environment: Mapping[str, str]


class Broken(Exception):  # noqa: N818 - it is the peer that is at fault
    """A server does not start, does not answer, or answers with an error; the message says what it said."""


class Running:
    """Programs that serve together; the last of them answers at `port`.

    Attributes:
        port: on the loopback address.
    """

    def __init__(self, programs: Sequence[Program], port: int, log: Path) -> None:
        self.port = port
        self._log = log
        self._began = time.perf_counter()
        with log.open("ab") as output:
            self._processes = [
                subprocess.Popen(
                    program.command,
                    env=os.environ | dict(program.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
                for program in programs
            ]

    def until(self, asked: bytes, right: Callable[[bytes], bool]) -> float:
        """Ask until the answer is right; the seconds since the start.

        Raises:
            Broken: a program ended, or none of its answers is right in two minutes.
        """
        answer = b""
        while time.perf_counter() - self._began < _PATIENCE_S:
            try:
                answer = self.ask(asked)
                if right(answer):
                    return time.perf_counter() - self._began
            except (OSError, RuntimeError, Broken):
                pass  # it does not listen, or has nothing to answer from yet
            if any(process.poll() is not None for process in self._processes):
                break
            time.sleep(0.02)
        said = self._log.read_text(encoding="utf-8", errors="replace").strip()
        raise Broken(f"no right answer: {said[-_LAST_CHARACTERS:] or answer[-_LAST_CHARACTERS:]!r}")

    def ask(self, asked: bytes, patience_s: float = _PATIENCE_S) -> bytes:
        """One question on a connection of its own; the body of the answer.

        Raises:
            Broken: the status is not one of success.
            OSError: nobody listens, or no answer comes in so many seconds.
            RuntimeError: the server hung up.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience_s) as connection:
            connection.sendall(asked)
            answer = received(connection)
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            raise Broken(answer[:_LAST_CHARACTERS].decode(errors="replace"))
        return body

    def resident_mb(self) -> float:
        """What the processes and all that they started hold in memory, pages that are shared counted once, in MB."""
        every = {each for process in self._processes for each in _family(process.pid)}
        return round(sum(_proportional_kb(each) for each in every) / 1024, 1)

    def close(self) -> None:
        """Stop them and all that they started, and wait for the end."""
        for process in reversed(self._processes):
            _signal(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            _signal(process.pid, signal.SIGKILL)
            process.wait(20)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _family(process: int) -> Iterator[int]:
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            yield from _family(int(child))


def _proportional_kb(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
