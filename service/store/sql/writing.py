"""Writing records: what a batch makes of the store is collected first and then laid down table by table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from service.domain import Event, Rebuttal, RebuttalContent
from service.errors import AlreadyExistsError, InvalidRecordError, RevisionMismatchError
from service.passages import Passage, passages
from service.store.base import Write, Written
from service.store.sql import events, vectors
from service.store.sql.beside import Beside, Packed
from service.store.sql.connection import Connection
from service.store.sql.meta import among, storable
from service.store.sql.records import columns, decode
from service.store.sql.times import cut

_FIRST = 1
_UPSERT = """
    INSERT INTO rebuttal
    (key, event, position, id, revision, status, language, authority, country, stated_on, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET event = excluded.event, position = excluded.position,
    revision = excluded.revision, status = excluded.status, language = excluded.language,
    authority = excluded.authority, country = excluded.country, stated_on = excluded.stated_on,
    updated_at = excluded.updated_at
"""


class Prepared(NamedTuple):
    """A write with all that can be worked out before anybody has to wait for it."""

    write: Write
    id: str
    sha256: str
    passages: list[Passage]
    vectors: Packed | None


class Current(NamedTuple):
    """A record as it stands, in the file or further up in the batch."""

    key: int
    record: Rebuttal
    sha256: str
    actor: str


def prepare(write: Write) -> Prepared:
    """Check and digest one write.

    Raises:
        InvalidRecordError: it has no id, or text that is not Unicode (a lone surrogate).
        ValueError: its vectors do not fit its passages, or come without the name of their model.
    """
    content = write.content
    if content.id is None:
        raise InvalidRecordError("A record needs an id.", field="$.id")
    try:
        sha256 = events.content_sha256(content)
    except UnicodeEncodeError:
        raise InvalidRecordError(f"The record {content.id!a} holds a lone surrogate, which is not text.") from None
    texts = passages(content)
    packed = None if write.vectors is None else vectors.pack(write.model, texts, write.vectors)
    return Prepared(write, content.id, sha256, texts, packed)


class Author(NamedTuple):
    """Who writes, into which store, and when."""

    store_id: str
    actor: str
    now: dt.datetime


class Batch:
    """Works through writes in their order; nothing touches the tables before `flush`.

    A record may be written twice in one batch: the second write sees what the first has made of it.
    """

    def __init__(self, db: Connection, author: Author, beside: Beside) -> None:
        self._db = db
        self._beside = beside
        self._actor = storable(author.actor)
        self._now = cut(author.now)
        self._number, self._hash = events.tail(db, author.store_id)
        self._key, self._position = _last(db)
        self._first_new_key = self._key + 1
        self._current: dict[str, Current] = {}
        self._events: list[Event] = []
        self._revisions: list[tuple[int, str, int, str]] = []
        self._rows: dict[int, tuple[int, int, Rebuttal]] = {}
        self._vectors = vectors.Changes()

    def write(self, prepared: Sequence[Prepared]) -> list[Written]:
        """Take in all writes and lay them down."""
        self._current |= _load(self._db, [one.id for one in prepared])
        written = [self._write(one) for one in prepared]
        self._flush()
        return written

    def _write(self, new: Prepared) -> Written:
        old = self._current.get(new.id)
        _check_revision(new, 0 if old is None else old.record.revision)
        if old is None:
            self._key += 1
            return Written("created", self._put(new, self._key, None))
        theirs = new.write.unless_edited_by_others and old.actor != self._actor
        if theirs or old.sha256 == new.sha256:
            return Written("unchanged", old.record)
        return Written("updated", self._put(new, old.key, old.record))

    def _put(self, new: Prepared, key: int, old: Rebuttal | None) -> Rebuttal:
        record = _record(
            new.write.content,
            revision=_FIRST if old is None else old.revision + 1,
            created_at=self._now if old is None else old.created_at,
            updated_at=self._now,
        )
        self._log(new, record)
        self._position += 1
        self._rows[key] = (self._number, self._position, record)
        self._current[new.id] = Current(key, record, new.sha256, self._actor)
        same_texts = old is not None and passages(old) == new.passages
        self._vectors.take(key, new.vectors, same_texts=same_texts, existed=old is not None)
        return record

    def _log(self, new: Prepared, record: Rebuttal) -> None:
        self._number += 1
        event = Event(
            number=self._number,
            at=self._now,
            actor=self._actor,
            action=new.write.action,
            rebuttal_id=new.id,
            revision=record.revision,
            reason=None if new.write.reason is None else storable(new.write.reason),
            content_sha256=new.sha256,
            previous=self._hash,
            hash="",
        )
        self._hash = events.event_sha256(event)
        self._events.append(msgspec.structs.replace(event, hash=self._hash))
        self._revisions.append((self._number, new.id, record.revision, msgspec.json.encode(record).decode()))

    def _flush(self) -> None:
        events.append(self._db, self._events)
        self._db.executemany(
            "INSERT INTO revision (event, rebuttal_id, revision, record) VALUES (?, ?, ?, ?)", self._revisions
        )
        rows = self._rows.items()
        self._db.executemany(_UPSERT, ((key, number, place, *columns(record)) for key, (number, place, record) in rows))
        self._flush_topics()
        self._vectors.flush(self._db, self._beside)
        self._beside.records(self._db, [(key, number, record) for key, (number, _, record) in rows])

    def _flush_topics(self) -> None:
        old = ((key,) for key in self._rows if key < self._first_new_key)
        self._db.executemany("DELETE FROM topic WHERE key = ?", old)
        new = ((topic, key) for key, (_, _, record) in self._rows.items() for topic in set(record.topics))
        self._db.executemany("INSERT INTO topic (topic, key) VALUES (?, ?)", new)


def _check_revision(new: Prepared, found: int) -> None:
    expected = new.write.expected_revision
    if expected is None or expected == found:
        return
    if expected == 0:
        raise AlreadyExistsError(f"There is a record {new.id} already.", field="$.id")
    what = f"stands at revision {found}" if found else "does not exist"
    detail = f"The record {new.id} {what}; revision {expected} was expected."
    raise RevisionMismatchError(detail, current=found)


def _record(content: RebuttalContent, **own: Any) -> Rebuttal:  # noqa: ANN401 - of as many types as there are fields
    fields = {name: getattr(content, name) for name in RebuttalContent.__struct_fields__}
    return Rebuttal(**fields, **own)


def _last(db: Connection) -> tuple[int, int]:
    query = "SELECT coalesce(max(key), 0), coalesce(max(position), 0) FROM rebuttal"
    key, position = db.execute(query).fetchone()
    return key, position


def _load(db: Connection, ids: list[str]) -> dict[str, Current]:
    query = (
        "SELECT b.key, b.id, CAST(r.record AS BLOB), e.content_sha256, e.actor FROM rebuttal b "
        "JOIN revision r ON r.event = b.event JOIN event e ON e.number = b.event "
        "WHERE b.id IN (SELECT value FROM json_each(?))"
    )
    rows = db.execute(query, (among(ids),))
    return {name: Current(key, decode(record), sha256, actor) for key, name, record, sha256, actor in rows}
