"""How tables are made: STRICT, and NOT NULL unless their name says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database

_TYPES: Final = {int: "INTEGER", str: "TEXT", bytes: "BLOB"}


class SqliteTables:
    """See `service.store.sql.tables`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(
        self,
        name: str,
        columns: Mapping[str, type],
        *,
        pk: str | tuple[str, ...],
        foreign_keys: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """A STRICT table."""
        types = {column.rstrip("?"): kind for column, kind in columns.items()}
        required = types.keys() & columns.keys()
        self._db.table(name).create(types, pk=pk, not_null=required, strict=True, foreign_keys=foreign_keys)

    def add(self, table: str, columns: Mapping[str, type]) -> None:
        """Add columns to a table that is there."""
        for column, kind in columns.items():
            self.execute(f"ALTER TABLE {table} ADD COLUMN {column} {_TYPES[kind]}")

    def index(self, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """An index."""
        self._db.table(table).create_index(columns, unique=unique)

    def make_append_only(self, table: str, key: str) -> None:
        """Let triggers refuse whatever would change or remove a row of a table that is a log."""
        for verb in ("UPDATE", "DELETE"):
            self.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
            )
        # A connection without recursive triggers would let INSERT OR REPLACE delete in silence.
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - our own names
        self.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
            f"BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )

    def execute(self, sql: str, parameters: Sequence[str] = (), /) -> sqlite3.Cursor:
        """Run a statement."""
        cursor: sqlite3.Cursor = self._db.execute(sql, parameters)
        return cursor
