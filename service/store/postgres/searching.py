"""What a search inside the database needs: whether it is there, making it, and removing it.

All of it can be made while the store is read and written. Words are filled in a piece at a time, each in a write of its
own; the graph is an index that PostgreSQL makes CONCURRENTLY. Whatever is interrupted is taken up where it was left.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import closing
from typing import Final, NamedTuple

from service.errors import StoreError
from service.store.postgres import graph, words
from service.store.postgres.address import place
from service.store.postgres.connection import Readers, Session, connect
from service.store.postgres.faults import translating
from service.store.postgres.patience import Db
from service.store.postgres.search import Searcher
from service.store.searching import Scale
from service.store.sql.connection import Connection, Writes

OnProgress = Callable[[str, int, int], None]
_OLDEST: Final = (0, 8)
"""Of pgvector: the first that walks on through the graph until there are enough records."""


class Prepared(NamedTuple):
    """What there is to search with, for one encoder.

    Attributes:
        passages: published ones that have a vector of it.
        unworded: records whose words are missing or of another state; None where no words are kept.
        graphs: how many of the graphs can be used.
        parts: how many there should be.
        kilobytes: room that graphs and words take on the disk, those of other encoders included.
    """

    passages: int
    unworded: int | None
    graphs: int
    parts: int
    kilobytes: int

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.unworded == 0 and self.graphs == self.parts


class Searching:
    """See above; of one store."""

    def __init__(self, address: str, readers: Readers, writer: Writes) -> None:
        self._address = address
        self._readers = readers
        self._writer = writer

    def searcher(self, *, model: str, dim: int, scale: Scale) -> Searcher:
        """Searches for one encoder."""
        return Searcher(self._readers, model=model, dim=dim, scale=scale)

    def prepared(self, model: str) -> Prepared:
        """What there is for an encoder, ``name@revision``."""
        with self._readers.unhurried() as db:
            unworded = words.missing(Session(db)) if words.current(Session(db)) else None
            parts = graph.parts(db, model)
            count = "SELECT count(*) FROM passage_published WHERE model = %s"
            (passages,) = db.execute(count, (model,)).fetchone() or (0,)
            (size,) = db.execute(_ROOM).fetchone() or (0,)
        return Prepared(passages, unworded, sum(part.there for part in parts), len(parts), int(size) // 1024)

    def prepare(self, model: str, dim: int, on_progress: OnProgress) -> None:
        """Make what is missing.

        Raises:
            StoreError: pgvector is too old; or its subclass that fits. What was made until then stays.
        """
        with translating(place(self._address)), closing(connect(self._address, write=True)) as db:
            _check_version(db)
            self._fill(on_progress)
            with db.unhurried():
                graph.build(db, model, dim, lambda done, total: on_progress("Graph", done, total))
                # Postings are read from their index alone where the table is known to have no dead rows.
                for table in ("posting", "worded", "word"):
                    db.execute(f"VACUUM (ANALYZE) {table}".encode())
                db.execute("ANALYZE passage_published")

    def drop(self) -> None:
        """Remove graphs and words, of every encoder; writes no longer keep them."""
        with translating(place(self._address)), closing(connect(self._address, write=True)) as db, db.unhurried():
            graph.drop(db)
        self._writer.run(words.end)

    def _fill(self, on_progress: OnProgress) -> None:
        self._writer.run(words.begin)
        with self._readers.unhurried() as db:
            total = words.missing(Session(db))
        done = last = 0
        while last := self._writer.run(functools.partial(_fill, last)):
            done = min(done + words.PIECE, total)
            on_progress("Words", done, total)


def _fill(after: int, db: Connection) -> int:
    if not isinstance(db, Session):
        raise TypeError(f"{db!r} is no connection to PostgreSQL")
    with db.unhurried():  # where nothing is missing it looks through the whole store
        return words.fill(db, after)


_ROOM: Final = (
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c "
    "WHERE c.relnamespace = to_regnamespace('rejoinder') AND (c.relname IN ('posting', 'worded', 'word') "
    "OR c.relkind = 'i' AND c.relname LIKE 'passage\\_near\\_%')"
)


def _check_version(db: Db) -> None:
    (version,) = db.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone() or ("",)
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        detail = f"To search in the database pgvector must be {wanted} or later; this is {version or 'not installed'}."
        raise StoreError(detail)
