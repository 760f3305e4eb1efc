"""How tables are made: STRICT, and NOT NULL unless their name says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def create(
    db: Database,
    name: str,
    columns: Mapping[str, type],
    *,
    pk: str | tuple[str, ...],
    foreign_keys: Sequence[tuple[str, str, str]] = (),
) -> None:
    """A STRICT table in which every column is NOT NULL but those whose names end in `?`."""
    types = {column.rstrip("?"): kind for column, kind in columns.items()}
    required = types.keys() & columns.keys()
    db.table(name).create(types, pk=pk, not_null=required, strict=True, foreign_keys=foreign_keys)


def make_append_only(db: Database, table: str, key: str) -> None:
    """Let triggers refuse whatever would change or remove a row of a table that is a log."""
    for verb in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )
    # A connection without recursive triggers would let INSERT OR REPLACE delete in silence.
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - our own names
    db.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
        f"BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
    )
