"""State of cited pages: one row for each address, and one for each citation, kept up with the event log."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from service.domain import Citation, LinkState, Rebuttal
from service.errors import RejoinderError
from service.store.links import Cited, CitedLink, Due, Link, LinkPage, Mark, Why
from service.store.sql import events, meta, records
from service.store.sql.connection import Connection, Readers, Writes
from service.store.sql.filters import cursor_after, last_of
from service.store.sql.tables import Tables
from service.store.sql.times import as_text, cut

_UNCHECKED: Final[tuple[LinkState, None]] = ("unchecked", None)
_FOLLOWED: Final = "links_followed"
_PIECE: Final = 500
_COLUMNS: Final = Link.__struct_fields__
_OF_LINK: Final = ", ".join(f"l.{name}" for name in _COLUMNS if name != "url")
_CITED: Final = (
    f"SELECT c.rebuttal_id, c.place, c.state, c.why, c.url, {_OF_LINK} FROM cited c "  # noqa: S608 - our own names
    "JOIN rebuttal b ON b.id = c.rebuttal_id LEFT JOIN link l ON l.url = c.url"
)
_CHANGED: Final = "SELECT number, rebuttal_id FROM event WHERE number > ? ORDER BY number LIMIT ?"
_KEEP: Final = (
    f"INSERT INTO link ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - our own names
    f"ON CONFLICT (url) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS if name != 'url')}"
)
_MARK: Final = "UPDATE cited SET state = ?, why = ? WHERE rebuttal_id = ? AND place = ? AND basis = ?"
_CITE: Final = "INSERT INTO cited (rebuttal_id, place, url, basis, state, why) VALUES (?, ?, ?, ?, ?, ?)"
_FORGET: Final = "DELETE FROM link WHERE url = ?1 AND NOT EXISTS (SELECT 1 FROM cited WHERE url = ?1)"
# Those never asked come first, so that a run that is cut short has done what nobody had done before.
_DUE: Final = (
    f"SELECT c.url, {_OF_LINK}, max(CASE c.state WHEN 'unchecked' THEN 1 ELSE 0 END) AS whole FROM cited c "  # noqa: S608 - our own names
    "JOIN rebuttal b ON b.id = c.rebuttal_id LEFT JOIN link l ON l.url = c.url "
    "WHERE (c.rebuttal_id = :record OR (:record IS NULL AND b.status = 'published')) "
    "AND (l.retry_at IS NULL OR l.retry_at <= :now) GROUP BY c.url, l.url "
    "HAVING l.checked_at IS NULL OR max(CASE c.state WHEN 'unchecked' THEN 1 ELSE 0 END) = 1 OR l.checked_at < :before "
    "OR (l.state = 'unreachable' AND l.checked_at < :failed_before) "
    "ORDER BY l.checked_at IS NOT NULL, l.checked_at, c.url LIMIT :limit"
)


def lay_out(tables: Tables) -> None:
    """Make the tables."""
    link = {"url": str, "state": str, "why?": str, "checked_at?": str, "status?": int, "final_url?": str}
    link |= {"content_sha256?": str, "kept_sha256?": str, "kept_by?": str, "etag?": str, "last_modified?": str}
    link |= {"failures": int, "failing_since?": str, "retry_at?": str}
    tables.create("link", link, pk="url")
    cited = {"rebuttal_id": str, "place": int, "url": str, "basis": str, "state": str, "why?": str}
    tables.create("cited", cited, pk=("rebuttal_id", "place"))
    tables.index("cited", ["url"])
    tables.index("cited", ["state", "rebuttal_id", "place"])


class Links:
    """See `service.store.links`."""

    def __init__(self, readers: Readers, writer: Writes) -> None:
        self._readers = readers
        self._writer = writer

    def due(
        self,
        now: dt.datetime,
        *,
        before: dt.datetime,
        failed_before: dt.datetime,
        limit: int,
        record: str | None = None,
    ) -> list[Due]:
        """Addresses to ask, those never asked first, then those asked longest ago."""
        moments = {"now": now, "before": before, "failed_before": failed_before}
        values: dict[str, Any] = {name: _moment(at) for name, at in moments.items()}
        values |= {"limit": limit, "record": None if record is None else meta.storable(record)}
        with self._current(unhurried=record is None) as db:
            rows = db.execute(_DUE, values).fetchall()
        return [Due(_link(row[:-1]), bool(row[-1])) for row in rows]

    def citing(self, url: str) -> list[Mark]:
        """The citations that name an address, each with its state."""
        query = "SELECT rebuttal_id, place, basis, state, why FROM cited WHERE url = ? ORDER BY rebuttal_id, place"
        with self._current() as db:
            return [Mark(Cited(*row[:3]), *row[3:]) for row in db.execute(query, (url,))]

    def save(self, link: Link, marks: Sequence[Mark] = ()) -> None:
        """Keep what was found; it is on the disk when this returns."""
        values = msgspec.to_builtins(msgspec.structs.replace(link, **_cut(link)))

        def write(db: Connection) -> None:
            db.execute(_KEEP, tuple(values[name] for name in _COLUMNS))
            db.executemany(_MARK, [(mark.state, mark.why, *mark.cited) for mark in marks])

        self._writer.run(write)

    def of(self, rebuttal_id: str) -> list[CitedLink]:
        """The citations of a record, in its order; reads the record itself, so nothing has to be taken in first."""
        with self._readers.lend() as db:
            record = records.get_many(db, [rebuttal_id]).get(rebuttal_id)
            if record is None:
                return []
            known = _states(db, rebuttal_id)
            return [
                CitedLink(record.id, place, *known.get(_basis(one), _UNCHECKED), _link_of(db, one.url))
                for place, one in enumerate(record.citations)
            ]

    def page(self, state: LinkState | None, *, cursor: str | None, limit: int) -> LinkPage:
        """Citations of published records. Raises `RejoinderError` for a cursor that is not ours."""
        where = "b.status = 'published' AND (c.rebuttal_id, c.place) > (?, ?)" + (" AND c.state = ?" if state else "")
        values = (*_place_of(cursor), *([state] if state else []), limit + 1)
        with self._current() as db:
            rows = db.execute(f"{_CITED} WHERE {where} ORDER BY c.rebuttal_id, c.place LIMIT ?", values).fetchall()
        items = [_cited(row) for row in rows[:limit]]
        more = len(rows) > limit
        return LinkPage(items, cursor_after(f"{items[-1].rebuttal_id} {items[-1].place}") if more else None)

    def counts(self) -> dict[LinkState, int]:
        """How many citations of published records are in each state."""
        query = (
            "SELECT c.state, count(*) FROM cited c JOIN rebuttal b ON b.id = c.rebuttal_id "
            "WHERE b.status = 'published' GROUP BY c.state"
        )
        with self._current() as db:
            return dict(db.execute(query).fetchall())

    @contextmanager
    def _current(self, *, unhurried: bool = False) -> Iterator[Connection]:
        """A reader's connection, once the rows are up with the event log."""
        while self._behind():
            self._writer.run(_follow)
        with self._readers.snapshot(unhurried=True) if unhurried else self._readers.lend() as db:
            yield db

    def _behind(self) -> bool:
        with self._readers.lend() as db:
            return events.head(db) > _followed(db)


def _followed(db: Connection) -> int:
    return int(meta.get(db, _FOLLOWED) or 0)


def _follow(db: Connection) -> None:
    changed = db.execute(_CHANGED, (_followed(db), _PIECE)).fetchall()
    if not changed:
        return
    for record in records.get_many(db, list({name for _, name in changed})).values():
        _cite(db, record)
    meta.put(db, _FOLLOWED, f"{changed[-1][0]}")


def _cite(db: Connection, record: Rebuttal) -> None:
    """The record's citations as they are now; what was found of one that has not changed stays."""
    known = _states(db, record.id)
    before = db.execute("SELECT url FROM cited WHERE rebuttal_id = ?", (record.id,)).fetchall()
    db.execute("DELETE FROM cited WHERE rebuttal_id = ?", (record.id,))
    for place, citation in enumerate(record.citations):
        basis = _basis(citation)
        db.execute(_CITE, (record.id, place, citation.url, basis, *known.get(basis, _UNCHECKED)))
    db.executemany(_FORGET, before)


def _states(db: Connection, rebuttal_id: str) -> dict[str, tuple[LinkState, Why | None]]:
    """What was found of a record's citations, by what they said then."""
    rows = db.execute("SELECT basis, state, why FROM cited WHERE rebuttal_id = ?", (rebuttal_id,))
    return {basis: (state, why) for basis, state, why in rows}


def _link_of(db: Connection, url: str) -> Link:
    row = db.execute(f"SELECT l.url, {_OF_LINK} FROM link l WHERE l.url = ?", (url,)).fetchone()  # noqa: S608 - our own names
    return _link(row) if row else Link(url=url)


def _basis(citation: Citation) -> str:
    """What a state was found for: another address, quote or hash is another question."""
    asked = msgspec.json.encode((citation.url, citation.quote, citation.content_sha256))
    return hashlib.sha256(asked).hexdigest()


def _link(row: Sequence[Any]) -> Link:
    values = dict(zip(("url", *(name for name in _COLUMNS if name != "url")), row, strict=True))
    known = values if values["state"] is not None else {"url": values["url"]}
    return msgspec.convert(known, Link)


def _cited(row: Sequence[Any]) -> CitedLink:
    name, place, state, why, *link = row
    return CitedLink(name, place, state, why, _link(link))


def _cut(link: Link) -> dict[str, dt.datetime]:
    return {name: cut(at) for name in _COLUMNS if isinstance(at := getattr(link, name), dt.datetime)}


def _moment(at: dt.datetime) -> str:
    # Without its Z a moment stands before every fraction of the same second, as it does in time.
    return as_text(cut(at)).removesuffix("Z")


def _place_of(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return ("", -1)
    name, _, place = last_of(cursor).partition(" ")
    if not (place.isascii() and place.isdecimal() and len(place) <= len(f"{_PIECE}")):
        raise RejoinderError(
            "This is not a cursor of this list: take `next_cursor` of the page before.", field="cursor"
        )
    return (name, int(place))
