"""The watches beside the server: the worker runs as long as it does, and new watches wake it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from litestar import Litestar
from msgspec import structs

from service.api.auth import key_needed, principal_of
from service.api.backend import Backend
from service.api.bodies import Asked
from service.api.problems import FieldError, ProblemError
from service.document import CheckRequest
from service.domain import MAX_CLAIM, CheckResult, Claim
from service.outbound import Outbound
from service.store.watches import Bounds
from service.watches.asking import Asking
from service.watches.delivery import Rules
from service.watches.worker import Worker


class Watching:
    """Joins the watches to the runtime, once that is open."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._worker: Worker | None = None
        self._turning = asyncio.Event()

    @property
    def asking(self) -> Asking:
        """What takes in watches. Raises `ProblemError` (503) while the runtime is being opened."""
        runtime, settings = self._backend.runtime, self._backend.settings
        bounds = Bounds(settings.max_watches, settings.max_watches_per_key)
        return Asking(runtime.store, runtime.checker, bounds=bounds, private=settings.outbound_private)

    def wake(self) -> None:
        """There is something to send: look now."""
        if self._worker is not None:
            self._worker.wake()

    def turn(self) -> None:
        """Other parts of the runtime answer from now on: the worker that holds the former ones gives way to another."""
        self._turning.set()

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Run the worker while the server runs; entered after the backend's, it ends before the store closes."""
        working = asyncio.create_task(self._work())
        try:
            yield
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _work(self) -> None:
        if not await self._backend.wait_until_open():
            return
        while True:
            await self._work_until_turned()

    async def _work_until_turned(self) -> None:
        self._turning.clear()
        parts = self._backend.runtime.parts
        parts.users += 1
        self._worker = _worker(self._backend)
        working = asyncio.create_task(self._worker.run())
        turning = asyncio.create_task(self._turning.wait())
        try:
            await asyncio.wait([working, turning], return_when=asyncio.FIRST_COMPLETED)
        finally:
            turning.cancel()
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            parts.users -= 1


def watching_of(connection: Any) -> Watching:  # noqa: ANN401  a request, or what a guard is given
    """The watches of the application that a request came to."""
    watching: Watching = connection.scope["litestar_app"].state["watching"]
    return watching


async def remembered(request: Asked, asked: CheckRequest) -> CheckResult:
    """Check a claim and remember the verdict for whoever asks.

    Raises:
        ProblemError: it comes without a key, or what is asked cannot be remembered.
    """
    principal = principal_of(request)
    if principal is None:
        raise key_needed("To be notified needs a key: the watch belongs to it.")
    claim = asked.as_claim()
    if asked.mode != "claim" or claim.as_of is not None:
        fault = "Only the verdict of today on a single claim is remembered: leave out `mode` and `as_of`."
        raise _at_fault("$.notify", fault)
    require_short(claim)
    url = asked.notify.url if asked.notify else None
    result, watch = await watching_of(request).asking.remember(principal.actor, claim, url)
    return structs.replace(result, watch=watch)


def require_short(claim: Claim) -> None:
    """Refuse a single claim that is as long as only a document may be. Raises `ProblemError`."""
    if len(claim.claim) > MAX_CLAIM:
        raise _at_fault(
            "$.claim", f"Expected `str` of length <= {MAX_CLAIM}; a longer text needs `mode` to be `document`."
        )


def _at_fault(field: str, detail: str) -> ProblemError:
    return ProblemError("invalid-body", f"{field}: {detail}", errors=(FieldError(field, detail),))


def _worker(backend: Backend) -> Worker:
    runtime, settings = backend.runtime, backend.settings
    finders = [finder for finder in (runtime.finder, runtime.world) if finder is not None]
    outbound = Outbound(private=settings.outbound_private)
    rules = Rules(settings.webhook_backoff, settings.webhook_seconds)
    return Worker(runtime.store, runtime.checker, finders, outbound, rules)
