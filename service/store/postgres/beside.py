"""What the database keeps besides the shared tables, for searches inside it."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain import Rebuttal
from service.store.postgres import passages, words
from service.store.sql import beside
from service.store.sql.connection import Connection


class Beside(beside.Beside):
    """See `service.store.sql.beside`."""

    def vectors(self, db: Connection, rows: Sequence[tuple[int, beside.Packed]]) -> None:
        """Lay each passage's vector down as pgvector knows it."""
        passages.keep(db, rows)

    def records(self, db: Connection, rows: Sequence[tuple[int, int, Rebuttal]]) -> None:
        """Keep the words of what is published, where words are kept."""
        words.keep(db, rows)
