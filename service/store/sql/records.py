"""Reading records: each is decoded from the JSON of its current revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from service.domain import Filters, Rebuttal, Revision
from service.store.sql.connection import EVERY, Connection
from service.store.sql.filters import conditions
from service.store.sql.meta import among
from service.store.sql.times import as_moment, as_text

PIECE: Final = 500
"""Records read at a time where all are read: some 2 MB."""

CURRENT: Final = "SELECT b.*, CAST(r.record AS BLOB) AS record FROM rebuttal b JOIN revision r ON r.event = b.event"
_RECORD: Final = "SELECT CAST(r.record AS BLOB) FROM rebuttal b JOIN revision r ON r.event = b.event"
# The ids as one JSON parameter: the statement stays the same whatever their number, and is prepared once.
_AMONG: Final = f"{_RECORD} WHERE b.id IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own text

# What anybody might have read before: it was published here, or came as one that another desk had published.
_WAS_PUBLIC: Final = (
    "(json_extract(p.record, '$.status') = 'published' "
    "OR p.revision = 1 AND json_extract(p.record, '$.status') != 'draft')"
)
_PUBLIC: Final = (
    "(b.status = 'published' OR b.status != 'draft' AND EXISTS "  # noqa: S608 - our own text
    f"(SELECT 1 FROM revision p WHERE p.rebuttal_id = b.id AND {_WAS_PUBLIC}))"
)
_decoder: Final = msgspec.json.Decoder(Rebuttal)


def decode(record: bytes | str | None) -> Rebuttal:
    """A record from its JSON. Raises `msgspec.DecodeError` where the file was tampered with."""
    return _decoder.decode(record or b"")


def columns(record: Rebuttal) -> tuple[str | int | None, ...]:
    """What the table repeats of a record, to filter by: the id, the revision and then in the table's order."""
    stated_on = None if record.stated_on is None else record.stated_on.isoformat()
    # Language tags compare without case (RFC 5646, 2.1.1).
    language, authority = record.language.lower(), record.authority
    at = as_text(record.updated_at)
    return (record.id, record.revision, record.status, language, authority.name, authority.country, stated_on, at)


def get_many(db: Connection, ids: Sequence[str]) -> dict[str, Rebuttal]:
    """The records that exist among those asked for."""
    rows = db.execute(_AMONG, (among(ids),))
    found = {record.id: record for record in (decode(row[0]) for row in rows)}
    return {name: found[name] for name in ids if name in found}


def count(db: Connection, filters: Filters) -> int:
    """How many records the filters let through."""
    where, values = conditions(filters)
    return int(db.execute(f"SELECT count(*) FROM rebuttal b WHERE {where}", values).fetchone()[0])  # noqa: S608 - values are bound


def ids(db: Connection, filters: Filters, limit: int) -> list[str]:
    """Of the records that the filters let through, so many at most."""
    where, values = conditions(filters)
    query = f"SELECT b.id FROM rebuttal b WHERE {where} LIMIT ?"  # noqa: S608 - values are bound
    return [name for (name,) in db.execute(query, (*values, limit))]


def public(db: Connection, ids: Sequence[str]) -> set[str]:
    """Those of the ids whose records are or were public."""
    query = (
        f"SELECT DISTINCT p.rebuttal_id FROM revision p WHERE {_WAS_PUBLIC} "  # noqa: S608 - our own text
        "AND p.rebuttal_id IN (SELECT value FROM json_each(?))"
    )
    return {name for (name,) in db.execute(query, (among(ids),))}


def after(db: Connection, filters: Filters, last: str, limit: int, *, public: bool = False) -> list[Rebuttal]:
    """Records whose id comes after `last`, in the order of ids; all, or those that the public sees."""
    where, values = conditions(filters)
    where = f"{where} AND {_PUBLIC}" if public else where
    rows = db.execute(f"{_RECORD} WHERE {where} AND b.id > ? ORDER BY b.id LIMIT ?", (*values, last, limit))
    return [decode(row[0]) for row in rows]


def drafts(db: Connection, limit: int) -> list[Rebuttal]:
    """Drafts, the last changed first."""
    rows = db.execute(f"{_RECORD} WHERE b.status = 'draft' ORDER BY b.event DESC LIMIT ?", (limit,))
    return [decode(row[0]) for row in rows]


def revisions(
    db: Connection, rebuttal_id: str, *, before: int | None = None, limit: int | None = None
) -> Iterator[Revision]:
    """The states of a record from below a number, the newest first; none if there are none."""
    query = (
        "SELECT r.revision, e.at, e.actor, e.action, e.reason, CAST(r.record AS BLOB) FROM revision r "
        "JOIN event e ON e.number = r.event WHERE r.rebuttal_id = ? AND r.revision < ? "
        "ORDER BY r.revision DESC LIMIT ?"
    )
    values = (rebuttal_id, EVERY if before is None else before, EVERY if limit is None else limit)
    for revision, at, actor, action, reason, record in db.execute(query, values):
        yield Revision(
            revision=revision,
            at=as_moment(at),
            actor=actor,
            action=action,
            reason=reason,
            rebuttal=decode(record),
        )
