"""A headline that is asked again, against a trivial Litestar endpoint of the same application on the same server.

    python benchmarks/repeated.py [--rounds 200]

Prints one JSON object: of each kind of answer the median ratio of the rates, block by block in turns, over connections
that stay open. The trivial endpoint is a handler that returns a dictionary, behind the same outermost layer; `bare` is
the same handler in a Litestar application that has nothing else.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from litestar import Litestar, get
from litestar.types import ASGIApp, Receive, Scope, Send

from service.api.app import create_app
from service.api.server import configure
from service.settings import Settings

CLAIMS: Final = {
    "unmatched": "Rain expected over the weekend as cold front moves in",
    "rebutted": "Pakistan gave the United States rare earth samples mined with Chinese technology",
}
# As many at once as keep the server at work while the client reads.
_CONNECTIONS: Final = 8
_BLOCK: Final = 10
_PATIENCE_S: Final = 120


@get("/trivial")
async def trivial() -> dict[str, str]:
    """What an endpoint costs that does nothing."""
    return {"status": "ok"}


class _Both:
    """The service, and beside it an application of the trivial endpoint alone, under `/bare`."""

    def __init__(self, app: ASGIApp, bare: ASGIApp) -> None:
        self._app = app
        self._bare = bare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] == "/bare":
            scope["path"] = "/trivial"
            await self._bare(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def serve(db: Path, listener: socket.socket) -> None:
    """Run the service with the trivial endpoint on a socket that listens, until a signal ends it."""
    app = create_app(Settings(db=db))
    app.register(trivial)
    config = configure(app, "127.0.0.1", 0)
    config.app = _Both(app, Litestar([trivial], openapi_config=None, logging_config=None))
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def serving(db: Path) -> Iterator[int]:
    """The server in a process of its own; its port, once every question can be answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, __file__, "--db", db, "--listener", str(listener.fileno())]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        port: int = listener.getsockname()[1]
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while b" 200 " not in _once(port, request("GET", "/health/ready"))[:16]:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("The server did not become ready.")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def request(method: str, path: str, body: object = None) -> bytes:
    """A whole request, ready to be sent."""
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if data else ""
    return head.encode() + b"\r\n" + data


def _once(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as connection:
        connection.sendall(sent)
        return _answer(connection)


def _answer(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 20)
    while (end := data.find(b"\r\n\r\n")) < 0 or len(data) - end - 4 < _length(data[:end]):
        if not (more := connection.recv(1 << 20)):
            sys.exit("The server hung up.")
        data += more
    return data


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])


def _rate(connections: Sequence[socket.socket], sent: bytes) -> float:
    """Answers in a second, of a block of questions on each connection."""
    began = time.perf_counter()
    for _ in range(_BLOCK):
        for connection in connections:
            connection.sendall(sent)
        for connection in connections:
            if not _answer(connection).startswith(b"HTTP/1.1 200"):
                sys.exit("The server refuses.")
    return _BLOCK * len(connections) / (time.perf_counter() - began)


def measure(port: int, rounds: int) -> dict[str, dict[str, float]]:
    """The rates of each kind of repeated answer, and of the trivial endpoints, in turns."""
    asked = {name: request("POST", "/v1/check", {"claim": text}) for name, text in CLAIMS.items()}
    yardsticks = {name: request("GET", f"/{name}") for name in ("trivial", "bare")}
    rates: dict[str, list[float]] = {name: [] for name in (*yardsticks, *asked)}
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S))
            for _ in range(_CONNECTIONS)
        ]
        for _ in range(rounds):
            for name, sent in (yardsticks | asked).items():
                rates[name].append(_rate(connections, sent))
    return {name: _against(rates, name) for name in rates}


def _against(rates: dict[str, list[float]], name: str) -> dict[str, float]:
    found = {"per_second": round(statistics.median(rates[name]))}
    for yardstick in ("trivial", "bare"):
        pairs = zip(rates[name], rates[yardstick], strict=True)
        found[f"to_{yardstick}"] = round(statistics.median(own / other for own, other in pairs), 3)
    return found


def main() -> None:
    """Measure and print; or, started by that, serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--db", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--listener", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.listener is not None:
        serve(args.db, socket.socket(fileno=args.listener))
        return
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "starter.db") as port:
        print(json.dumps(measure(port, args.rounds), indent=2))


if __name__ == "__main__":
    main()
