"""A simulation of nodes that answer claims: workers with one core each, queues, micro-batches, a node that is lost.

A worker is one core with two threads that compute, as in the service: all claims go through the first (the encoder, and
the work around it), those that need a verdict through the second as well (the stance model). Each takes what waits, up
to so many claims, works on it and is done with all of it at once. A batch takes

    once[step] of its dearest claim + sum over its claims of each[step]

times a factor that spreads around 1 as measured; while both threads work, each is half as fast. Requests arrive at
random moments (Poisson), or as soon as one of a number of clients has its answer. A balancer looks at two workers by
chance and picks the one that has less to do.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field, structs

BATCH: Final = (64, 4)
"""Claims that each thread takes at most: the second takes 32 pairs, and a claim is held against some eight records."""
BUSY: Final = 0.8
"""Share of the time that nodes may work: the rest is for what no model foresees."""
_ROUNDING_S: Final = 1e-9
_WARMING: Final = 0.1
"""This part of the simulated time, at its begin, is warming up and not counted."""


class Costs(Struct, frozen=True):
    """Processor seconds, measured.

    Attributes:
        once: of a batch, however large, by kind of request: in the first thread and in the second.
        each: of a request of each kind, beside that, likewise; 0 where it does not get there.
        claims: in a request of each kind.
        spread: standard deviation of the logarithm of the time of a batch.
    """

    once: dict[str, tuple[float, float]]
    each: dict[str, tuple[float, float]]
    claims: dict[str, int]
    spread: float


class Load(Struct, frozen=True, kw_only=True):
    """What is asked of how many nodes.

    Attributes:
        nodes: machines.
        cores: workers on each.
        shares: of each kind of request, adding up to 1.
        rate: requests a second that arrive at random; 0 where clients wait for their answers.
        clients: that many ask again as soon as they have an answer; 0 where requests arrive at random.
        seconds: of the simulation.
        lost: nodes that stop when it is warm; what they worked on is asked again elsewhere.
        network_s: what lies between a client and its worker, there and back.
    """

    nodes: int
    cores: int
    shares: dict[str, float]
    rate: float = 0.0
    clients: int = 0
    seconds: float = 10.0
    lost: int = 0
    network_s: float = 0.0


class Found(Struct, frozen=True):
    """What came out: answers a second, milliseconds, and how busy the workers were that did not stop."""

    answers: float
    p50_ms: float
    p99_ms: float
    utilisation: float


class _Thread(Struct):
    """One thread of a worker: what waits for it, what it works on, and the seconds of work that are left of that."""

    waiting: deque[tuple[float, str]] = field(default_factory=deque)
    running: list[tuple[float, str]] = field(default_factory=list)
    left_s: float = 0.0


class _Worker(Struct):
    """One core; `seen` is when its threads were last moved on, `turn` tells events that have been overtaken."""

    threads: tuple[_Thread, _Thread] = field(default_factory=lambda: (_Thread(), _Thread()))
    seen: float = 0.0
    turn: int = 0
    busy_s: float = 0.0
    alive: bool = True

    @property
    def backlog(self) -> int:
        return sum(len(thread.waiting) + len(thread.running) for thread in self.threads)

    def work(self, now: float) -> None:
        """Move on to now: those that have something to do share the core."""
        active = [thread for thread in self.threads if thread.running]
        for thread in active:
            thread.left_s -= (now - self.seen) / len(active)
        self.busy_s += (now - self.seen) if active else 0.0
        self.seen = now

    def next_end(self) -> float:
        """When the first thread will be done, if nothing is added; infinity where nothing is being done."""
        lefts = [thread.left_s for thread in self.threads if thread.running]
        return self.seen + max(0.0, min(lefts)) * len(lefts) if lefts else math.inf


class Simulation:
    """One run.

    Args:
        costs: of the work.
        load: what is asked.
        seed: of the random numbers; the same gives the same.
    """

    def __init__(self, costs: Costs, load: Load, seed: int = 1) -> None:
        self._costs = costs
        self._load = load
        self._random = random.Random(seed)
        self._workers = [_Worker() for _ in range(load.nodes * load.cores)]
        self._alive = list(self._workers)
        self._events: list[tuple[float, int, str, _Worker | None, int]] = []
        self._number = 0
        self._took: list[float] = []
        self._kinds = list(load.shares)
        self._weights = list(load.shares.values())

    def run(self) -> Found:
        """Simulate."""
        load = self._load
        self._begin()
        while self._events and self._events[0][0] < load.seconds:
            now, _, event, worker, turn = heapq.heappop(self._events)
            if event == "arrive":
                self._arrive(now, now)
                if load.rate:
                    self._at(now + self._random.expovariate(load.rate), "arrive")
            elif event == "lose":
                self._lose(now)
            elif worker is not None and worker.alive and worker.turn == turn:
                self._finish(now, worker)
        return self._found()

    def _begin(self) -> None:
        load = self._load
        for _ in range(load.clients):
            self._at(0.0, "arrive")
        if load.rate:
            self._at(0.0, "arrive")
        if load.lost:
            self._at(load.seconds * _WARMING, "lose")

    def _at(self, when: float, event: str, worker: _Worker | None = None) -> None:
        self._number += 1
        turn = worker.turn if worker else 0
        heapq.heappush(self._events, (when, self._number, event, worker, turn))

    def _arrive(self, now: float, since: float, kind: str = "") -> None:
        kind = kind or self._random.choices(self._kinds, self._weights)[0]
        one, other = self._random.choice(self._alive), self._random.choice(self._alive)
        worker = one if one.backlog <= other.backlog else other
        worker.work(now)
        worker.threads[0].waiting.append((since, kind))
        self._go_on(worker)

    def _go_on(self, worker: _Worker) -> None:
        """Threads that have nothing to do take what waits for them; the next end is noted."""
        for step, thread in enumerate(worker.threads):
            if thread.waiting and not thread.running:
                self._take(step, thread)
        worker.turn += 1
        if (end := worker.next_end()) < math.inf:
            self._at(end, "done", worker)

    def _take(self, step: int, thread: _Thread) -> None:
        room = BATCH[step]
        while thread.waiting and room > 0:
            thread.running.append(thread.waiting.popleft())
            room -= self._costs.claims[thread.running[-1][1]]
        kinds = [kind for _, kind in thread.running]
        seconds = max(self._costs.once[kind][step] for kind in kinds) + sum(
            self._costs.each[kind][step] for kind in kinds
        )
        thread.left_s = seconds * self._random.lognormvariate(-(self._costs.spread**2) / 2, self._costs.spread)

    def _finish(self, now: float, worker: _Worker) -> None:
        worker.work(now)
        for step, thread in enumerate(worker.threads):
            if thread.running and thread.left_s <= _ROUNDING_S:
                done, thread.running = thread.running, []
                for since, kind in done:
                    if step == 0 and self._costs.each[kind][1]:
                        worker.threads[1].waiting.append((since, kind))
                    else:
                        self._answer(now, since)
        self._go_on(worker)

    def _answer(self, now: float, since: float) -> None:
        if now > self._load.seconds * _WARMING:
            self._took.append(now - since + self._load.network_s)
        if self._load.clients:
            self._at(now + self._load.network_s, "arrive")

    def _lose(self, now: float) -> None:
        """Nodes stop; what waited there or was worked on is asked again, and waits since it was first asked."""
        gone = self._workers[: self._load.lost * self._load.cores]
        self._alive = self._workers[len(gone) :]
        for worker in gone:
            worker.alive = False
            worker.work(now)
            for thread in worker.threads:
                for since, kind in [*thread.running, *thread.waiting]:
                    self._arrive(now, since, kind)

    def _found(self) -> Found:
        took = sorted(self._took)
        counted = self._load.seconds * (1 - _WARMING)
        for worker in self._alive:
            worker.work(self._load.seconds)
        busy = sum(worker.busy_s for worker in self._alive)
        return Found(
            answers=round(len(took) / counted, 1),
            p50_ms=_quantile(took, 0.5),
            p99_ms=_quantile(took, 0.99),
            utilisation=round(busy / (self._load.seconds * len(self._alive)), 3),
        )


def _quantile(took: Sequence[float], share: float) -> float:
    return round(took[min(len(took) - 1, int(share * len(took)))] * 1000, 2) if took else float("inf")


def nodes_needed(costs: Costs, load: Load, *, p99_ms: float, most: int = 1_000) -> tuple[int, Found]:
    """The fewest nodes that answer the load in time, 99 of 100 within ``p99_ms``, and are at most `BUSY`.

    Raises:
        ValueError: more than ``most`` would be needed.
    """
    work = sum(share * sum(costs.each[kind]) for kind, share in load.shares.items())
    least = load.lost + max(1, int(load.rate * work / load.cores))
    for nodes in _upwards(least, most):
        found = Simulation(costs, structs.replace(load, nodes=nodes)).run()
        if found.p99_ms <= p99_ms and found.utilisation <= BUSY:
            return nodes, found
    raise ValueError(f"{most} nodes are not enough")


def _upwards(least: int, most: int) -> Sequence[int]:
    """Every number at first, then in steps of a tenth."""
    numbers, at = [], least
    while at <= most:
        numbers.append(at)
        at += max(1, at // 10)
    return numbers
