"""What the statements need of an engine: connections, readers that lend them, and one writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")

EVERY: Final = 2**62
"""A LIMIT that leaves nothing out: the engines have no word for it that both know."""


class Cursor(Protocol):
    """What came of a statement."""

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - a row is of as many types as there are columns
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection in the hands of one thread; `sqlite3.Connection` is one."""

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        """Run one statement for each set of values."""
        ...


class Readers(Protocol):
    """Lends connections that cannot write."""

    def lend(self) -> AbstractContextManager[Connection]:
        """A connection for the block; each statement sees the store as it is then."""
        ...

    def snapshot(self, *, unhurried: bool = False) -> AbstractContextManager[Connection]:
        """A connection for the block, in which every statement sees one state of the store.

        Args:
            unhurried: for work that grows with the store: where the engine bounds statements, not these.
        """
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


class Writes(Protocol):
    """Runs work in transactions, one at a time in the whole store."""

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do the work in a transaction and wait until it is kept; what it raises undoes it and is raised here."""
        ...

    def note(self, work: Callable[[Connection], None]) -> bool:
        """Leave work behind that nobody waits for. Returns False where it is dropped."""
        ...

    def close(self) -> None:
        """Finish what waits."""
        ...
