"""The graph over the vectors of the published records: pgvector's HNSW, one for each encoder and partition.

It is an index of an expression, for the column does not say how long its vectors are, and of the rows of one model. A
query has to repeat both, word for word, or it is not used.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from psycopg import sql

from service.store.postgres.connection import SCHEMA
from service.store.postgres.patience import Db

_PARTITIONS: Final = (
    "SELECT n.nspname, c.relname, CAST(c.oid AS bigint) FROM pg_partition_tree('passage_published') t "
    "JOIN pg_class c ON c.oid = t.relid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.isleaf ORDER BY 1, 2"
)
_VALID: Final = (
    "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s"
)
_OURS: Final = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = %s AND c.relkind = 'i' AND c.relname LIKE 'passage\\_near\\_%%'"
)
_BUILDING: Final = 0x524A4E49
"""Number of the advisory lock under which graphs are made: one at a time."""
_LOOK_EVERY_S: Final = 0.2
_LINKS, _EFFORT = 16, 64  # pgvector's own choice; with more, building takes longer and finds no more
_MEMORY_KB: Final = 1_048_576
"""Most memory that building asks for: past it pgvector builds many times slower."""
_BYTES_PER_LINK: Final = 24


class Part(NamedTuple):
    """A partition and the graph over it: the table, the index's name, and whether it can be used."""

    table: sql.Identifier
    name: str
    there: bool


def embedding(dim: int) -> sql.Composed:
    """The vectors as the graph has them."""
    return sql.SQL("(CAST(embedding AS halfvec({})))").format(sql.Literal(dim))


def parts(db: Db, model: str) -> list[Part]:
    """Every partition of the published passages, with its graph for a model."""
    found = []
    for schema, table, number in db.execute(_PARTITIONS).fetchall():
        name = f"passage_near_{hashlib.sha256(model.encode()).hexdigest()[:16]}_{number}"
        row = db.execute(_VALID, (SCHEMA, name)).fetchone()
        found.append(Part(sql.Identifier(schema, table), name, row is not None and bool(row[0])))
    return found


def build(db: Db, model: str, dim: int, on_progress: Callable[[int, int], None]) -> None:
    """Make what graphs are missing, beside reads and writes; two that build at once do it once.

    Args:
        db: a connection that may write, outside of any transaction.
        model: the encoder, ``name@revision``.
        dim: length of its vectors.
        on_progress: told how many graphs are done, and of how many.
    """
    db.execute("SELECT set_config('lock_timeout', '0', false)")
    # Not waited for inside the server: whoever builds CONCURRENTLY waits for all statements that have begun before.
    while db.execute("SELECT pg_try_advisory_lock(%s)", (_BUILDING,)).fetchone() != (True,):
        time.sleep(_LOOK_EVERY_S)
    try:
        every = parts(db, model)
        for done, part in enumerate(every):
            on_progress(done, len(every))
            if not part.there:
                _build(db, part, model, dim)
        on_progress(len(every), len(every))
    finally:
        if not db.closed:
            db.execute("SELECT pg_advisory_unlock(%s)", (_BUILDING,))


def drop(db: Db) -> int:
    """Remove every graph, of any model. Returns how many there were."""
    names = [name for (name,) in db.execute(_OURS, (SCHEMA,)).fetchall()]
    for name in names:
        db.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(SCHEMA, name)))
    return len(names)


def _build(db: Db, part: Part, model: str, dim: int) -> None:
    # One that was interrupted is left behind by PostgreSQL, unusable and kept up by every write.
    db.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(SCHEMA, part.name)))
    db.execute("SELECT set_config('maintenance_work_mem', %s, false)", (f"{_memory(db, part, model, dim)}kB",))
    db.execute(
        sql.SQL(
            "CREATE INDEX CONCURRENTLY {} ON {} USING hnsw ({} halfvec_ip_ops) "
            "WITH (m = {}, ef_construction = {}) WHERE model = {}"
        ).format(
            sql.Identifier(part.name),
            part.table,
            embedding(dim),
            sql.Literal(_LINKS),
            sql.Literal(_EFFORT),
            sql.Literal(model),
        )
    )


def _memory(db: Db, part: Part, model: str, dim: int) -> int:
    """Kilobytes that the graph takes while it is built, at most `_MEMORY_KB`, at least what the server gives anyway."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE model = %s").format(part.table)
    (rows,) = db.execute(query, (model,)).fetchone() or (0,)
    (given,) = db.execute("SELECT pg_size_bytes(current_setting('maintenance_work_mem')) / 1024").fetchone() or (0,)
    needed = rows * (2 * dim + 2 * _LINKS * _BYTES_PER_LINK) // 1024
    return int(max(given, min(needed, _MEMORY_KB)))
