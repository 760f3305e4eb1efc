"""How many single checks a second the service answers, and how long each waits, by how many ask at once.

Headlines that match nothing, each a request of its own, the cache of answers off. The yardstick is the encoder alone,
in turns in the same run: texts a second through `encode` in the batch that is quickest, one call at a time; and two
calls at a time, which is all that two cores can do. Server, client and yardstick share the machine. The client is a
process of its own, and what it takes of the processor for each answer the server cannot have, so it is stated.

*By connections*: each has one question under way. *At a rate*: questions come at random times, at a share of the rate
that 64 connections reach; only there a median and a 99th percentile say how long somebody waits who asks while there is
room. *Too many*: four times as many connections as the service works on at once (`REJOINDER_MAX_IN_FLIGHT`); whoever is
refused comes again after a second.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, to_builtins

from embeddings.encoder import Encoder, load_encoder
from performance.asking import Task, Told
from performance.chapter import Chapter, Goal, Options, Plot, Table
from performance.server import UNCACHED, request, serving
from performance.texts import headlines

CONNECTIONS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_GOALS: Final = (1, 8, 64, 256)
_SHARES: Final = (0.25, 0.5, 0.7)
_FLOOD: Final = 2_048
_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128)
_TEXTS: Final = 256


class Alone(Struct, frozen=True):
    """Texts a second through the encoder alone: one call at a time, two calls at a time."""

    one: float
    two: float


class Asked(Struct, frozen=True):
    """What came of a load.

    Attributes:
        connections: open ones.
        offered: questions a second that came; 0 where each connection asks as soon as it is answered.
        rate: answers a second.
        p50_ms: median time of an answer.
        p99_ms: 99th percentile.
        refused: share of the requests that were refused.
        refused_p99_ms: how long a refusal took, 99th percentile; 0 where there was none.
        client_ms: processor time of the client for each answer.
        to_one: answers for each text that the encoder alone does in that time, one call at a time.
        to_two: likewise, two calls at a time.
    """

    connections: int
    offered: float
    rate: float
    p50_ms: float
    p99_ms: float
    refused: float
    refused_p99_ms: float
    client_ms: float
    to_one: float
    to_two: float


class Yardstick:
    """The encoder alone, on the texts that are asked."""

    def __init__(self, texts: Sequence[str], seconds: float) -> None:
        self._encoder: Encoder = load_encoder()
        self._texts, self._seconds = texts, seconds
        self._threads = ThreadPoolExecutor(2)
        self.batches = {size: self._rate(size, 1) for size in _BATCHES}
        self.batch = max(self.batches, key=self.batches.__getitem__)

    def taken(self) -> Alone:
        """Rates now."""
        return Alone(one=self._rate(self.batch, 1), two=self._rate(self.batch, 2))

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown()

    def _rate(self, size: int, threads: int) -> float:
        began = time.perf_counter()
        until = began + self._seconds
        done = sum(self._threads.map(lambda _: self._encoded(size, until), range(threads)))
        return done / (time.perf_counter() - began)

    def _encoded(self, size: int, until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            at = done % (len(self._texts) - size + 1)
            self._encoder.encode(self._texts[at : at + size])
            done += size
        return done


class Client:
    """The program that asks."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, requests: list[bytes]) -> None:
        self._process, self._port, self._requests = process, port, requests

    def ask(self, connections: int, seconds: float, rate: float | None = None) -> Told:
        """Ask for some seconds. Raises `RuntimeError` where the client has ended."""
        task = Task(port=self._port, requests=self._requests, connections=connections, seconds=seconds, rate=rate)
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(msgspec.json.encode(task) + b"\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("the client ended")
        return msgspec.json.decode(line, type=Told)


@contextmanager
def asking(port: int, texts: Sequence[str]) -> Iterator[Client]:
    """A client for the service at a port, in a process of its own."""
    requests = [request("POST", "/v1/check", {"claim": text, "limit": 1}) for text in texts]
    command = [sys.executable, str(Path(__file__).with_name("asking.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Client(process, port, requests)
        process.stdin.close()  # type: ignore[union-attr]  # it is a pipe


def measure(options: Options) -> Chapter:
    """See the module."""
    seconds, rounds = (0.6, 1) if options.quick else (2.0, 3)
    texts = headlines(_TEXTS)
    yardstick = Yardstick(texts, seconds / 4)
    with serving(options.folder / "starter.db", UNCACHED) as server, asking(server.port, texts) as client:
        client.ask(8, seconds)
        counts = [_one(client, yardstick, count, seconds) for _ in range(rounds) for count in CONNECTIONS]
        most = statistics.median(each.rate for each in counts if each.connections == 64)  # noqa: PLR2004 - as the text says
        rates = [_one(client, yardstick, 256, seconds * 2, most * share) for _ in range(rounds) for share in _SHARES]
        flood = _one(client, yardstick, _FLOOD, seconds * 3)
    yardstick.close()
    by_count = [_median([each for each in counts if each.connections == count]) for count in CONNECTIONS]
    by_rate = [_median(rates[at :: len(_SHARES)]) for at in range(len(_SHARES))]
    return chapter(by_count, by_rate, flood, yardstick.batches)


def _one(client: Client, yardstick: Yardstick, connections: int, seconds: float, rate: float | None = None) -> Asked:
    before = yardstick.taken()
    told = client.ask(connections, seconds, rate)
    after = yardstick.taken()
    refused, answered = sorted(told.refused_ms), sorted(told.answered_ms)
    return Asked(
        connections=connections,
        offered=rate or 0.0,
        rate=told.rate,
        p50_ms=_at(answered, 0.5),
        p99_ms=_at(answered, 0.99),
        refused=len(refused) / (len(refused) + len(answered)),
        refused_p99_ms=_at(refused, 0.99),
        client_ms=told.processor_s * 1000 / max(len(answered), 1),
        to_one=2 * told.rate / (before.one + after.one),
        to_two=2 * told.rate / (before.two + after.two),
    )


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


def _median(runs: Sequence[Asked]) -> Asked:
    """Each figure's median over several runs of one load."""
    middle = {name: statistics.median(getattr(run, name) for run in runs) for name in Asked.__struct_fields__}
    return msgspec.convert(middle | {"connections": runs[0].connections}, Asked)


def chapter(by_count: Sequence[Asked], by_rate: Sequence[Asked], flood: Asked, batches: dict[int, float]) -> Chapter:
    """The chapter that says it."""
    wanted = {each.connections: each for each in by_count if each.connections in _GOALS}
    names = {
        count: f"rate of single checks, {count} at once" if count > 1 else "rate, one at a time" for count in wanted
    }
    spread = max(each.p99_ms / each.p50_ms for each in by_rate)
    return Chapter(
        name="concurrency",
        title="Many at once",
        text=__doc__ or "",
        goals=(
            *(
                Goal(names[count], 0.85, round(each.to_one, 2), "more", "of the encoder's best batch")
                for count, each in wanted.items()
            ),
            Goal("99th percentile below saturation", 4, round(spread, 2), unit="medians"),
        ),
        tables=(_rates(by_count), _waits(by_rate), _flooded(flood), _alone(batches)),
        plots=(
            Plot(
                "concurrency-rate",
                "Answers for each text that the encoder alone does, by connections",
                "connections",
                "answers, encoder alone = 1",
                {
                    "one call at a time = 1": [(each.connections, each.to_one) for each in by_count],
                    "two calls at a time = 1": [(each.connections, each.to_two) for each in by_count],
                },
                log_x=True,
            ),
            Plot(
                "concurrency-time",
                "Time of an answer, by connections",
                "connections",
                "milliseconds",
                {
                    "median": [(each.connections, each.p50_ms) for each in by_count],
                    "99th percentile": [(each.connections, each.p99_ms) for each in by_count],
                },
                log_x=True,
                log_y=True,
            ),
        ),
        figures=to_builtins(
            {"connections": by_count, "rates": by_rate, "flood": flood, "batches": batches}, str_keys=True
        ),
    )


def _rates(found: Sequence[Asked]) -> Table:
    heads = (
        "connections",
        "encoder, one call at a time = 1",
        "two at a time = 1",
        "answers a second",
        "p50, ms",
        "p99, ms",
    )
    rows = [(each.connections, each.to_one, each.to_two, round(each.rate), each.p50_ms, each.p99_ms) for each in found]
    cost = statistics.median(each.client_ms for each in found if each.connections >= _GOALS[1])
    return Table(heads, rows, f"By connections; the client takes {cost:.2g} ms of the processor for each answer")


def _waits(found: Sequence[Asked]) -> Table:
    heads = ("questions a second", "share of the most", "p50, ms", "p99, ms", "p99, p50 = 1")
    pairs = zip(_SHARES, found, strict=True)
    rows = [(round(one.offered), part, one.p50_ms, one.p99_ms, one.p99_ms / one.p50_ms) for part, one in pairs]
    return Table(heads, rows, "At a rate")


def _flooded(found: Asked) -> Table:
    heads = ("connections", "refused", "refusal, p99, ms", "answer, p50, ms", "answer, p99, ms", "answers a second")
    row = (found.connections, found.refused, found.refused_p99_ms, found.p50_ms, found.p99_ms, round(found.rate))
    return Table(heads, [row], "Too many")


def _alone(batches: dict[int, float]) -> Table:
    heads = ("texts in a batch", "texts a second")
    return Table(heads, [(size, round(rate)) for size, rate in batches.items()], "The encoder alone")
