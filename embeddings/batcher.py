"""One worker thread in front of a model: requests that wait together are computed together."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from time import perf_counter
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Overloaded(RuntimeError):  # noqa: N818 - reads as what it is where it is caught
    """The queue cannot take this group now; nothing of it was enqueued.

    Attributes:
        retry_after: seconds until the queue is likely to have room, at least 1.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Closed(RuntimeError):  # noqa: N818 - as above
    """The batcher was closed before or while the group was waiting."""


class _Group(Generic[T, R]):
    """Items that were submitted together, and what is known of their results."""

    def __init__(self, items: list[T]) -> None:
        self.items = items
        self.future: Future[list[R]] = Future()
        self.results: list[R] = []
        self.taken = 0

    def settle(self, results: Sequence[R]) -> None:
        self.results.extend(results)
        if len(self.results) == len(self.items):
            # Whoever waited may have gone at any moment up to now.
            with suppress(InvalidStateError):
                self.future.set_result(self.results)

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


class _Share(NamedTuple, Generic[T, R]):
    """The part of a group that is in one batch."""

    group: _Group[T, R]
    items: list[T]


class Batcher(Generic[T, R]):
    """Runs ``work`` in one thread of its own, on whatever is waiting, at most ``max_batch`` items at a time.

    It never waits for a batch to fill: a lone request goes straight through, and batches grow by themselves when
    requests arrive faster than the model answers.

    Args:
        work: called with 1 to ``max_batch`` items, returns as many results in the same order.
        max_batch: items in one call of ``work``.
        max_queue: items that may wait; beyond that `Overloaded` is raised.
        name: of the thread, and in messages.

    Attributes:
        batches: calls of ``work`` so far.
        items: items given to ``work`` so far.
        depth: items waiting now.
    """

    def __init__(
        self, work: Callable[[list[T]], Sequence[R]], *, max_batch: int = 64, max_queue: int = 2048, name: str
    ) -> None:
        self._work = work
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._name = name
        self._waiting: deque[_Group[T, R]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._items_per_second = 100.0  # a guess that the first batches correct
        self.batches = 0
        self.items = 0
        self.depth = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, items: Sequence[T]) -> Future[list[R]]:
        """Enqueue a group; its results come in the order of its items.

        Cancelling the future takes the items that have not started out of the queue.

        Raises:
            Overloaded: the group does not fit into the queue; nothing was enqueued.
            Closed: `close` was called.
        """
        group: _Group[T, R] = _Group(list(items))
        if not group.items:
            group.settle([])
            return group.future
        with self._changed:
            if self._closed:
                raise Closed(f"{self._name} is closed")
            self._admit(len(group.items))
            self._waiting.append(group)
            self.depth += len(group.items)
            self._changed.notify()
        group.future.add_done_callback(lambda future: self._forget(group) if future.cancelled() else None)
        return group.future

    async def run(self, items: Sequence[T]) -> list[R]:
        """Submit a group and await its results; cancelling the task cancels the group.

        Raises:
            Overloaded: see `submit`.
            Closed: see `submit`.
        """
        return await asyncio.wrap_future(self.submit(items))

    def close(self, *, timeout: float = 5.0) -> None:
        """Refuse new groups, finish those that are waiting, and fail what ``timeout`` seconds do not suffice for."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)
        with self._changed:
            left, self.depth = list(self._waiting), 0
            self._waiting.clear()
        for group in left:
            group.fail(Closed(f"{self._name} was closed before the work was done"))

    def _admit(self, count: int) -> None:
        if self.depth + count > self._max_queue:
            retry_after = max(1.0, self.depth / self._items_per_second)
            message = f"{self._name}: {self.depth} items wait, {count} more exceed the limit of {self._max_queue}"
            raise Overloaded(message, retry_after=retry_after)

    def _forget(self, group: _Group[T, R]) -> None:
        with self._changed:
            if group in self._waiting:
                self._waiting.remove(group)
                self.depth -= len(group.items) - group.taken

    def _run(self) -> None:
        while batch := self._next():
            self._compute(batch)

    def _next(self) -> list[_Share[T, R]]:
        """Wait for work and take a batch; empty only when closed and drained."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            batch: list[_Share[T, R]] = []
            room = self._max_batch
            while room and self._waiting:
                share = self._take(room)
                room -= len(share.items)
                batch.append(share)
            return batch

    def _take(self, room: int) -> _Share[T, R]:
        group = self._waiting[0]
        items = group.items[group.taken : group.taken + room]
        group.taken += len(items)
        self.depth -= len(items)
        if group.taken == len(group.items):
            self._waiting.popleft()
        return _Share(group, items)

    def _compute(self, batch: list[_Share[T, R]]) -> None:
        items = [item for share in batch for item in share.items]
        started = perf_counter()
        try:
            results = self._checked(items)
        except Exception as error:  # noqa: BLE001 - whatever it was belongs to those who wait; the thread goes on
            self._fail(batch, error)
            return
        finally:
            self._count(len(items), perf_counter() - started)
        start = 0
        for share in batch:
            share.group.settle(results[start : start + len(share.items)])
            start += len(share.items)

    def _checked(self, items: list[T]) -> Sequence[R]:
        results = self._work(items)
        if len(results) != len(items):
            raise RuntimeError(f"{self._name}: {len(items)} items gave {len(results)} results")
        return results

    def _fail(self, batch: list[_Share[T, R]], error: Exception) -> None:
        for share in batch:
            share.group.fail(error)
            self._forget(share.group)  # the rest of a failed group would be computed for nobody

    def _count(self, items: int, seconds: float) -> None:
        self.batches += 1
        self.items += items
        self._items_per_second += 0.2 * (items / max(seconds, 1e-6) - self._items_per_second)
