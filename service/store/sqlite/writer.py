"""The one thread that writes. SQLite knows one writer at a time anyway; a queue is fairer than retried locks."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from service.errors import StoreError, StoreLockedError
from service.store.sqlite.faults import translating

T = TypeVar("T")

_WAITING: Final = 64
_PATIENCE_SECONDS: Final = 30.0


class _Job(NamedTuple):
    work: Callable[[sqlite3.Connection], Any]
    future: Future[Any]


class Writer:
    """Runs each piece of work in a transaction of its own, in the order it came; owns its connection."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._room = threading.BoundedSemaphore(_WAITING)
        self._closing = threading.Lock()
        self._closed = False
        # A daemon: a program that ends without `close` loses only what it had not been told was written.
        self._thread = threading.Thread(target=self._run, name="rejoinder-store-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do the work in a transaction and wait until it is on the disk; what it raises undoes it and is raised here.

        Raises:
            StoreLockedError: too much is waiting already, or another process kept the file for too long.
            StoreFullError: the disk is full.
        """
        job = _Job(work, Future())
        self._submit(job, _PATIENCE_SECONDS)
        result: T = job.future.result()
        return result

    def note(self, work: Callable[[sqlite3.Connection], None]) -> bool:
        """Leave work behind that nobody waits for. Returns False where the queue is full: it is dropped then."""
        try:
            self._submit(_Job(work, Future()), 0)
        except StoreLockedError:
            return False
        return True

    def _submit(self, job: _Job, seconds: float) -> None:
        # Waiting for room happens outside the lock: a note is never held up behind a write that waits.
        if not self._room.acquire(blocking=seconds > 0, timeout=seconds or None):
            raise StoreLockedError(f"Too many writes wait for the store {self._path}; try again in a moment.")
        with self._closing:
            if self._closed:
                self._room.release()
                raise StoreError(f"The store {self._path} is closed.")
            self._jobs.put(job)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._room.release()
            try:
                with translating(self._path):
                    result = in_transaction(self._db, job.work)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
                job.future.set_exception(error)
            else:
                job.future.set_result(result)
                del result
            del job  # an idle writer must not keep the last batch of records alive

    def close(self) -> None:
        """Finish what waits, then let go of the file."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        with translating(self._path):
            self._db.close()


def in_transaction(db: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run the work between BEGIN IMMEDIATE and COMMIT, or leave no trace of it.

    IMMEDIATE, because a transaction that reads first and then writes fails at once under WAL
    (SQLITE_BUSY_SNAPSHOT) if another process has written in between, whatever the timeout.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        result = work(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite undoes it by itself after some errors, a full disk among them
            db.execute("ROLLBACK")
        raise
    return result
