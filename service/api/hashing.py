"""Where passwords are hashed: never on the event loop, and never many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from service.api.problems import ProblemError

T = TypeVar("T")

_AT_ONCE: Final = 2
_MOST_WAITING: Final = 32


class Hashing:
    """Runs what hashes passwords, two at a time: each takes 64 MiB. More than 32 that wait are refused."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """The work's result. Raises `ProblemError` (503) where too much is waiting."""
        if self._waiting >= _MOST_WAITING:
            detail = "More people are signing in than can be let in at once."
            raise ProblemError("overloaded", detail, headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Finish what is running."""
        self._threads.shutdown()
