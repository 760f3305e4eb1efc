"""A few worker threads in front of a model: requests that wait together are computed together."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from time import monotonic, perf_counter
from typing import Generic, NamedTuple, TypeVar, cast

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
    """Items that were submitted together, what is known of their results, and who waits for them."""

    def __init__(self, items: list[T], waiter: Future[list[R]] | asyncio.Future[list[R]]) -> None:
        self.items = items
        self.waiter = waiter
        self.results: list[R | None] = [None] * len(items)
        self.error: BaseException | None = None
        self.taken = 0
        self.left = len(items)

    def put(self, at: int, results: Sequence[R]) -> bool:
        """Keep the results of a share; whether they were the last ones."""
        self.results[at : at + len(results)] = results
        self.left -= len(results)
        return not self.left and self.error is None

    def tell(self) -> None:
        """Give the waiter what there is, in its own thread if it belongs to an event loop."""
        if isinstance(self.waiter, asyncio.Future) and self.waiter.done():
            return  # whoever waited has gone
        with suppress(InvalidStateError):
            if self.error is not None:
                self.waiter.set_exception(self.error)
            else:
                self.waiter.set_result(cast("list[R]", self.results))


class _Share(NamedTuple, Generic[T, R]):
    """The part of a group that is in one batch, and where in the group it begins."""

    group: _Group[T, R]
    at: int
    items: list[T]


class Batcher(Generic[T, R]):
    """Runs ``work`` in threads of its own, on whatever is waiting, at most ``max_batch`` items at a time.

    It never waits for a batch to fill: a lone request goes straight through, and batches grow by themselves when
    requests arrive faster than the model answers. Groups take turns: a large one gives way to others after each batch.

    Args:
        work: called with 1 to ``max_batch`` items, returns as many results in the same order; with several workers,
            in several threads at once.
        max_batch: items in one call of ``work``.
        max_queue: items that may wait; beyond that `Overloaded` is raised.
        workers: threads. Those that have nothing to do share what comes.
        name: of the threads, and in messages.

    Attributes:
        batches: calls of ``work`` so far.
        items: items given to ``work`` so far.
        depth: items waiting now.
        idle: workers that have nothing to do.
    """

    def __init__(
        self,
        work: Callable[[list[T]], Sequence[R]],
        *,
        max_batch: int = 64,
        max_queue: int = 2048,
        workers: int = 1,
        name: str,
    ) -> None:
        self._work = work
        self._max_batch = max_batch
        self._max_queue = max_queue
        self._name = name
        self._waiting: deque[_Group[T, R]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.idle = 0
        self._items_per_second = 100.0  # a guess that the first batches correct
        self.batches = 0
        self.items = 0
        self.depth = 0
        self._threads = [threading.Thread(target=self._run, name=name, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, items: Sequence[T]) -> Future[list[R]]:
        """Enqueue a group; its results come in the order of its items.

        Cancelling the future takes the items that have not started out of the queue.

        Raises:
            Overloaded: the group does not fit into the queue; nothing was enqueued.
            Closed: `close` was called.
        """
        future: Future[list[R]] = Future()
        group = self._enqueue(items, future)
        if group:
            future.add_done_callback(lambda future: self._forget(group) if future.cancelled() else None)
        return future

    async def run(self, items: Sequence[T], *, admitted: bool = False) -> list[R]:
        """Submit a group and await its results; cancelling the task cancels the group.

        Args:
            items: to be computed.
            admitted: they go on from a group of at least as many that was computed: what was spent on that would be
                lost by a refusal. So at most as many items as the queue takes can come on top of it.

        Raises:
            Overloaded: see `submit`; not what was admitted.
            Closed: see `submit`.
        """
        # Not over `submit`: a future that threads wait for costs more than all else that is done here.
        waiter: asyncio.Future[list[R]] = asyncio.get_running_loop().create_future()
        group = self._enqueue(items, waiter, admitted=admitted)
        try:
            return await waiter
        except asyncio.CancelledError:
            if group:
                self._forget(group)
            raise

    def close(self, *, timeout: float = 5.0) -> None:
        """Refuse new groups, finish those that are waiting, and fail what ``timeout`` seconds do not suffice for."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        deadline = monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        with self._changed:
            left, self.depth = list(self._waiting), 0
            self._waiting.clear()
        for group in left:
            group.error = Closed(f"{self._name} was closed before the work was done")
        _tell(left)

    def _enqueue(
        self, items: Sequence[T], waiter: Future[list[R]] | asyncio.Future[list[R]], *, admitted: bool = False
    ) -> _Group[T, R] | None:
        """Put a group into the queue; None, with the waiter told, where it is empty."""
        if not items:
            waiter.set_result([])
            return None
        group = _Group(list(items), waiter)
        with self._changed:
            if self._closed:
                raise Closed(f"{self._name} is closed")
            if not admitted:
                self._admit(len(group.items))
            self._waiting.append(group)
            self.depth += len(group.items)
            self._changed.notify(len(group.items))
        return group

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
            self.idle += 1
            self._changed.wait_for(lambda: self._waiting or self._closed)
            batch: list[_Share[T, R]] = []
            # Two that are free do a half each sooner than one does all.
            room = min(self._max_batch, -(-self.depth // self.idle))
            self.idle -= 1
            while room and self._waiting:
                share = self._take(room)
                room -= len(share.items)
                batch.append(share)
            return batch

    def _take(self, room: int) -> _Share[T, R]:
        group = self._waiting.popleft()
        share = _Share(group, group.taken, group.items[group.taken : group.taken + room])
        group.taken += len(share.items)
        self.depth -= len(share.items)
        if group.taken < len(group.items):
            self._waiting.append(group)
        return share

    def _compute(self, batch: list[_Share[T, R]]) -> None:
        items = [item for share in batch for item in share.items]
        started = perf_counter()
        error: Exception | None = None
        results: Sequence[R] = []
        try:
            results = self._checked(items)
        except Exception as raised:  # noqa: BLE001 - whatever it was belongs to those who wait; the thread goes on
            error = raised
        self._settle(batch, results, error, perf_counter() - started)

    def _checked(self, items: list[T]) -> Sequence[R]:
        results = self._work(items)
        if len(results) != len(items):
            raise RuntimeError(f"{self._name}: {len(items)} items gave {len(results)} results")
        return results

    def _settle(self, batch: list[_Share[T, R]], results: Sequence[R], error: Exception | None, seconds: float) -> None:
        done: list[_Group[T, R]] = []
        start = 0
        with self._changed:
            for share in batch:
                end = start + len(share.items)
                if error is None:
                    if share.group.put(share.at, results[start:end]):
                        done.append(share.group)
                elif share.group.error is None:
                    share.group.error = error
                    done.append(share.group)
                start = end
            self._count(start, seconds)
        if error is not None:
            for group in done:
                self._forget(group)  # the rest of a failed group would be computed for nobody
        _tell(done)

    def _count(self, items: int, seconds: float) -> None:
        self.batches += 1
        self.items += items
        rate = len(self._threads) * items / max(seconds, 1e-6)
        self._items_per_second += 0.2 * (rate - self._items_per_second)


def _tell(groups: Sequence[_Group[T, R]]) -> None:
    """Tell those who wait; an event loop is woken once for all of its own."""
    awaited: dict[asyncio.AbstractEventLoop, list[_Group[T, R]]] = {}
    for group in groups:
        if isinstance(group.waiter, asyncio.Future):
            awaited.setdefault(group.waiter.get_loop(), []).append(group)
        else:
            group.tell()
    for loop, those in awaited.items():
        with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
            loop.call_soon_threadsafe(_tell_here, those)


def _tell_here(groups: Sequence[_Group[T, R]]) -> None:
    for group in groups:
        group.tell()
