"""The primary dies, its replica takes over: nothing that was acknowledged is lost, and nobody has to restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from support.postgres import Server, running, workspace
from support.records import content
from support.stores import MODEL, put, with_vectors

from service.errors import StoreError
from service.store import Store
from service.store.postgres import PostgresStore

pytestmark = pytest.mark.postgres
PATIENCE_SECONDS = 60.0


class Pair(NamedTuple):
    """A primary, its synchronous replica, and the address that names both."""

    primary: Server
    replica: Server
    address: str


@contextmanager
def replicated() -> Iterator[Pair]:
    with running() as primary, workspace() as folder:
        primary.execute("CREATE DATABASE facts")
        replica = primary.standby(folder)
        try:
            yield Pair(primary, replica, f"postgresql://postgres@/facts?host={primary.folder},{replica.folder}")
        finally:
            replica.stop()


@pytest.fixture
def pair() -> Iterator[Pair]:
    with replicated() as both:
        until(lambda: both.primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)])
        yield both


def until(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.02)


class Writing(threading.Thread):
    """Writes one record after another, and goes on whatever happens.

    Attributes:
        kept: ids of the writes that were acknowledged.
        troubles: of the others, what was said.
    """

    def __init__(self, store: Store, name: str) -> None:
        super().__init__(name=name)
        self.kept: list[str] = []
        self.troubles: list[str] = []
        self._store = store
        self._enough = threading.Event()

    def run(self) -> None:
        number = 0
        while not self._enough.is_set():
            number += 1
            record = content(f"{self.name}-{number}")
            try:
                self._store.write([with_vectors(record)], actor=self.name)
            except StoreError as error:
                self.troubles.append(error.detail)
                self._enough.wait(0.05)
            else:
                self.kept.append(f"{record.id}")

    def finish(self) -> None:
        self._enough.set()
        self.join(PATIENCE_SECONDS)


def test_a_replica_that_takes_over_has_every_acknowledged_write(pair: Pair) -> None:
    with PostgresStore.open(pair.address) as one, PostgresStore.open(pair.address) as two:
        writing = [Writing(one, "one"), Writing(two, "two")]
        for thread in writing:
            thread.start()
        try:
            until(lambda: all(len(thread.kept) >= 30 for thread in writing))
            position = one.position()
            pair.primary.stop("immediate")
            until(lambda: all(thread.troubles for thread in writing))
            pair.replica.promote()
            before = [len(thread.kept) for thread in writing]
            until(lambda: all(len(thread.kept) >= count + 10 for thread, count in zip(writing, before, strict=True)))
        finally:
            for thread in writing:
                thread.finish()
        acknowledged = {name for thread in writing for name in thread.kept}
        # The same stores read on: their pools have found the new primary.
        for store in (one, two):
            assert acknowledged <= {record.id for record in store.scan()}
            assert store.verify_events() == store.head() >= len(acknowledged)
        assert {change.id for change in one.vector_changes(MODEL, 0)} >= acknowledged
        assert [event.number for event in one.events(0, 9_999)] == list(range(1, one.head() + 1))
        assert one.position() > position


def test_a_store_opens_on_the_host_that_takes_writes_whichever_is_named_first(pair: Pair) -> None:
    turned = f"postgresql://postgres@/facts?host={pair.replica.folder},{pair.primary.folder}"
    with PostgresStore.open(turned) as store:
        store.write(put(content("a")), actor="ed")
        assert store.count() == 1
    # Acknowledged is what the replica has on its disk; it may be seen there a moment later.
    [(written,)] = pair.primary.execute("SELECT pg_current_wal_lsn()")
    until(lambda: pair.replica.execute(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == [(True,)])
    assert pair.replica.execute("SELECT count(*) FROM rejoinder.rebuttal", database="facts") == [(1,)]
    alone = f"postgresql://postgres@/facts?host={pair.replica.folder}"
    with pytest.raises(StoreError, match="takes no writes"), PostgresStore.open(alone) as store:
        store.set_meta("a", "b")
