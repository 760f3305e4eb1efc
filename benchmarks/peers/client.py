"""The client that asks all peers: a program that reads tasks, a line of JSON each, and answers each with a line.

    {"port": 8000, "requests": ["base64", …], "connections": 32, "seconds": 1.5}
    {"took_ms": [3.1, …], "rate": 310.5, "failed": 0}

Every connection stays open and has one question under way at a time: the next one that is due, round the list.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any, Final, cast

import uvloop

_PATIENCE_S: Final = 60


class Asker(asyncio.Protocol):
    """One connection: sends, and takes answers apart no further than to where they end."""

    def __init__(self, requests: Iterator[bytes], until: float, took: list[float]) -> None:
        self._requests = requests
        self._until = until
        self._took = took
        self._data = bytearray()
        self._whole = -1
        self._sent = 0.0
        self.failed = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first question."""
        self._transport = cast("asyncio.Transport", transport)  # of a connection over TCP it always is one
        self._next()

    def data_received(self, data: bytes) -> None:
        """Time the answer once it is whole, and send the next question until the time is over."""
        self._data += data
        if self._whole < 0 and (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._data[:end]).lower()
            self._whole = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            self.failed += not head.startswith(b"http/1.1 2")
        if 0 <= self._whole <= len(self._data):
            self._took.append(time.perf_counter() - self._sent)
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """An end that this side did not ask for is a failure."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server hung up"))

    def _next(self) -> None:
        self._data.clear()
        self._whole = -1
        self._sent = time.perf_counter()
        if self._sent < self._until:
            self._transport.write(next(self._requests))
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()


async def ask(task: dict[str, Any]) -> dict[str, Any]:
    """Ask for some seconds; what each answer took, and answers a second until the last one was there."""
    requests = cycle([base64.b64decode(text) for text in task["requests"]])
    took: list[float] = []
    began = time.perf_counter()
    until = began + task["seconds"]
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Asker(requests, until, took), "127.0.0.1", task["port"])
        for _ in range(task["connections"])
    ]
    async with asyncio.timeout(_PATIENCE_S):
        await asyncio.gather(*(asker.done for _, asker in made))
    rate = len(took) / (time.perf_counter() - began)
    return {"took_ms": [each * 1000 for each in took], "rate": rate, "failed": sum(asker.failed for _, asker in made)}


def main() -> None:
    """Work through the tasks on standard input."""
    for line in sys.stdin:
        try:
            answer = uvloop.run(ask(json.loads(line)))
        except (OSError, TimeoutError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
