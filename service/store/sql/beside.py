"""What an engine keeps besides the shared tables, in the same transaction as what it follows from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from service.domain import Rebuttal
from service.store.sql.connection import Connection


class Packed(NamedTuple):
    """The vectors of a record as they are stored: uint8 field numbers, and rows of little-endian float16."""

    model: str
    fields: bytes
    vectors: bytes


class Beside:
    """Told of what was laid down, in the middle of the write. This one keeps nothing."""

    def vectors(self, db: Connection, rows: Sequence[tuple[int, Packed]]) -> None:
        """Vectors were stored, by the keys of their records."""

    def records(self, db: Connection, rows: Sequence[tuple[int, int, Rebuttal]]) -> None:
        """Records were written: the key, the number of the event, and the state they are in now."""
