"""The client that puts load on a service, and what the chapters make of its figures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from performance import batches, concurrency
from performance.asking import Told
from performance.concurrency import Asked, asking

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
REFUSED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
SECONDS = 20

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def service(answering: Answering) -> Iterator[int]:
    """A server that reads whole requests and lets somebody answer them; its port."""
    loop = asyncio.new_event_loop()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
                await answering(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = loop.run_until_complete(asyncio.start_server(talk, "127.0.0.1", 0))
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.run_until_complete(_ended(server, loop))
        loop.close()


async def _ended(server: asyncio.Server, loop: asyncio.AbstractEventLoop) -> None:
    server.close()
    rest = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def told(answering: Answering, connections: int, seconds: float, rate: float | None = None) -> Told:
    with service(answering) as port, asking(port, ["one", "two"]) as client:
        return client.ask(connections, seconds, rate)


async def at_once(writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def in_pieces(writer: asyncio.StreamWriter) -> None:
    writer.write(OK[:20])
    await asyncio.sleep(0.02)
    writer.write(OK[20:])


async def never(writer: asyncio.StreamWriter) -> None:
    writer.write(REFUSED)


def test_every_connection_asks_again_as_soon_as_it_is_answered() -> None:
    found = told(at_once, 4, 0.3)
    assert len(found.answered_ms) > 4
    assert not found.refused_ms
    assert found.rate > 0
    assert found.processor_s > 0


def test_an_answer_counts_when_it_is_whole() -> None:
    found = told(in_pieces, 2, 0.3)
    assert min(found.answered_ms) >= 20


def test_a_refusal_is_no_answer_and_is_not_followed_at_once() -> None:
    found = told(never, 3, 0.5)
    assert len(found.refused_ms) == 3
    assert not found.answered_ms
    assert found.rate == 0


def test_questions_at_a_rate_do_not_wait_for_answers_and_all_are_answered() -> None:
    found = told(in_pieces, 1, 0.5, rate=100)
    assert len(found.answered_ms) > 20
    assert max(found.answered_ms) > 100, "whoever finds no connection free waits, and that counts"


def asked(connections: int, **figures: float) -> Asked:
    given = dict.fromkeys(Asked.__struct_fields__, 1.0) | {"p50_ms": 2.0, "p99_ms": 6.0} | figures
    return Asked(**given | {"connections": connections})  # type: ignore[arg-type]


def test_the_goals_are_those_of_the_figures() -> None:
    counts = [asked(count, to_one=count / 100) for count in concurrency.CONNECTIONS]
    rates = [asked(256, p99_ms=p99) for p99 in (3.0, 9.0, 5.0)]
    found = concurrency.chapter(counts, rates, asked(2_048, refused=0.5), {1: 100.0})
    assert [goal.value for goal in found.goals] == [0.01, 0.08, 0.64, 2.56, 4.5]
    assert [goal.reached for goal in found.goals] == [False, False, False, True, False]


def test_a_batch_is_held_against_its_goal() -> None:
    found = [batches.Batch(size, 10.0, 8.0, size / 100, 2.0) for size in batches.SIZES]
    (goal,) = batches.chapter(found).goals
    assert (goal.value, goal.reached) == (1.5, False)


def test_a_service_that_hangs_up_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((RuntimeError, BrokenPipeError), match=r"ended|pipe"):
        told_without_service()
    capfd.readouterr()


def told_without_service() -> Told:
    with service(at_once) as port:
        pass
    with asking(port, ["one"]) as client:
        return client.ask(1, 0.1)
