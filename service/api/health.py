"""Is the process alive, and can it answer? For load balancers and container engines."""

from __future__ import annotations

from litestar import get
from litestar.response.base import ASGIResponse
from msgspec import Struct

from service.api.backend import backend_of, not_ready
from service.api.bodies import Asked, answer
from service.api.openapi import documented


class Health(Struct, frozen=True):
    """``live`` or ``ready``."""

    status: str


@get("/health/live", opt=documented("service", answers={200: Health}))
async def live() -> ASGIResponse:
    """Say that the process is alive."""
    return answer(Health("live"))


@get("/health/ready", opt=documented("service", answers={200: Health}))
async def ready(request: Asked) -> ASGIResponse:
    """Say whether claims can be answered.

    503 until store, index and model are; the problem document names what is missing in `waiting_for`.
    """
    missing = backend_of(request).waiting_for()
    if missing:
        raise not_ready(missing)
    return answer(Health("ready"))
