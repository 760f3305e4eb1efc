"""The outermost layer: bounds the work in hand, adds security headers, measures. Every request pays."""

from __future__ import annotations

import time
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from service.api import problems
from service.api.metrics import Metrics
from service.api.problems import ProblemError

_CSP: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# Other sites are told nothing. Our own are: without a referrer a browser hides the origin of a form too.
_SECURITY: Final = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
# An operator must be able to look at a service that is overloaded.
_ALWAYS_ANSWERED: Final = ("/health/live", "/health/ready", "/metrics")


class Front:
    """Wraps the application.

    Args:
        app: what answers.
        most: requests worked on at once; others are refused with 503.
        metrics: where requests are counted.
    """

    def __init__(self, app: ASGIApp, *, most: int, metrics: Metrics) -> None:
        self._app = app
        self._most = most
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _secured(list(message["headers"]))
            await send(message)

        began = time.perf_counter()
        self._metrics.in_flight += 1
        try:
            if self._metrics.in_flight > self._most and scope["path"] not in _ALWAYS_ANSWERED:
                await _refuse(scope, sending)
            else:
                await self._app(scope, receive, sending)
        finally:
            self._metrics.in_flight -= 1
            self._metrics.count(scope.get("path_template"), scope["method"], status, time.perf_counter() - began)


def _secured(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    own = any(name == _CSP[0] for name, _ in headers)
    return [*headers, *_SECURITY] if own else [*headers, *_SECURITY, _CSP]


async def _refuse(scope: HTTPScope, send: Send) -> None:
    error = ProblemError("overloaded", "More requests are being worked on than this service takes.")
    body = problems.encode(problems.describe(error, scope["path"]).problem)
    headers = [
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
