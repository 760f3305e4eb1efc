"""Counting verdicts: in memory where claims are answered, in the store every few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Final

from msgspec import Meta, Struct

from service.domain import Label
from service.errors import StoreError
from service.store import Store
from service.store.tallies import TallyKey

EVERY_S: Final = 5.0
MOST_MATCHED: Final = 10
_DAY_S: Final = 86_400
_EPOCH: Final = dt.date(1970, 1, 1)
_LOGGER: Final = logging.getLogger("rejoinder.tallies")


class Counter:
    """Counts verdicts. ``kill -9`` costs what was counted in the last seconds, an orderly stop nothing.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counts: dict[tuple[int, Label, str], int] = {}

    def count(self, label: Label, rebuttal_id: str = "") -> None:
        """Count one verdict; ``rebuttal_id`` is the record that it stands on. From the event loop only."""
        key = (int(self._clock()) // _DAY_S, label, rebuttal_id)
        self._counts[key] = self._counts.get(key, 0) + 1

    def take(self) -> dict[tuple[int, Label, str], int]:
        """What was counted since the last time. From the event loop only."""
        taken, self._counts = self._counts, {}
        return taken

    def give_back(self, counts: dict[tuple[int, Label, str], int]) -> None:
        """Count again what could not be written. From the event loop only."""
        for key, count in counts.items():
            self._counts[key] = self._counts.get(key, 0) + count

    async def flush(self, store: Store) -> None:
        """Write what was counted; when the store does not take it, it waits for the next time."""
        taken = self.take()
        if not taken:
            return
        counts = {TallyKey(_day(day), label, name): count for (day, label, name), count in taken.items()}
        try:
            await asyncio.to_thread(store.tallies.add, counts, today=_day(int(self._clock()) // _DAY_S))
        except StoreError as error:
            self.give_back(taken)
            _LOGGER.warning("Counts of verdicts could not be written yet: %s", error.detail)

    @asynccontextmanager
    async def flushing(self, store: Callable[[], Store | None], every: float = EVERY_S) -> AsyncIterator[None]:
        """Write while the block runs, and once more at its end.

        Args:
            store: gives the store, or None while it is not open.
            every: seconds between two writes.
        """
        task = asyncio.create_task(self._run(store, every))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            if found := store():
                await self.flush(found)

    async def _run(self, store: Callable[[], Store | None], every: float) -> None:
        while True:
            await asyncio.sleep(every)
            if found := store():
                await asyncio.shield(asyncio.ensure_future(self.flush(found)))


class Day(Struct, frozen=True, kw_only=True):
    """The verdicts of a day (UTC)."""

    day: dt.date
    claims: int
    labels: dict[Label, int]


class Matched(Struct, frozen=True, kw_only=True):
    """A record that verdicts stood on. ``rumor`` is null where the record is gone."""

    rebuttal_id: str
    rumor: str | None
    claims: int
    labels: dict[Label, int]


class Tallies(Struct, frozen=True, kw_only=True):
    """What was asked lately, and what came of it.

    Attributes:
        since: the first day counted.
        until: the last one, which may not be over.
        claims: verdicts given.
        labels: of each label.
        unmatched_share: of the verdicts, those that found nothing; null where there was none.
        days: each day of the span, those without claims too.
        records: the most matched records, the one with most first.
    """

    since: dt.date
    until: dt.date
    claims: int
    labels: dict[Label, int]
    unmatched_share: Annotated[float, Meta(ge=0, le=1)] | None
    days: list[Day]
    records: list[Matched]


def tallies(store: Store, days: int, today: dt.date) -> Tallies:
    """The last days up to today, in UTC; what was counted in the last seconds may be missing."""
    since = today - dt.timedelta(days=days - 1)
    known = {one.day: dict(one.labels) for one in store.tallies.by_day(since)}
    every = [since + dt.timedelta(days=at) for at in range(days)]
    labels = _sum([known.get(day, {}) for day in every])
    claims = sum(labels.values())
    return Tallies(
        since=since,
        until=today,
        claims=claims,
        labels=labels,
        unmatched_share=labels.get("unmatched", 0) / claims if claims else None,
        days=[_of_day(day, known.get(day, {})) for day in every],
        records=_matched(store, since),
    )


def _matched(store: Store, since: dt.date) -> list[Matched]:
    top = store.tallies.by_record(since, MOST_MATCHED)
    records = store.get_many([one.rebuttal_id for one in top])
    return [
        Matched(
            rebuttal_id=one.rebuttal_id,
            rumor=records[one.rebuttal_id].rumor if one.rebuttal_id in records else None,
            claims=sum(one.labels.values()),
            labels=dict(one.labels),
        )
        for one in top
    ]


def _of_day(day: dt.date, labels: dict[Label, int]) -> Day:
    return Day(day=day, claims=sum(labels.values()), labels=labels)


def _sum(parts: Sequence[dict[Label, int]]) -> dict[Label, int]:
    total: dict[Label, int] = {}
    for part in parts:
        for label, count in part.items():
            total[label] = total.get(label, 0) + count
    return total


def _day(number: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=number)
