"""A request to an ASGI application, and its whole answer, without a socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Litestar
from litestar.types import HTTPRequestEvent, Message


def asking(app: Litestar, method: str, path: str, body: object = None) -> Callable[[], Awaitable[None]]:
    """Work that asks once each time.

    Args:
        app: asked; it has been started.
        method: GET or POST.
        path: with its query.
        body: sent as JSON; None for none.

    Raises:
        RuntimeError: the answer, when the work is done, is another one than 200.
    """
    data = b"" if body is None else msgspec.json.encode(body)

    async def receive() -> HTTPRequestEvent:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:  # noqa: PLR2004 - nothing else counts
            raise RuntimeError(f"{method} {path} is answered with {message['status']}.")

    async def work() -> None:
        await app(_scope(method, path, len(data)), receive, send)

    return work


def _scope(method: str, path: str, length: int) -> Any:  # noqa: ANN401  as servers make it
    route, _, query = path.partition("?")
    sent = [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": route,
        "raw_path": route.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost"), *(sent if length else ())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "state": {},
    }
