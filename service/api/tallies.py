"""How many claims were asked, and what came of them: numbers for the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from litestar import Litestar, get
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api.auth import needs
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer, read_query
from service.api.openapi import documented
from service.domain import Label, Match
from service.store import Store
from service.store.tallies import DAYS_KEPT
from service.tallies import Counter, Tallies, tallies


class Tallying:
    """Counts the verdicts of an application, unless the operator has turned that off."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._counter = Counter()
        self._on = backend.settings.tallies

    def count(self, label: Label, matches: Sequence[Match] = ()) -> None:
        """Count a verdict, and the record that it stands on: the first match."""
        if self._on:
            self._counter.count(label, matches[0].rebuttal.id if matches else "")

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Write every few seconds while the application runs, and when it stops."""
        async with self._counter.flushing(self._store):
            yield

    def _store(self) -> Store | None:
        runtime = self._backend.opened
        return runtime.store if runtime else None


class TalliesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/tallies``."""

    days: Annotated[int, Meta(ge=1, le=DAYS_KEPT, description="How many days, today (UTC) included.")] = 30


@get(
    "/v1/tallies",
    guards=[needs("editor")],
    opt=documented("service", query=TalliesQuery, answers={200: Tallies}, needs="editor"),
)
async def read_tallies(request: Asked) -> ASGIResponse:
    """Read how many claims were asked on each day, with which verdicts, and the records matched most.

    Numbers alone are kept: no claim, nor who asked it. All processes of a store are counted together; the last few
    seconds may be missing.
    """
    backend = backend_of(request)
    query = read_query(request, TalliesQuery)
    today = dt.datetime.now(dt.UTC).date()
    return answer(await backend.call(tallies, backend.runtime.store, query.days, today))
