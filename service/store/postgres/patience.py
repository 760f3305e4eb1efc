"""Connections that give up on a server that says nothing, and what is asked of such a server while it is silent.

The server bounds its own work by ``statement_timeout``. One that is stopped, or behind a network that swallows what is
sent, cancels nothing, and its machine may go on to confirm every packet: only we can notice, by the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import psycopg
from psycopg.abc import Params, PQGen, Query, QueryNoTemplate
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.waiting import Ready
from psycopg_pool import PoolTimeout

RV = TypeVar("RV")
READ_S: Final = 10.0
"""One statement of a read may take so long, where the server or the address does not say otherwise."""
GRACE_S: Final = 2.0
"""A server that lives tells that it has canceled a statement; a silent one is left so much later than that."""
WRITE_S: Final = 60.0
"""A write's statement may take so long at least: a batch is large, and a commit may wait for a replica."""
UNHURRIED_S: Final = 24 * 3600.0
"""A server may be silent for so long in work that grows with the store, which it does not bound by itself."""


class SilentError(psycopg.OperationalError):
    """The server has said nothing for too long; the connection is closed."""


class Db(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is closed once its server has said nothing for too long.

    Attributes:
        silence_s: how long that is.
        came: told when there is something of the server to read.
    """

    silence_s: float = READ_S + GRACE_S
    came: Callable[[], None] | None = None

    def wait(self, gen: PQGen[RV], *args: Any, **options: Any) -> RV:  # noqa: ANN401 - psycopg's own
        """See `psycopg.Connection.wait`, through which all goes that is asked of the server.

        Raises:
            SilentError: it has said nothing for too long.
        """
        try:
            return super().wait(_heard(gen, self.silence_s, self.came), *args, **options)
        except SilentError:
            self.close()
            raise

    def execute(
        self, query: Query, params: Params | None = None, *, prepare: bool | None = None, binary: bool = False
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        """See `psycopg.Connection.execute`. In a pipeline too the server tells at once what has come of the statement.

        Else it keeps small results until it is asked for them: several statements, each of them within its bound,
        would be one long silence.
        """
        cursor = super().execute(cast("QueryNoTemplate", query), params, prepare=prepare, binary=binary)
        if self.pgconn.pipeline_status != PipelineStatus.OFF:
            self.pgconn.send_flush_request()
        return cursor

    @contextmanager
    def silent_for(self, seconds: float) -> Iterator[None]:
        """Let the server be silent for at most so long in the block."""
        before, self.silence_s = self.silence_s, seconds
        try:
            yield
        finally:
            self.silence_s = before

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Bounds that nothing meets in the block: for work that grows with the store, as making an index does.

        The bounds that were set come back with the block's end, whatever it raises.
        """
        within = self.info.transaction_status != TransactionStatus.IDLE
        before = self._allow("0", within=within)
        try:
            with self.silent_for(UNHURRIED_S):
                yield
        finally:
            self._back_to(before, within=within)

    def _allow(self, most: str, *, within: bool) -> str:
        """Let statements take so long, to the transaction's end or for good; how long they could until now."""
        query = "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, %s)"
        before, _ = self.execute(query, (most, within)).fetchone() or ("0", "")
        return f"{before}"

    def _back_to(self, before: str, *, within: bool) -> None:
        status = self.info.transaction_status
        if status == (TransactionStatus.INTRANS if within else TransactionStatus.IDLE):
            try:
                self._allow(before, within=within)
            except psycopg.Error:
                self.close()
        elif not within:
            self.close()  # in the middle of something, whose end would take the bound along
        # A transaction that has failed takes along what was set in it.


def _heard(gen: PQGen[RV], seconds: float, came: Callable[[], None] | None) -> PQGen[RV]:
    """What waits, until for so long there was nothing to read and no room to write."""
    try:
        waited = next(gen)
        last = time.monotonic()
        while True:
            # It comes back every tenth of a second, with nothing where nothing has happened.
            ready = yield waited
            if ready:
                last = time.monotonic()
                if came is not None and ready & Ready.R:
                    came()
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

    def answered(self) -> None:
        """The server has said something, be it no: whoever asks for long holds up nobody from now on."""
        self._silent = False

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
