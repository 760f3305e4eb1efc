"""The one thread that writes. An engine knows one writer at a time anyway; a queue is fairer than retried locks."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, NamedTuple, TypeVar

from service.errors import StoreError, StoreLockedError
from service.store.sql.connection import Connection

T = TypeVar("T")
Work = Callable[[Connection], Any]

_WAITING: Final = 64
_PATIENCE_SECONDS: Final = 30.0


class _Job(NamedTuple):
    work: Work
    future: Future[Any]


class Writer:
    """Runs each piece of work in a transaction of its own, in the order it came.

    Args:
        transact: runs work in a transaction and raises what it raises, the engine's trouble as ours.
        place: how errors name the store.
        on_close: lets go of the connection, in the thread that closes, once the last work is done.
    """

    def __init__(self, transact: Callable[[Work], Any], *, place: str, on_close: Callable[[], None]) -> None:
        self._transact = transact
        self._place = place
        self._on_close = on_close
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._room = threading.BoundedSemaphore(_WAITING)
        self._closing = threading.Lock()
        self._closed = False
        # A daemon: a program that ends without `close` loses only what it had not been told was written.
        self._thread = threading.Thread(target=self._run, name="rejoinder-store-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do the work in a transaction and wait until it is on the disk; what it raises undoes it and is raised here.

        Raises:
            StoreLockedError: too much is waiting already, or another process kept the store for too long.
            StoreFullError: the disk is full.
        """
        job = _Job(work, Future())
        self._submit(job, _PATIENCE_SECONDS)
        result: T = job.future.result()
        return result

    def note(self, work: Callable[[Connection], None]) -> bool:
        """Leave work behind that nobody waits for. Returns False where the queue is full: it is dropped then."""
        try:
            self._submit(_Job(work, Future()), 0)
        except StoreLockedError:
            return False
        return True

    def _submit(self, job: _Job, seconds: float) -> None:
        # Waiting for room happens outside the lock: a note is never held up behind a write that waits.
        if not self._room.acquire(blocking=seconds > 0, timeout=seconds or None):
            raise StoreLockedError(f"Too many writes wait for the store {self._place}; try again in a moment.")
        with self._closing:
            if self._closed:
                self._room.release()
                raise StoreError(f"The store {self._place} is closed.")
            self._jobs.put(job)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._room.release()
            try:
                result = self._transact(job.work)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
                job.future.set_exception(error)
            else:
                job.future.set_result(result)
                del result
            del job  # an idle writer must not keep the last batch of records alive

    def close(self) -> None:
        """Finish what waits, then let go of the connection."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._on_close()
