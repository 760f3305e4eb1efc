"""The vectors once more, a row for each passage, as pgvector's ``halfvec``: what a search inside the database needs.

What the store answers with are the rows of `vectors`; these repeat them, number for number (both are IEEE half
precision). A search is among the published records, of one language or of all: so the rows lie in a partition for
those that are published and one for the others, the published ones by language. A partition for a language is made by
an operator, or by a later version, where a store is large enough to gain from it; until then all are in the default
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from service.store.sql.beside import Packed
from service.store.sql.connection import Connection
from service.store.sql.tables import Tables

_INSERT: Final = (
    "INSERT INTO passage (key, model, place, field, status, language, embedding) "
    "SELECT b.key, ?, ?, ?, b.status, b.language, CAST(CAST(? AS text) AS halfvec) FROM rebuttal b WHERE b.key = ?"
)
# A trigger rather than a statement in the code: whatever changes a record moves its rows into their partition.
_MOVE: Final = """
    CREATE FUNCTION move_passages() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN
        UPDATE passage SET status = NEW.status, language = NEW.language WHERE key = NEW.key;
        RETURN NULL;
    END'
"""


def lay_out(tables: Tables) -> None:
    """Make the table, and pgvector's types if an operator has not."""
    tables.execute("CREATE EXTENSION IF NOT EXISTS vector")
    tables.execute(
        'CREATE TABLE passage (key bigint NOT NULL, model text COLLATE "C" NOT NULL, place bigint NOT NULL, '
        'field bigint NOT NULL, status text COLLATE "C" NOT NULL, language text COLLATE "C" NOT NULL, '
        "embedding halfvec NOT NULL, "
        "FOREIGN KEY (key, model) REFERENCES vectors (key, model) ON DELETE CASCADE) PARTITION BY LIST (status)"
    )
    tables.execute(
        "CREATE TABLE passage_published PARTITION OF passage FOR VALUES IN ('published') PARTITION BY LIST (language)"
    )
    tables.execute("CREATE TABLE passage_published_any PARTITION OF passage_published DEFAULT")
    tables.execute("CREATE TABLE passage_other PARTITION OF passage DEFAULT")
    tables.index("passage", ["key", "model", "place"])
    tables.execute(_MOVE)
    tables.execute(
        "CREATE TRIGGER rebuttal_moves_passages AFTER UPDATE OF status, language ON rebuttal FOR EACH ROW "
        "WHEN (OLD.status <> NEW.status OR OLD.language <> NEW.language) EXECUTE FUNCTION move_passages()"
    )


def keep(db: Connection, rows: Iterable[tuple[int, Packed]]) -> None:
    """Lay the vectors of records down beside those that were stored, in the same transaction.

    Args:
        db: in the middle of a write.
        rows: the record's key and what was stored of it.
    """
    rows = list(rows)
    db.executemany("DELETE FROM passage WHERE key = ? AND model = ?", [(key, packed.model) for key, packed in rows])
    db.executemany(_INSERT, [values for key, packed in rows for values in _passages(key, packed)])


def _passages(key: int, packed: Packed) -> Iterable[Sequence[Any]]:
    numbers = np.frombuffer(packed.vectors, "<f2").reshape(len(packed.fields), -1)
    for place, (field, row) in enumerate(zip(packed.fields, numbers.astype(np.float32), strict=True)):
        yield (packed.model, place, field, f"[{','.join(map(repr, row.tolist()))}]", key)
