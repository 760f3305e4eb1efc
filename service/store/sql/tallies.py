"""Counts of verdicts: one row for each day, record and label."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from service.domain import Label
from service.store.sql.connection import Connection, Readers, Writes
from service.store.sql.tables import Tables
from service.store.tallies import DAYS_KEPT, DayTally, RecordTally, TallyKey

_ADD: Final = (
    "INSERT INTO tally (day, rebuttal_id, label, count) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (day, rebuttal_id, label) DO UPDATE SET count = tally.count + excluded.count"
)
_DROP: Final = "DELETE FROM tally WHERE day < ?"
_BY_DAY: Final = (
    "SELECT day, label, CAST(sum(count) AS BIGINT) FROM tally WHERE day >= ? GROUP BY day, label ORDER BY day, label"
)
_TOP: Final = (
    "SELECT rebuttal_id FROM tally WHERE day >= ?1 AND rebuttal_id <> '' GROUP BY rebuttal_id "
    "ORDER BY sum(count) DESC, rebuttal_id LIMIT ?2"
)
_BY_RECORD: Final = (
    f"SELECT t.rebuttal_id, t.label, CAST(sum(t.count) AS BIGINT) FROM tally t JOIN ({_TOP}) top USING (rebuttal_id) "  # noqa: S608 - our own text
    "WHERE t.day >= ?1 GROUP BY t.rebuttal_id, t.label "
    "ORDER BY sum(sum(t.count)) OVER (PARTITION BY t.rebuttal_id) DESC, t.rebuttal_id, t.label"
)


def lay_out(tables: Tables) -> None:
    """Make the table."""
    tally = {"day": str, "rebuttal_id": str, "label": str, "count": int}
    tables.create("tally", tally, pk=("day", "rebuttal_id", "label"))


class Tallies:
    """See `service.store.tallies`."""

    def __init__(self, readers: Readers, writer: Writes) -> None:
        self._readers = readers
        self._writer = writer

    def add(self, counts: Mapping[TallyKey, int], *, today: dt.date) -> None:
        """Add to the counts, all or nothing; on the disk when this returns."""
        rows = [(key.day.isoformat(), key.rebuttal_id, key.label, count) for key, count in counts.items()]
        oldest = (today - dt.timedelta(days=DAYS_KEPT - 1)).isoformat()

        def write(db: Connection) -> None:
            db.executemany(_ADD, rows)
            db.execute(_DROP, (oldest,))

        self._writer.run(write)

    def by_day(self, since: dt.date) -> list[DayTally]:
        """Days that had verdicts, the first first."""
        found = _grouped(self._rows(_BY_DAY, since.isoformat()))
        return [DayTally(dt.date.fromisoformat(day), labels) for day, labels in found.items()]

    def by_record(self, since: dt.date, limit: int) -> list[RecordTally]:
        """Records that verdicts stood on, the one with most first."""
        found = _grouped(self._rows(_BY_RECORD, since.isoformat(), limit))
        return [RecordTally(name, labels) for name, labels in found.items()]

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._readers.lend() as db:
            return db.execute(query, values).fetchall()


def _grouped(rows: list[Any]) -> dict[str, dict[Label, int]]:
    found: dict[str, dict[Label, int]] = {}
    for name, label, count in rows:
        found.setdefault(name, {})[label] = count
    return found
