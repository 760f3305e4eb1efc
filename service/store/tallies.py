"""The port to the tallies: how many verdicts of each label a day brought, and which records they stood on.

Numbers only. No text, no sender and no moment finer than a day is kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from service.domain import Label

DAYS_KEPT: Final = 400
"""A year and what it takes to compare with the one before."""


class TallyKey(NamedTuple):
    """What is counted: verdicts of a label that stood on a record, on a day in UTC; the record is ``""`` for none."""

    day: dt.date
    label: Label
    rebuttal_id: str


class DayTally(NamedTuple):
    """The verdicts of a day by label; labels that did not come are left out."""

    day: dt.date
    labels: Mapping[Label, int]


class RecordTally(NamedTuple):
    """The verdicts that stood on a record, by label."""

    rebuttal_id: str
    labels: Mapping[Label, int]


class Tallies(Protocol):
    """Counts of verdicts. Several processes add to one count; every method may raise `StoreError`."""

    def add(self, counts: Mapping[TallyKey, int], *, today: dt.date) -> None:
        """Add to the counts, all or nothing; on the disk when this returns. Drops days before the last 400."""
        ...

    def by_day(self, since: dt.date) -> Sequence[DayTally]:
        """Days that had verdicts, the first first."""
        ...

    def by_record(self, since: dt.date, limit: int) -> Sequence[RecordTally]:
        """Records that verdicts stood on, the one with most first."""
        ...
