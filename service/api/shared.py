"""What the workers of one service, or several services on one store, hold together; else a process holds it alone."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from service.api.rates import Buckets, Left, Taking
from service.places import Address
from service.settings import Settings

if TYPE_CHECKING:
    from litestar import Litestar
    from prometheus_client import Metric

    from service.store.postgres.buckets import SharedBuckets, Taken

_WINDOW_S: Final = 60


class Shared(Protocol):
    """What a worker asks of whoever stands above all workers."""

    async def take(self, name: str, most: int) -> Left:
        """Take one from a bucket, as `service.api.rates.Buckets.take`."""
        ...

    async def families(self) -> dict[int, list[Metric]] | None:
        """The metrics of every worker that answers, by its number; None where there is one process alone."""
        ...


class Alone:
    """One process counts for itself."""

    def __init__(self) -> None:
        self.take = Buckets().take_here

    async def families(self) -> None:
        """There is nobody else to ask."""


class Limits:
    """Where takings from buckets are counted: in the database of a store that several services may use, else here.

    Args:
        settings: what the operator chose.
        here: counts where no database does, or it does not answer.
    """

    def __init__(self, settings: Settings, here: Taking) -> None:
        self._here = here
        self._buckets: SharedBuckets | None = None
        if settings.shared_limits and isinstance(settings.db, Address):
            with suppress(ImportError):  # whoever opens the store says what is missing, and how to get it
                from service.store.postgres.buckets import SharedBuckets  # noqa: PLC0415 - needs the extra

                self._buckets = SharedBuckets(settings.db.text)

    async def take(self, name: str, most: int) -> Left:
        """Take one from a bucket, as `service.api.rates.Buckets.take`."""
        taken = await self._buckets.take(name, most) if self._buckets else None
        return await self._here(name, most) if taken is None else _left(taken, most)

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Let go of the database at the end."""
        try:
            yield
        finally:
            if self._buckets:
                await self._buckets.close()


def _left(taken: Taken, most: int) -> Left:
    each = _WINDOW_S / most
    free = max(0, math.floor((_WINDOW_S - taken.full) / each + 1e-3))
    return Left(most, free, 0.0) if taken.granted else Left(most, 0, max(taken.full + each - _WINDOW_S, 0.001))
