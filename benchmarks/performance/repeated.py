"""A headline that is asked again is answered from memory: beside a trivial Litestar endpoint of the same application.

The trivial endpoint is a handler that returns a dictionary, behind the same outermost layer; the other yardstick is
the same handler in a Litestar application that has nothing else. Rates over eight open connections, block by block in
turns; the median of the ratios counts.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from performance.chapter import Chapter, Goal, Options, Table
from performance.server import received, request

CLAIMS: Final = {
    "unmatched": "Rain expected over the weekend as cold front moves in",
    "rebutted": "Pakistan gave the United States rare earth samples mined with Chinese technology",
}
_NAMES: Final = {
    "unmatched": "`unmatched`, asked again",
    "rebutted": "a full verdict, asked again",
    "trivial": "a handler of the same application that returns a dictionary",
    "bare": "the same handler in an application of its own",
}
_YARDSTICKS: Final = ("trivial", "bare")
# As many at once as keep the server at work while the client reads.
_CONNECTIONS: Final = 8
_BLOCK: Final = 10
_ROUNDS, _QUICK = 200, 30
_PATIENCE_S: Final = 120

Rates = Mapping[str, Sequence[float]]


def measure(options: Options) -> Chapter:
    """See the module."""
    with _serving(options.folder / "repeated.db") as port:
        return chapter(rates(port, _QUICK if options.quick else _ROUNDS))


@contextmanager
def _serving(db: Path) -> Iterator[int]:
    """The server in a process of its own; its port, once every question can be answered."""
    program = Path(__file__).with_name("repeated_server.py")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        process = subprocess.Popen([sys.executable, program, db, str(number)], pass_fds=[number])
        port: int = listener.getsockname()[1]
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while b" 200 " not in _once(port, request("GET", "/health/ready"))[:16]:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not become ready")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _once(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as connection:
        connection.sendall(sent)
        return received(connection)


def rates(port: int, rounds: int) -> Rates:
    """Answers a second of each kind of repeated answer and of the trivial endpoints: one number for each block."""
    asked = {name: request("GET", f"/{name}") for name in _YARDSTICKS}
    asked |= {name: request("POST", "/v1/check", {"claim": text}) for name, text in CLAIMS.items()}
    found: dict[str, list[float]] = {name: [] for name in asked}
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S))
            for _ in range(_CONNECTIONS)
        ]
        for _ in range(rounds):
            for name, sent in asked.items():
                found[name].append(_rate(connections, sent))
    return found


def _rate(connections: Sequence[socket.socket], sent: bytes) -> float:
    """Answers in a second, of a block of questions on each connection."""
    began = time.perf_counter()
    for _ in range(_BLOCK):
        for connection in connections:
            connection.sendall(sent)
        for connection in connections:
            if not received(connection).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("the server refuses")
    return _BLOCK * len(connections) / (time.perf_counter() - began)


def chapter(found: Rates) -> Chapter:
    """The chapter that says it."""
    ratios = {name: {other: _against(found, name, other) for other in _YARDSTICKS} for name in found}
    seconds = {name: round(statistics.median(values)) for name, values in found.items()}
    heads = ("what", "trivial endpoint = 1", "one in an application of its own = 1", "answers a second")
    worst = min(ratios[name]["trivial"] for name in CLAIMS)
    return Chapter(
        name="repeated",
        title="A headline asked again",
        text=__doc__ or "",
        goals=(Goal("a headline asked again, rate", 0.7, worst, "more", "of a trivial endpoint"),),
        tables=(Table(heads, [(_NAMES[name], *ratios[name].values(), seconds[name]) for name in _NAMES]),),
        figures={
            name: {"per_second": seconds[name], **{f"to_{key}": value for key, value in ratios[name].items()}}
            for name in _NAMES
        },
    )


def _against(found: Rates, name: str, other: str) -> float:
    pairs = zip(found[name], found[other], strict=True)
    return round(statistics.median(own / yardstick for own, yardstick in pairs), 3)
