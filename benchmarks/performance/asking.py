"""The client of the chapter `concurrency`: it reads tasks, a line of JSON each, and answers each with a line.

Either every connection has one question under way at a time, and asks the next one when it is answered; or questions
come at random times with a mean rate, whoever is still waiting: where no connection is free, an answer's time counts
from when its question was due. Who is refused comes again after a second, as `Retry-After` asks.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
from collections import deque
from collections.abc import Callable
from itertools import cycle
from time import perf_counter
from typing import Final, cast

import msgspec
import uvloop

_PATIENCE_S: Final = 120
_COME_AGAIN_S: Final = 1.0
_OK: Final = b"http/1.1 200"


class Task(msgspec.Struct, kw_only=True):
    """What to ask.

    Attributes:
        port: of the service, on the loopback address.
        requests: whole requests, asked in turns.
        connections: how many are open.
        seconds: for how long new questions are asked.
        rate: questions a second, at random times; None where each connection asks as soon as it is answered.
    """

    port: int
    requests: list[bytes]
    connections: int
    seconds: float
    rate: float | None = None


class Told(msgspec.Struct, kw_only=True):
    """What came of it.

    Attributes:
        answered_ms: how long each answer took.
        refused_ms: how long each refusal took.
        rate: answers a second, until the last one was there.
        processor_s: what this client has cost the processor meanwhile.
    """

    answered_ms: list[float]
    refused_ms: list[float]
    rate: float
    processor_s: float


class Connection(asyncio.Protocol):
    """One connection: sends, and takes answers apart no further than to where they end."""

    def __init__(self, answered: Callable[[Connection, bool, float], None]) -> None:
        self._answered = answered
        self._data = bytearray()
        self._whole = -1
        self._ok = False
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own, which does not inherit

    def ask(self, request: bytes, since: float) -> None:
        """Send a question, whose time counts from then."""
        self._since = since
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Tell that the answer is whole."""
        self._data += data
        if self._whole < 0 and (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._data[:end]).lower()
            self._whole = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            self._ok = head.startswith(_OK)
        if 0 <= self._whole <= len(self._data):
            self._data.clear()
            self._whole = -1
            self._answered(self, self._ok, self._since)


class Run:
    """A task being done."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._requests = cycle(task.requests)
        self._loop = asyncio.get_running_loop()
        self._chance = random.Random(7)  # the same times in every run
        self._idle: list[Connection] = []
        self._due: deque[float] = deque()
        self._under_way = 0
        self._ended = self._loop.create_future()
        self._until = 0.0
        self.answered: list[float] = []
        self.refused: list[float] = []

    async def done(self) -> float:
        """Ask until the time is over; the seconds until the last answer was there."""
        for _ in range(self._task.connections):
            _, made = await self._loop.create_connection(lambda: Connection(self._take), "127.0.0.1", self._task.port)
            self._idle.append(made)
        began = perf_counter()
        self._until = began + self._task.seconds
        if self._task.rate is None:
            while self._idle:
                self._ask(self._idle.pop(), perf_counter())
        else:
            self._arrive(began)
        async with asyncio.timeout(_PATIENCE_S):
            await self._ended
        for connection in self._idle:
            connection.transport.close()
        return perf_counter() - began

    def _arrive(self, due: float) -> None:
        """A question is due; the next one follows by itself."""
        now = perf_counter()
        if self._idle:
            self._ask(self._idle.pop(), now)
        else:
            self._due.append(now)
        following = due + self._chance.expovariate(self._task.rate or 1.0)
        if following < self._until:
            self._loop.call_later(max(0.0, following - now), self._arrive, following)
        else:
            self._until = 0.0

    def _ask(self, connection: Connection, since: float) -> None:
        self._under_way += 1
        connection.ask(next(self._requests), since)

    def _take(self, connection: Connection, ok: bool, since: float) -> None:  # noqa: FBT001 - called in one place
        now = perf_counter()
        (self.answered if ok else self.refused).append((now - since) * 1000)
        self._under_way -= 1
        if self._due:
            self._ask(connection, self._due.popleft())
        elif self._task.rate is None and ok and now < self._until:
            self._ask(connection, now)
        elif self._task.rate is None and now + _COME_AGAIN_S < self._until:
            self._under_way += 1  # still its turn: it only waits
            self._loop.call_later(_COME_AGAIN_S, self._again, connection)
        else:
            self._idle.append(connection)
        over = self._task.rate is None or not self._until
        if over and not self._under_way and not self._ended.done():
            self._ended.set_result(None)

    def _again(self, connection: Connection) -> None:
        self._under_way -= 1
        self._ask(connection, perf_counter())


async def ask(task: Task) -> Told:
    """Do a task."""
    before, run = _processor_s(), Run(task)
    seconds = await run.done()
    return Told(
        answered_ms=run.answered,
        refused_ms=run.refused,
        rate=len(run.answered) / seconds,
        processor_s=_processor_s() - before,
    )


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Work through the tasks on standard input."""
    for line in sys.stdin.buffer:
        told = uvloop.run(ask(msgspec.json.decode(line, type=Task)))
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
