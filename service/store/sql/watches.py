"""Standing questions, and what is to be delivered: the tables, and the facade of the port."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.store.sql import deliveries, watch_rows, watch_work
from service.store.sql.connection import Connection, Readers, Writes
from service.store.sql.meta import among
from service.store.sql.tables import Tables
from service.store.sql.times import now
from service.store.sql.vectors import unpack
from service.store.watches import (
    Backlog,
    Bounds,
    Change,
    DeliveryState,
    Due,
    EventPage,
    NewWatch,
    Notice,
    Outcome,
    Watch,
    WatchContent,
    WatchEvent,
    Watching,
    WatchPage,
    Work,
)

_VECTORS: Final = (
    "SELECT b.id, b.revision, v.fields, v.vectors FROM rebuttal b JOIN vectors v ON v.key = b.key AND v.model = ? "
    "WHERE b.id IN (SELECT value FROM json_each(?))"
)


def lay_out(tables: Tables) -> None:
    """Make the tables. Moments that are compared are integers: milliseconds since 1970."""
    watch = {"number": int, "id": str, "owner": str, "kind": str, "text": str, "language?": str, "authority?": str}
    watch |= {"url?": str, "host?": str, "secret": str, "old_secret?": str, "old_until?": int, "created_at": str}
    watch |= {"since": int, "stand?": str, "disabled_at?": str, "disabled_why?": str, "model?": str, "vector?": bytes}
    tables.create("watch", watch, pk="number")
    tables.index("watch", ["id"], unique=True)
    tables.index("watch", ["owner", "number"])
    event = {"number": int, "id": str, "watch": int, "type": str, "at": str, "body": str, "state": str}
    event |= {"attempts": int, "next_at?": int, "delivered_at?": str, "error?": str}
    tables.create("watch_event", event, pk="number", foreign_keys=[("watch", "watch", "number")])
    tables.index("watch_event", ["id"], unique=True)
    for columns in (["watch", "number"], ["watch", "state"], ["state", "next_at"]):
        tables.index("watch_event", columns)
    work = {"one": int, "cursor": int, "sequence": int, "holder?": str, "until?": int}
    tables.create("watch_work", work, pk="one")
    tables.execute("INSERT INTO watch_work (one, cursor, sequence) VALUES (1, 0, 0)")


class Watches:
    """See `service.store.watches.Watches`."""

    def __init__(self, readers: Readers, writer: Writes) -> None:
        self._readers = readers
        self._writer = writer

    def add(self, new: NewWatch, *, bounds: Bounds) -> Watch | None:
        """Keep a watch; None where it must be checked again. Raises `WatchesFullError`."""
        return self._writer.run(lambda db: watch_rows.add(db, new, bounds))

    def find_verdict(self, content: WatchContent) -> Watch | None:
        """The owner's watch of the kind `verdict` with this text and address."""
        with self._readers.lend() as db:
            return watch_rows.find_verdict(db, content)

    def get(self, watch_id: str, *, owner: str | None = None) -> Watch:
        """One watch. Raises `NotFoundError`."""
        with self._readers.lend() as db:
            return watch_rows.get(db, watch_id, owner)

    def page(self, *, owner: str | None, cursor: str | None, limit: int) -> WatchPage:
        """Watches in the order in which they came. Raises `RejoinderError` for a cursor that is not ours."""
        place = deliveries.place_of(cursor)
        with self._readers.lend() as db:
            return watch_rows.page(db, owner, place, limit)

    def remove(self, watch_id: str, *, owner: str | None = None) -> None:
        """Delete a watch and its events for good. Raises `NotFoundError`."""
        self._writer.run(lambda db: watch_rows.remove(db, watch_id, owner))

    def rotate(self, watch_id: str, secret: str, *, owner: str | None, until: dt.datetime) -> Watch:
        """Give it a new secret; the old one signs beside it for a while. Raises `NotFoundError`."""
        return self._writer.run(lambda db: watch_rows.rotate(db, watch_id, owner, secret, until))

    def enable(self, watch_id: str, *, owner: str | None = None) -> Watch:
        """Send to its address again. Raises `NotFoundError`."""
        return self._writer.run(lambda db: watch_rows.enable(db, watch_id, owner))

    def tell(self, notice: Notice) -> WatchEvent:
        """Queue a notice outside the log's order. Raises `NotFoundError`."""
        return self._writer.run(lambda db: deliveries.tell(db, notice))

    def feed(self, *, watch_id: str | None, owner: str | None, cursor: str | None, limit: int) -> EventPage:
        """Events, the oldest first. Raises `RejoinderError` for a cursor that is not ours."""
        return self.deliveries(watch_id=watch_id, owner=owner, state=None, cursor=cursor, limit=limit)

    def deliveries(
        self, *, watch_id: str | None, owner: str | None, state: DeliveryState | None, cursor: str | None, limit: int
    ) -> EventPage:
        """Events by the state of their delivery."""
        wanted = deliveries.Wanted(watch_id, owner, state, deliveries.place_of(cursor), limit)
        with self._readers.lend() as db:
            return deliveries.page(db, wanted)

    def retry(self, event_id: str, *, watch_id: str | None = None, owner: str | None = None) -> WatchEvent:
        """Send a delivery again, now. Raises `NotFoundError`, `InvalidTransitionError`."""
        return self._writer.run(lambda db: deliveries.retry(db, event_id, watch_id, owner))

    def backlog(self) -> Backlog:
        """Whether there is work."""
        with self._readers.lend() as db:
            return watch_work.backlog(db)

    def take_lease(self, holder: str, *, seconds: float) -> bool:
        """Become, or stay, the one process that works."""
        return self._writer.run(lambda db: watch_work.take_lease(db, holder, now(), seconds))

    def drop_lease(self, holder: str) -> None:
        """Let another process work."""
        self._writer.run(lambda db: watch_work.drop_lease(db, holder))

    def changes(self, limit: int) -> list[Change]:
        """Events that have not been worked through, the oldest first."""
        with self._readers.lend() as db:
            return watch_work.changes(db, limit)

    def watching(self, after: int, limit: int) -> list[tuple[int, Watching]]:
        """Watches whose owner may still come in, in the order of their places."""
        with self._readers.lend() as db:
            return watch_rows.watching(db, after, limit)

    def vectors(self, model: str, ids: Sequence[str]) -> dict[str, tuple[int, NDArray[np.float32]]]:
        """Revision and vectors of records as they stand."""
        with self._readers.lend() as db:
            rows = db.execute(_VECTORS, (model, among(ids))).fetchall()
        return {name: (revision, unpack(fields, blob)[1]) for name, revision, fields, blob in rows}

    def keep_vectors(self, made: Sequence[tuple[str, str, NDArray[np.float32]]]) -> None:
        """Remember vectors of watches made by another model."""
        self._writer.run(lambda db: watch_rows.keep_vectors(db, made))

    def advance(self, work: Work) -> bool:
        """Note what came of working through the log, all or nothing."""
        return self._writer.run(lambda db: _advance(db, work))

    def due(self, *, sending: Mapping[str, str], each_host: int, limit: int) -> list[Due]:
        """Deliveries whose time has come."""
        with self._readers.lend() as db:
            return deliveries.due(db, sending, each_host, limit)

    def settle(self, event_id: str, outcome: Outcome) -> None:
        """Note what became of an attempt."""
        self._writer.run(lambda db: deliveries.settle(db, event_id, outcome))


def _advance(db: Connection, work: Work) -> bool:
    if not watch_work.advance(db, work.holder, work.to, work.seen):
        return False
    for notice in work.notices:
        deliveries.insert(db, notice)
    watch_rows.keep_stands(db, work.stands)
    return True
