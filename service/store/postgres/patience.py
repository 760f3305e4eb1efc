"""Connections that give up on a server that says nothing, and what is asked of such a server while it is silent.

The server bounds its own work by ``statement_timeout``. One that is stopped, or behind a network that swallows what is
sent, cancels nothing, and its machine may go on to confirm every packet: only we can notice, by the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg_pool import PoolTimeout

RV = TypeVar("RV")
READ_S: Final = 10.0
"""One statement of a read may take so long, where the server or the address does not say otherwise."""
GRACE_S: Final = 2.0
"""A server that lives tells that it has canceled a statement; a silent one is left so much later than that."""
WRITE_S: Final = 60.0
"""A write's statement may keep silent for so long: a batch is large, and a commit may wait for a replica."""


class SilentError(psycopg.OperationalError):
    """The server has said nothing for too long; the connection is closed."""


class Db(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is closed once its server has said nothing for too long.

    Attributes:
        silence_s: how long that is; None for any time.
    """

    silence_s: float | None = READ_S + GRACE_S

    def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:  # noqa: ANN401 - psycopg's own
        """See `psycopg.Connection.wait`, through which all goes that is asked of the server.

        Raises:
            SilentError: it has said nothing for too long.
        """
        try:
            return super().wait(gen if self.silence_s is None else _heard(gen, self.silence_s), *args, **options)
        except SilentError:
            self.close()
            raise

    @contextmanager
    def silent_for(self, seconds: float | None) -> Iterator[None]:
        """Let the server be silent for at most so long in the block."""
        before, self.silence_s = self.silence_s, seconds
        try:
            yield
        finally:
            self.silence_s = before

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """No bounds on the statements in the block: for work that grows with the store, as making an index does.

        In a transaction the server's bound comes back with its end, else with the block's.
        """
        self.execute("SET LOCAL statement_timeout = 0" if self._working() else "SET statement_timeout = 0")
        with self.silent_for(None):
            yield
        if not self._working() and not self.closed:
            self.execute("RESET statement_timeout")

    def _working(self) -> bool:
        return self.info.transaction_status != psycopg.pq.TransactionStatus.IDLE


def _heard(gen: PQGen[RV], seconds: float) -> PQGen[RV]:
    """What waits, until for so long there was nothing to read and no room to write."""
    try:
        waited = next(gen)
        last = time.monotonic()
        while True:
            # It comes back every tenth of a second, with nothing where nothing has happened.
            ready = yield waited
            if ready:
                last = time.monotonic()
            elif time.monotonic() - last >= seconds:
                raise SilentError(f"nothing heard of it for {seconds:g} seconds")
            waited = gen.send(ready)
    except StopIteration as end:
        result: RV = end.value
        return result


class Turnstile:
    """While a server is silent one at a time asks it; all others are told at once.

    Else each would wait as long as the first, and those behind them, in a service of few threads, for many times that.
    """

    def __init__(self) -> None:
        self._silent = False
        self._turn = threading.Lock()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Ask the server in the block.

        Raises:
            SilentError: it was silent a moment ago, and somebody is asking it already.
        """
        trying = self._silent
        if trying and not self._turn.acquire(blocking=False):
            raise SilentError("it was silent a moment ago")
        try:
            yield
        except (SilentError, PoolTimeout):
            self._silent = True
            raise
        else:
            self._silent = False
        finally:
            if trying:
                self._turn.release()
