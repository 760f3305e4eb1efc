"""A primary and a replica of it, for tests of what either answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from support.postgres import Server

PATIENCE_S = 60.0


class Pair(NamedTuple):
    """A primary and a replica that follows without being waited for, and a database that both have."""

    primary: Server
    replica: Server
    database: str

    @property
    def address(self) -> str:
        """Of the primary."""
        return self.primary.address(self.database)

    @property
    def beside(self) -> str:
        """Of the replica."""
        return self.replica.address(self.database)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """The replica receives all and shows nothing new."""
        self.replica.execute("SELECT pg_wal_replay_pause()")
        until(lambda: self.replica.execute("SELECT pg_get_wal_replay_pause_state()") == [("paused",)])
        try:
            yield
        finally:
            self.replica.execute("SELECT pg_wal_replay_resume()")


def until(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.02)
