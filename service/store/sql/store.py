"""The facade: one method for each of the port, and nothing but where it reads or writes."""

from __future__ import annotations

import datetime as dt
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.domain import ApiKey, Event, Filters, Rebuttal, Revision, Role
from service.errors import NotFoundError
from service.feedback import Feedback, FeedbackContent
from service.store.base import FeedbackPage, Page, VectorChange, Vectors, Write, Written
from service.store.sql import events, feedback, keys, meta, records, standing, vectors
from service.store.sql.beside import Beside
from service.store.sql.connection import Connection, Readers, Writes
from service.store.sql.encodings import Encodings
from service.store.sql.filters import cursor_after, last_of
from service.store.sql.links import Links
from service.store.sql.people import People
from service.store.sql.provenance import Provenances
from service.store.sql.sources import Sources
from service.store.sql.tallies import Tallies
from service.store.sql.times import cut, now
from service.store.sql.vectors import put as put_vectors
from service.store.sql.watches import Watches
from service.store.sql.writing import Author, Batch
from service.store.sql.writing import prepare as prepare_write
from service.store.standing import Standing

_ALL: Final = Filters()
_TOUCH_EVERY: Final = dt.timedelta(minutes=1)

Clock = Callable[[], dt.datetime]
T = TypeVar("T")


class SqlStore:
    """The store on any SQL engine. Each method is safe from any thread.

    Args:
        readers: lends connections for what only reads.
        writer: does what writes.
        clock: tells, with a time zone, when a record is written.
        beside: what the engine keeps besides.
    """

    def __init__(self, readers: Readers, writer: Writes, clock: Clock = now, *, beside: Beside | None = None) -> None:
        self.beside = beside or Beside()
        self._clock = clock
        self._readers = readers
        self._writer = writer
        self._touched: dict[str, dt.datetime] = {}
        self._embedded: dict[str, int] = {}
        self._lock = threading.Lock()
        self.sources = Sources(readers, writer)
        self.links = Links(readers, writer)
        self.tallies = Tallies(readers, writer)
        self.watches = Watches(readers, writer)
        self.people = People(readers, writer)
        self.provenances = Provenances(readers, writer)
        self.encodings = Encodings(readers, writer, self.beside)
        self.id = self.get_meta(meta.STORE_ID) or ""

    def inside(self) -> tuple[Readers, Writes]:
        """The way to the tables themselves: for what works on all of them, as `service.store.moving` does."""
        return self._readers, self._writer

    def read(self, work: Callable[[SqlStore], T], *, at_least: int = 0) -> T:  # noqa: ARG002 - here there is one server
        """Do work that only reads, all of it where at least a version of the store is known."""
        return work(self)

    def saw(self, version: int) -> None:
        """Somebody who asks has seen this version: answer nothing from before it."""

    def settle_numbers(self, db: Connection) -> None:
        """After rows were laid down with their numbers: let those that the engine gives go on behind them."""

    def unhurried(self, db: Connection) -> AbstractContextManager[None]:  # noqa: ARG002 - here no statement is bounded
        """Let the statements of a write take any time in the block: for work that grows with the store."""
        return nullcontext()

    def head(self) -> int:
        """Number of the last event; 0 when there is none."""
        with self._readers.lend() as db:
            return events.head(db)

    def position(self) -> int:
        """How far the feed of `vector_changes` has come."""
        with self._readers.lend() as db:
            return vectors.position(db)

    def seal(self, version: int) -> str:
        """The hash of an event; empty where there is none."""
        with self._readers.lend() as db:
            return events.seal(db, self.id, version)

    def passed(self, version: int, seal: str, position: int) -> bool:
        """Whether the store has come by a place in its feed as somebody knows it who has read up to there."""
        with self._readers.snapshot() as db:
            known = seal != "" and events.seal(db, self.id, version) == seal
            return known and vectors.passed(db, version, position)

    def alone(self) -> AbstractContextManager[Callable[[], None]]:
        """Be the only process that changes encoders; each engine has its own way."""
        raise NotImplementedError

    def count(self, filters: Filters | None = None) -> int:
        """How many records there are."""
        with self._readers.lend() as db:
            return records.count(db, filters or _ALL)

    def ids(self, filters: Filters, limit: int) -> list[str]:
        """The ids of records that the filters let through, so many at most, in no order."""
        with self._readers.lend() as db:
            return records.ids(db, filters, limit)

    def get(self, rebuttal_id: str) -> Rebuttal:
        """The record as it stands. Raises `NotFoundError`."""
        found = self.get_many([rebuttal_id])
        if not found:
            raise NotFoundError(f"There is no record {rebuttal_id}.")
        return found[rebuttal_id]

    def get_many(self, ids: Sequence[str]) -> dict[str, Rebuttal]:
        """The records that exist among those asked for, in the order asked for."""
        with self._readers.lend() as db:
            return records.get_many(db, ids)

    def public(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids whose records are or were public."""
        with self._readers.lend() as db:
            return records.public(db, ids)

    def page(self, filters: Filters, *, cursor: str | None, limit: int, public: bool = False) -> Page:
        """Records in the order of their ids. Raises `RejoinderError` for a cursor that is not ours."""
        last = last_of(cursor)
        with self._readers.lend() as db:
            found = records.after(db, filters, last, limit + 1, public=public)
        more = len(found) > limit
        return Page(found[:limit], cursor_after(found[limit - 1].id) if more else None)

    def scan(self, filters: Filters | None = None, *, public: bool = False) -> Iterator[Rebuttal]:
        """Every record in the order of ids; each as it stood when its piece of the list was read."""
        last = ""
        while True:
            with self._readers.lend() as db:
                piece = records.after(db, filters or _ALL, last, records.PIECE, public=public)
            yield from piece
            if len(piece) < records.PIECE:
                return
            last = piece[-1].id

    def revisions(self, rebuttal_id: str, *, before: int | None = None, limit: int | None = None) -> list[Revision]:
        """The states of a record, the newest first: all, or some from below a number. Raises `NotFoundError`."""
        with self._readers.lend() as db:
            found = list(records.revisions(db, meta.storable(rebuttal_id), before=before, limit=limit))
        if not found:
            raise NotFoundError(f"There is no record {rebuttal_id}.")
        return found

    def revision(self, rebuttal_id: str, number: int) -> Revision:
        """One state of a record. Raises `NotFoundError`."""
        with self._readers.lend() as db:
            found = list(records.revisions(db, meta.storable(rebuttal_id), before=number + 1, limit=1))
        if not found or found[0].revision != number:
            raise NotFoundError(f"There is no revision {number} of a record {rebuttal_id}.")
        return found[0]

    def standing(self, ids: Sequence[str], day: dt.date, *, model: str) -> list[Standing]:
        """How records stood at the end of a day (UTC), in the order asked for; those that did not are left out."""
        with self._readers.snapshot() as db:
            return standing.standing(db, ids, day, model)

    def withdrawn_after(self, day: dt.date, *, model: str, limit: int) -> list[Standing]:
        """Records that stood at the end of a day (UTC) and are not published now, the last changed first."""
        with self._readers.snapshot() as db:
            return standing.withdrawn_after(db, day, model, limit)

    def write(self, writes: Sequence[Write], *, actor: str) -> list[Written]:
        """Write all or nothing, in one transaction that is on the disk when this returns.

        Raises:
            RevisionMismatchError: the record is not at the revision expected.
            AlreadyExistsError: `expected_revision` is 0 and the record exists.
            InvalidRecordError: a record without id, or with text that is not Unicode.
        """
        prepared = [prepare_write(write) for write in writes]

        def work(db: Connection) -> list[Written]:
            return Batch(db, Author(self.id, actor, self._clock()), self.beside).write(prepared)

        return self._writer.run(work) if prepared else []

    def put_vectors(self, model: str, vectors: Sequence[tuple[str, int, NDArray[np.float32]]]) -> None:
        """Add vectors made after the fact; those of a revision that is not the current one are passed over."""
        self._writer.run(lambda db: put_vectors(db, model, vectors, self.beside))

    def without_vectors(self, model: str, limit: int) -> list[Rebuttal]:
        """Published records that this model's vectors are still missing for, those unchanged for longest first."""
        # A record that has its vectors is met again only behind this position, because any change moves it to the end:
        # so working through a large store reads each record twice, not once for each call.
        since = self._embedded.get(model, 0)
        with self._readers.snapshot(unhurried=True) as db:
            end = vectors.position(db)
            found = vectors.missing(db, model, since, limit)
        self._embedded[model] = found[0][0] - 1 if found else end
        return [record for _, record in found]

    def vectors_of(self, ids: Sequence[str], *, model: str) -> dict[str, Vectors]:
        """The vectors of records in their wording of now, whatever their status; those without are left out."""
        with self._readers.lend() as db:
            return vectors.of(db, ids, model)

    def drafts(self, limit: int) -> list[Rebuttal]:
        """Drafts, the last changed first."""
        with self._readers.lend() as db:
            return records.drafts(db, limit)

    def vector_changes(self, model: str, since: int) -> Iterator[VectorChange]:
        """For each record changed after position `since`, its vectors now; since 0: the whole store, published only.

        In the order of positions: the last one seen is where to go on from.
        """
        # What goes while the whole is read may have been told already: only what had gone before need not be named.
        known = self.position() if since == 0 else 0
        while True:
            with self._readers.lend() as db:
                piece = vectors.changes(db, model, since, known=known)
            yield from piece
            if len(piece) < vectors.PIECE:
                return
            since = piece[-1].position

    def events(self, since: int, limit: int, rebuttal_id: str | None = None) -> list[Event]:
        """Events after `since`, oldest first; of one record alone, or of all."""
        with self._readers.lend() as db:
            return events.since(db, since, limit, None if rebuttal_id is None else meta.storable(rebuttal_id))

    def verify_events(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Walk the chain. Returns the number of events. Raises `BrokenLogError` naming the first broken one."""
        with self._readers.snapshot(unhurried=True) as db:
            return events.verify(db, self.id, on_progress)

    def get_meta(self, name: str) -> str | None:
        """A small fact about the store itself."""
        with self._readers.lend() as db:
            return meta.get(db, name)

    def set_meta(self, name: str, value: str) -> None:
        """Remember such a fact. Raises `ValueError` for the store's own id."""
        self._writer.run(lambda db: meta.put(db, name, value))

    def settle_meta(self, name: str, value: str) -> str:
        """Remember such a fact unless there is one of that name; the one that there is now."""
        return self._writer.run(lambda db: meta.settle(db, name, value))

    def create_key(
        self,
        name: str,
        role: Role,
        *,
        per_minute: int | None = None,
        expires_at: dt.datetime | None = None,
        actor: str = "cli",
    ) -> str:
        """Make a key of 256 random bits and keep its hash only. Returns the key. Raises `AlreadyExistsError`."""
        made = functools.partial(keys.create, per_minute=per_minute, expires_at=expires_at, actor=actor)
        return self._writer.run(lambda db: made(db, meta.storable(name), role))

    def rotate_key(self, name: str, grace: dt.timedelta, *, actor: str = "cli") -> str:
        """Give a key a new secret; the one before opens for the grace. Returns the key. Raises `NotFoundError`."""
        return self._writer.run(lambda db: keys.rotate(db, meta.storable(name), grace, actor=actor))

    def limit_key(
        self, name: str, *, per_minute: int | None, expires_at: dt.datetime | None, actor: str = "cli"
    ) -> ApiKey:
        """Replace the limits of a key. Raises `NotFoundError`."""
        limited = functools.partial(keys.limit, per_minute=per_minute, expires_at=expires_at, actor=actor)
        return self._writer.run(lambda db: limited(db, meta.storable(name)))

    def find_key(self, key: str, *, now: dt.datetime) -> ApiKey | None:
        """Who a key belongs to; None where it opens nothing. Notes its use at most once a minute, later."""
        with self._readers.lend() as db:
            found = keys.find(db, keys.digest(key), now)
        if found is not None:
            self._touch(found, cut(now))
        return found

    def _touch(self, key: ApiKey, now: dt.datetime) -> None:
        with self._lock:
            last = max(filter(None, (key.last_used_at, self._touched.get(key.name))), default=None)
            if last is not None and now - last < _TOUCH_EVERY:
                return
            self._touched[key.name] = now
        self._writer.note(lambda db: keys.touch(db, key.name, now))

    def keys(self) -> list[ApiKey]:
        """Every key ever made, the oldest first."""
        with self._readers.lend() as db:
            return keys.every(db)

    def revoke_key(self, name: str, *, actor: str = "cli") -> ApiKey:
        """From now on the key opens nothing. Raises `NotFoundError`."""
        return self._writer.run(lambda db: keys.revoke(db, meta.storable(name), actor=actor))

    def add_feedback(self, content: FeedbackContent, *, most: int) -> Feedback:
        """Keep feedback on a verdict. Raises `FeedbackFullError` where there are `most` already."""
        return self._writer.run(lambda db: feedback.add(db, content, most))

    def feedback_page(self, *, cursor: str | None, limit: int) -> FeedbackPage:
        """Feedback, the newest first. Raises `RejoinderError` for a cursor that is not ours."""
        place = feedback.place_of(cursor)
        with self._readers.lend() as db:
            found = feedback.before(db, place, limit + 1)
        more = len(found) > limit
        return FeedbackPage(found[:limit], feedback.cursor_below(found[limit - 1]) if more else None)

    def scan_feedback(self) -> Iterator[Feedback]:
        """All feedback, the oldest first."""
        last = 0
        while True:
            with self._readers.lend() as db:
                piece = feedback.after(db, last, feedback.PIECE)
            yield from piece
            if len(piece) < feedback.PIECE:
                return
            last = piece[-1].number

    def clear_feedback(self, before: dt.datetime) -> int:
        """Delete the feedback that came before a moment. Returns how many pieces that were."""
        return self._writer.run(lambda db: feedback.clear(db, before))

    def close(self) -> None:
        """Finish writes and let go of the file."""
        self._readers.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
