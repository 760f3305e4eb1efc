"""The batcher with real threads and real event loops."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import wait as wait_for_all
from typing import Any

import pytest

from embeddings.batcher import Batcher, Closed, Overloaded

Doubler = Batcher[int, int]
SECONDS = 10


class Gate:
    """Doubles numbers, but only while open; remembers its batches."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.batches: list[list[int]] = []
        if is_open:
            self.open.set()

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.entered.set()
        assert self.open.wait(SECONDS)
        if -1 in items:
            raise ValueError("a bad item")
        return [2 * item for item in items]


@pytest.fixture
def gate() -> Gate:
    return Gate(is_open=False)


@pytest.fixture
def batcher(gate: Gate) -> Iterator[Doubler]:
    with_limits = Batcher(gate, max_batch=4, max_queue=10, name="doubler")
    yield with_limits
    gate.open.set()
    with_limits.close()


def occupy(batcher: Doubler, gate: Gate) -> None:
    """Have the worker sit in a first batch, so that what follows must wait."""
    batcher.submit([0])
    assert gate.entered.wait(SECONDS)


def test_results_come_in_order_across_split_batches(batcher: Doubler, gate: Gate) -> None:
    gate.open.set()
    assert batcher.submit(list(range(10))).result(SECONDS) == [2 * n for n in range(10)]
    assert [len(batch) for batch in gate.batches] == [4, 4, 2]
    assert (batcher.batches, batcher.items, batcher.depth) == (3, 10, 0)


def test_waiting_groups_share_a_batch(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    futures = [batcher.submit([n]) for n in (1, 2, 3)]
    assert batcher.depth == 3
    gate.open.set()
    assert [future.result(SECONDS) for future in futures] == [[2], [4], [6]]
    assert gate.batches == [[0], [1, 2, 3]]


def test_a_lone_request_does_not_wait_for_company(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    assert gate.batches == [[0]]


def test_an_empty_group_is_answered_at_once(batcher: Doubler) -> None:
    assert batcher.submit([]).result(0) == []


def test_overload_is_refused_whole_and_says_when_to_come_back(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    batcher.submit(list(range(8)))
    with pytest.raises(Overloaded) as refused:
        batcher.submit([1, 2, 3])
    assert refused.value.retry_after >= 1
    assert batcher.depth == 8
    batcher.submit([1, 2])


def test_what_goes_on_from_a_computed_group_is_not_refused(batcher: Doubler, gate: Gate) -> None:
    async def scenario() -> list[int]:
        first = await batcher.run([1, 2])
        gate.open.clear()
        gate.entered.clear()
        occupy(batcher, gate)
        batcher.submit(list(range(10)))
        with pytest.raises(Overloaded):
            await batcher.run(first)
        going_on = asyncio.create_task(batcher.run(first, admitted=True))
        await asyncio.sleep(0)
        assert batcher.depth == 12
        gate.open.set()
        return await going_on

    gate.open.set()
    assert asyncio.run(scenario()) == [4, 8]


def test_a_failure_reaches_only_the_groups_of_its_batch(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    good, bad, other, later = (batcher.submit(items) for items in ([1], [-1], [2, 3, 4, 5], [6]))
    gate.open.set()
    for future in (good, bad, other):
        with pytest.raises(ValueError, match="a bad item"):
            future.result(SECONDS)
    assert later.result(SECONDS) == [12]
    assert [4, 5] not in gate.batches, "the rest of a failed group is not computed"
    assert batcher.depth == 0


def test_a_wrong_number_of_results_is_an_error() -> None:
    short: Doubler = Batcher(lambda items: items[1:], name="short")
    with pytest.raises(RuntimeError, match="2 items gave 1 results"):
        short.submit([1, 2]).result(SECONDS)
    short.close()


def test_cancelled_items_cost_no_model_time(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    gone, stays = batcher.submit([1, 2]), batcher.submit([3])
    assert gone.cancel()
    assert batcher.depth == 1
    gate.open.set()
    assert stays.result(SECONDS) == [6]
    assert gate.batches == [[0], [3]]


def test_cancelling_what_has_started_does_not_break_the_worker(batcher: Doubler, gate: Gate) -> None:
    started = batcher.submit([1])
    assert gate.entered.wait(SECONDS)
    started.cancel()
    gate.open.set()
    with pytest.raises(CancelledError):
        started.result(SECONDS)
    assert batcher.submit([5]).result(SECONDS) == [10]


def test_a_disconnected_task_takes_its_items_along(batcher: Doubler, gate: Gate) -> None:
    async def scenario() -> list[int]:
        await asyncio.to_thread(occupy, batcher, gate)
        gone, stays = asyncio.create_task(batcher.run([1])), asyncio.create_task(batcher.run([2]))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        gate.open.set()
        return await stays

    assert asyncio.run(asyncio.wait_for(scenario(), SECONDS)) == [4]
    assert gate.batches == [[0], [2]]


def test_close_drains_and_then_refuses(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    waiting = batcher.submit([1])
    gate.open.set()
    batcher.close()
    assert waiting.result(0) == [2]
    with pytest.raises(Closed, match="doubler"):
        batcher.submit([1])


def test_close_fails_what_it_cannot_finish(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    waiting = batcher.submit([1])
    batcher.close(timeout=0.01)
    with pytest.raises(Closed, match="before the work was done"):
        waiting.result(0)


def test_many_threads_each_get_their_own_results() -> None:
    batcher: Doubler = Batcher(
        lambda items: [item * item for item in items], max_batch=7, max_queue=100_000, name="squares"
    )
    groups = [list(range(start, start + size)) for start in range(50) for size in (1, 3, 20)]
    futures: list[tuple[list[int], Future[list[int]]]] = []
    submit = [threading.Thread(target=lambda g=g: futures.append((g, batcher.submit(g)))) for g in groups]
    for thread in submit:
        thread.start()
    for thread in submit:
        thread.join(SECONDS)
    wait_for_all([future for _, future in futures], SECONDS)
    assert all(future.result(0) == [n * n for n in group] for group, future in futures)
    assert len(futures) == len(groups)
    assert batcher.items == sum(map(len, groups))
    batcher.close()


class Meeting:
    """Work that is done only while so many calls of it run at once."""

    def __init__(self, calls: int) -> None:
        self._barrier = threading.Barrier(calls)
        self.batches: list[list[int]] = []

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self._barrier.wait(SECONDS)
        return [2 * item for item in items]


def test_idle_workers_share_what_comes() -> None:
    meeting = Meeting(2)
    pair: Doubler = Batcher(meeting, max_batch=8, workers=2, name="pair")
    wait_until(lambda: pair.idle == 2)
    assert pair.submit(list(range(6))).result(SECONDS) == [0, 2, 4, 6, 8, 10]
    assert sorted(map(len, meeting.batches)) == [3, 3]
    pair.close()


def test_shares_that_end_in_any_order_are_put_together() -> None:
    """The second worker does everything else while the first one sits in its batch."""
    first = threading.Event()
    other = threading.Event()

    def work(items: list[int]) -> list[int]:
        if items[0] == 0:
            first.set()
            assert other.wait(SECONDS)
        elif 5 in items:
            other.set()
        return [2 * item for item in items]

    pair: Doubler = Batcher(work, max_batch=2, workers=2, name="pair")
    assert pair.submit(list(range(6))).result(SECONDS) == [0, 2, 4, 6, 8, 10]
    assert first.is_set()
    pair.close()


def test_a_large_group_gives_way_after_each_batch(batcher: Doubler, gate: Gate) -> None:
    occupy(batcher, gate)
    large, lone = batcher.submit(list(range(1, 9))), batcher.submit([100])
    gate.open.set()
    assert lone.result(SECONDS) == [200]
    assert large.result(SECONDS) == [2 * n for n in range(1, 9)]
    assert gate.batches == [[0], [1, 2, 3, 4], [100, 5, 6, 7], [8]]


def test_a_failure_in_one_worker_ends_the_group_and_no_other() -> None:
    meeting = Meeting(2)

    def work(items: list[int]) -> list[int]:
        doubled = meeting(items)
        if -1 in items:
            raise ValueError("a bad item")
        return doubled

    pair: Doubler = Batcher(work, max_batch=1, workers=2, name="pair")
    wait_until(lambda: pair.idle == 2)
    bad, good = pair.submit([-1]), pair.submit([4])
    with pytest.raises(ValueError, match="a bad item"):
        bad.result(SECONDS)
    assert good.result(SECONDS) == [8]
    pair.close()


def test_an_event_loop_is_woken_once_for_a_batch(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    wakeups = 0

    async def scenario(batcher: Doubler) -> tuple[list[list[int]], int]:
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(occupy, batcher, gate)
        asked = [asyncio.create_task(batcher.run([n])) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        wake = loop.call_soon_threadsafe

        def counted(*given: Any, **named: Any) -> asyncio.Handle:  # noqa: ANN401 - whatever it is called with
            nonlocal wakeups
            wakeups += 1
            return wake(*given, **named)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        gate.open.set()
        return await asyncio.gather(*asked), wakeups

    batcher: Doubler = Batcher(gate, max_batch=4, name="doubler")
    assert asyncio.run(asyncio.wait_for(scenario(batcher), SECONDS)) == ([[2], [4], [6]], 1)
    batcher.close()


def test_a_loop_that_has_ended_does_not_break_the_worker(batcher: Doubler, gate: Gate) -> None:
    async def leave() -> None:
        await asyncio.to_thread(occupy, batcher, gate)
        asyncio.get_running_loop().create_task(batcher.run([1]))
        await asyncio.sleep(0)

    asyncio.run(leave())
    gate.open.set()
    assert batcher.submit([5]).result(SECONDS) == [10]


def wait_until(holds: Callable[[], bool]) -> None:
    """Until something holds."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)
