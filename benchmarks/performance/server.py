"""A running `rejoinder serve`, asked over one connection, and the yardstick beside it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from embeddings.encoder import Encoder

UNCACHED: Final = {"REJOINDER_CACHE_SIZE": "0"}
"""Environment of a server that answers every question anew."""
_PATIENCE_S: Final = 180


class Server:
    """A server of its own in a process of its own.

    Attributes:
        process: the process.
        port: where it listens on the loopback address.
        ready_s: seconds from its start until it said that it can answer.
    """

    def __init__(self, db: Path, environment: Mapping[str, str] | None = None, *more: str) -> None:
        self.port = free_port()
        command: list[str | Path] = [
            Path(sys.executable).with_name("rejoinder"),
            "serve",
            "--db",
            db,
            "--port",
            str(self.port),
            *more,
        ]
        began = time.perf_counter()
        self.process = subprocess.Popen(command, env=os.environ | dict(environment or {}))
        self._wait()
        self.ready_s = time.perf_counter() - began
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE_S)

    def _wait(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            try:
                probe = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_S)
                probe.request("GET", "/health/ready")
                if probe.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                raise RuntimeError(f"the server stopped with {self.process.returncode}")
            time.sleep(0.01)
        self.close()
        raise RuntimeError("the server did not become ready")

    def post(self, path: str, body: object) -> tuple[float, Any]:
        """Send JSON over the open connection; return the seconds until the whole answer was there, and the answer.

        The request is made before the clock starts and the answer is read after it stops: the client's own work
        is not the server's.

        Raises:
            RuntimeError: the answer is not 200, or there is none.
        """
        sent = request("POST", path, body)
        began = time.perf_counter()
        self._socket.sendall(sent)
        answer = received(self._socket)
        took = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {answer[:300]!r}")
        return took, json.loads(answer.partition(b"\r\n\r\n")[2])

    def resident_mb(self) -> float:
        """What the process holds in memory now, in MB, from /proc."""
        return resident_mb(self.process.pid)

    def close(self) -> None:
        """Stop it and wait for the end."""
        self.process.terminate()
        self.process.wait(30)


@contextmanager
def serving(db: Path, environment: Mapping[str, str] | None = None, *more: str) -> Iterator[Server]:
    """A server on this store, with more options of the command if there are any; stopped afterwards."""
    server = Server(db, environment, *more)
    try:
        yield server
    finally:
        server.close()


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def request(method: str, path: str, body: object = None) -> bytes:
    """A whole request, ready to be sent."""
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n" if data else ""
    return head.encode() + b"\r\n" + data


def received(connection: socket.socket) -> bytes:
    """One whole answer that states its length.

    Raises:
        RuntimeError: the server hung up.
    """
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0 or len(data) - end - 4 < _length(bytes(data[:end])):
        if not (more := connection.recv(1 << 20)):
            raise RuntimeError("the server hung up")
        data += more
    return bytes(data)


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])


def resident_mb(process: int) -> float:
    """What a process holds in memory now, in MB, from /proc."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    return round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)


class Paired(Struct, frozen=True):
    """Answers beside encoder passes, in milliseconds; `ratio` is of the medians."""

    questions: int
    labels: dict[str, int]
    p50_ms: float
    p95_ms: float
    pass_ms: float
    ratio: float


def paired(server: Server, texts: Sequence[str], rounds: int, encoder: Encoder) -> Paired:
    """Each text over HTTP and through the encoder alone, in turns; the first tenth is warming up and does not count."""
    asked: list[float] = []
    encoded: list[float] = []
    labels: list[str] = []
    for turn in range(rounds):
        text = texts[turn % len(texts)]
        took, answer = server.post("/v1/check", {"claim": text, "limit": 1})
        began = time.perf_counter()
        encoder.encode([text])
        encoded.append(time.perf_counter() - began)
        asked.append(took)
        labels.append(answer["verdict"]["label"])
    skip = rounds // 10
    counted = sorted(asked[skip:])
    middle, once = statistics.median(counted), statistics.median(encoded[skip:])
    return Paired(
        questions=len(counted),
        labels={label: labels[skip:].count(label) for label in sorted(set(labels[skip:]))},
        p50_ms=round(middle * 1000, 2),
        p95_ms=round(counted[int(0.95 * len(counted))] * 1000, 2),
        pass_ms=round(once * 1000, 2),
        ratio=round(middle / once, 2),
    )
