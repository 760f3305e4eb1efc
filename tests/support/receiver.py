"""A receiver of webhooks: a real server that keeps what it got, and answers as it was told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks import Webhook

HANG = 0
"""Instead of a status: take the request and say nothing until the server ends."""


class Got(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    def verified(self, secret: str) -> dict[str, Any]:
        """The document, its signature checked by the published library, which raises where it is wrong."""
        document: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return document


class Receiver:
    """What came, and what is answered: the statuses in turn, then the last one for ever."""

    def __init__(self, statuses: Sequence[int], headers: dict[str, str]) -> None:
        self.got: list[Got] = []
        self.url = ""
        self.ended = threading.Event()
        self._statuses = list(statuses)
        self._headers = headers
        self._came = threading.Condition()

    def wait(self, count: int, seconds: float = 20) -> list[Got]:
        """What came, once so much has come."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.got) >= count, seconds), f"{len(self.got)} of {count} came"
            return list(self.got)

    def take(self, got: Got) -> int:
        """Keep a request. Returns the status to answer with."""
        with self._came:
            self.got.append(got)
            self._came.notify_all()
            return self._statuses[min(len(self.got), len(self._statuses)) - 1]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = handler.rfile.read(int(handler.headers["content-length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        status = self.take(Got(handler.path, headers, body, time.monotonic()))
        if status == HANG:
            self.ended.wait(30)
            return
        handler.send_response(status)
        for name, value in self._headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", "0")
        handler.end_headers()


@contextmanager
def receiving(*statuses: int, port: int = 0, **headers: str) -> Iterator[Receiver]:
    """A receiver at work on a port of its own."""
    receiver = Receiver(statuses or (200,), {name.replace("_", "-"): value for name, value in headers.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
