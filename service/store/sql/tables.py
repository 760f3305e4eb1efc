"""How the layout of a store is told to an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from service.store.sql.connection import Cursor


class Tables(Protocol):
    """Makes tables. Columns are NOT NULL unless their names end in ``?``; types are `int`, `str` and `bytes`."""

    def create(
        self,
        name: str,
        columns: Mapping[str, type],
        *,
        pk: str | tuple[str, ...],
        foreign_keys: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        """A table; a foreign key is (column, other table, its column)."""
        ...

    def add(self, table: str, columns: Mapping[str, type]) -> None:
        """Add columns, each of which may be NULL, to a table that is there."""
        ...

    def index(self, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """An index."""
        ...

    def make_append_only(self, table: str, key: str) -> None:
        """Let triggers refuse whatever would change or remove a row of a table that is a log."""
        ...

    def execute(self, sql: str, parameters: Sequence[str] = ..., /) -> Cursor | object:
        """Run a statement that needs no more than both engines know."""
        ...


class Migration(NamedTuple):
    """One step; numbers grow by one and are never used again."""

    number: int
    name: str
    apply: Callable[[Tables], None]
