"""Replicas answer searches: never with less than was promised, and the primary answers where they cannot."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from psycopg.conninfo import conninfo_to_dict
from support.hashing import HashingEncoder
from support.postgres import Server, running, workspace
from support.records import content
from support.replicas import PATIENCE_S, Pair, until
from support.searching import remote

from service.errors import StoreError, StoreUnreachableError
from service.indexes import Sought
from service.passages import passages
from service.remote import Remote
from service.store import Write
from service.store.postgres import PostgresStore
from service.store.postgres.address import hosts
from service.store.postgres.connection import _PATIENCE_SECONDS
from service.store.postgres.patience import GRACE_S, READ_S
from service.store.postgres.replicas import Line, Reach
from service.store.sql import SqlStore
from service.versions import records_at

pytestmark = pytest.mark.postgres
ENCODER = HashingEncoder()
MODEL = f"{ENCODER.name}@{ENCODER.revision}"
RUMOR = "The dam above the valley has cracked"
SOUGHT = Sought(ENCODER.encode([RUMOR])[0], ["dam", "valley", "crack"], 5)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    with running() as primary, workspace() as folder:
        replica = primary.standby(folder)
        primary.set(synchronous_standby_names="")
        primary.reload()
        try:
            yield primary, replica
        finally:
            replica.stop()


@pytest.fixture
def pair(servers: tuple[Server, Server]) -> Iterator[Pair]:
    """A new database, which the replica has too; both servers run."""
    for server in servers:
        if not (server.data / "postmaster.pid").exists():
            server.start()
    primary, replica = servers
    with primary.database() as address:
        name = address.partition("?")[0].rpartition("/")[2]
        until(lambda: (name,) in replica.execute("SELECT datname FROM pg_database"))
        yield Pair(primary, replica, name)
        for server in servers:
            if not (server.data / "postmaster.pid").exists():
                server.start()


@pytest.fixture
def store(pair: Pair) -> Iterator[PostgresStore]:
    with PostgresStore.open(pair.address) as opened:
        write(opened, 1)
        remote(opened, ENCODER).close()
        until(lambda: caught_up(pair))
        opened.read_from([pair.beside], behind_s=30)
        yield opened


@pytest.fixture
def searching(store: PostgresStore) -> Iterator[Remote]:
    found = remote(store, ENCODER)
    until(lambda: settled(store))
    yield found
    found.close()


def caught_up(pair: Pair) -> bool:
    [(written,)] = pair.primary.execute("SELECT pg_current_wal_insert_lsn()")
    return pair.replica.execute(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == [(True,)]


def settled(store: PostgresStore) -> bool:
    return store.read(asked) == "replica"


def asked(one: SqlStore) -> str:
    """Which server answers."""
    with one.inside()[0].lend() as db:
        return "replica" if db.execute("SELECT pg_is_in_recovery()").fetchone() == (True,) else "primary"


def write(store: PostgresStore, number: int) -> None:
    record = content("dam", rumor=RUMOR, statement=f"Report {number}: it is sound.", variants=(), quote=None)
    vectors = ENCODER.encode([passage.text for passage in passages(record)])
    store.write([Write(content=record, action="import", vectors=vectors, model=MODEL)], actor="ed")


def version(searching: Remote) -> int:
    [near] = searching.search([SOUGHT])
    assert [hit.key for hit, _ in near.hits] == ["dam"]
    return near.version


def test_a_replica_answers(store: PostgresStore, searching: Remote) -> None:
    until(lambda: settled(store))
    assert store.read(asked) == "replica"
    assert version(searching) == 1
    assert records_at(store, ["dam"], 1)["dam"].revision == 1


def test_a_process_reads_what_it_has_written(pair: Pair, store: PostgresStore, searching: Remote) -> None:
    until(lambda: settled(store))
    with pair.held_back():
        write(store, 2)
        assert store.read(asked) == "primary"
        assert version(searching) == 2
        assert records_at(store, ["dam"], 2)["dam"].statement.startswith("Report 2")
    until(lambda: settled(store))
    assert version(searching) == 2


def test_another_s_write_is_seen_when_the_replica_has_it(pair: Pair, store: PostgresStore, searching: Remote) -> None:
    until(lambda: settled(store))
    with PostgresStore.open(pair.address) as other, pair.held_back():
        write(other, 2)
        # It may be half a minute behind, and nobody here knows of the write: what it says, it says of version 1.
        assert version(searching) == 1
        searching.catch_up()
        assert searching.version == 2
        # A client that has seen more is not answered with less.
        store.saw(2)
        assert version(searching) == 2
        assert store.read(asked) == "primary"
    until(lambda: settled(store))


def test_what_was_answered_once_is_not_taken_back(pair: Pair, store: PostgresStore, searching: Remote) -> None:
    until(lambda: settled(store))
    with PostgresStore.open(pair.address) as other, pair.held_back():
        write(other, 2)
        assert records_at(store, ["dam"], 2)["dam"].revision == 2  # as after a search that the primary has answered
        assert version(searching) == 1
        store.saw(2)
        assert [version(searching) for _ in range(5)] == [2] * 5
    until(lambda: settled(store))
    assert version(searching) == 2


def test_a_version_that_never_was_binds_nobody(store: PostgresStore) -> None:
    until(lambda: settled(store))
    store.saw(2**62)
    until(lambda: settled(store))
    assert store.read(asked) == "replica"


def test_a_replica_that_is_too_far_behind_is_not_asked(pair: Pair) -> None:
    with PostgresStore.open(pair.address) as store:
        write(store, 1)
        with remote_of(store) as searching:
            until(lambda: caught_up(pair))
            store.read_from([pair.beside], behind_s=0.5)
            until(lambda: settled(store))
            with PostgresStore.open(pair.address) as other, pair.held_back():
                write(other, 2)
                until(lambda: store.read(asked) == "primary")
                assert version(searching) == 1 + 1
            until(lambda: settled(store))


def test_a_process_that_starts_asks_no_replica_that_is_behind(pair: Pair) -> None:
    with PostgresStore.open(pair.address) as store, PostgresStore.open(pair.address) as other:
        write(store, 1)
        until(lambda: caught_up(pair))
        with pair.held_back():
            write(other, 2)
            store.read_from([pair.beside], behind_s=30)
            assert [store.read(asked) for _ in range(5)] == ["primary"] * 5
        until(lambda: settled(store))


def test_what_is_no_event_is_waited_for_as_well(pair: Pair) -> None:
    """As the vectors of another encoder, by which a process begins to search when it has been switched to."""
    with PostgresStore.open(pair.address) as store, PostgresStore.open(pair.address) as other:
        write(store, 1)
        until(lambda: caught_up(pair))
        with pair.held_back():
            other.put_vectors("hashing@other", [("dam", 1, ENCODER.encode(["a", "b", "c"]))])
            store.read_from([pair.beside], behind_s=30)
            assert [store.read(asked) for _ in range(5)] == ["primary"] * 5
        until(lambda: settled(store))


def test_a_replica_that_says_nothing_holds_up_nobody(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not asked for anything else, and of the others it is known how far behind they are."""
    silent, enough = threading.Event(), threading.Event()
    reach = Line.reach

    def reach_or_wait(line: Line) -> Reach:
        if silent.is_set() and "mute" in line._address:  # noqa: SLF001 - nothing else tells servers apart
            enough.wait(2 * PATIENCE_S)
        return reach(line)

    monkeypatch.setattr(Line, "reach", reach_or_wait)
    monkeypatch.setattr("service.store.postgres.replicas._SILENCE_S", 0.5)
    with PostgresStore.open(pair.address) as store, PostgresStore.open(pair.address) as other:
        write(store, 1)
        until(lambda: caught_up(pair))
        store.read_from([f"{pair.beside}&application_name=mute", pair.beside], behind_s=0.5)
        until(lambda: settled(store))
        silent.set()
        try:
            with pair.held_back():
                write(other, 2)
                until(lambda: [store.read(asked) for _ in range(4)] == ["primary"] * 4)
            until(lambda: settled(store))
        finally:
            enough.set()


@contextmanager
def remote_of(store: PostgresStore) -> Iterator[Remote]:
    found = remote(store, ENCODER)
    try:
        yield found
    finally:
        found.close()


def test_it_dies_and_comes_back(
    pair: Pair, store: PostgresStore, searching: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    until(lambda: settled(store))
    with caplog.at_level(logging.WARNING):
        pair.replica.stop()
        assert [version(searching) for _ in range(5)] == [1] * 5
        assert store.read(asked) == "primary"
        write(store, 2)
        until(lambda: "is not used" in caplog.text)
        pair.replica.start()
        until(lambda: settled(store))
    assert version(searching) == 2
    assert caplog.text.count("is not used") == 1
    assert "is used again" in caplog.text


def test_the_primary_dies_and_what_is_known_is_still_answered(
    pair: Pair, store: PostgresStore, searching: Remote
) -> None:
    until(lambda: settled(store))
    pair.primary.stop()
    began = time.monotonic()
    for _ in range(5):
        searching.catch_up()
    # At most the first waits for a connection.
    assert time.monotonic() - began < 3 * _PATIENCE_SECONDS
    assert searching.version == 1
    assert version(searching) == 1
    with pytest.raises(StoreUnreachableError):
        write(store, 2)
    # Nobody can say any more whether that write was kept, so nothing from before it is answered.
    with pytest.raises(StoreUnreachableError):
        version(searching)
    pair.primary.start()
    until(lambda: settled(store))


def test_a_primary_that_stands_still_holds_up_only_who_asks_first(
    pair: Pair, store: PostgresStore, searching: Remote
) -> None:
    until(lambda: settled(store))
    with pair.primary.frozen():
        began = time.monotonic()
        for _ in range(5):
            searching.catch_up()
        assert time.monotonic() - began < 3 * (READ_S + GRACE_S)
        assert (searching.version, version(searching)) == (1, 1)
    until(lambda: reached(lambda: write(store, 2)))
    until(lambda: settled(store))
    assert version(searching) == 2


def reached(work: Callable[[], object]) -> bool:
    try:
        work()
    except StoreUnreachableError:
        return False
    return True


def test_a_replica_that_stands_still_is_not_waited_for(pair: Pair, store: PostgresStore, searching: Remote) -> None:
    until(lambda: settled(store))
    with pair.replica.frozen():
        began = time.monotonic()
        assert [version(searching) for _ in range(5)] == [1] * 5
        assert time.monotonic() - began < 2 * (READ_S + GRACE_S)
        assert store.read(asked) == "primary"
    until(lambda: settled(store))


def test_replicas_do_not_answer_alone_for_ever(pair: Pair) -> None:
    with PostgresStore.open(pair.address) as store:
        write(store, 1)
        remote(store, ENCODER).close()
        until(lambda: caught_up(pair))
        store.read_from([pair.beside], behind_s=30, alone_s=5.0)
        with remote_of(store) as searching:
            until(lambda: settled(store))
            pair.primary.stop()
            began = time.monotonic()
            until(lambda: not reached(lambda: version(searching)))
            assert not reached(searching.catch_up)
            assert time.monotonic() - began > 4.0
            pair.primary.start()
            until(lambda: reached(lambda: version(searching)))
            until(lambda: settled(store))


def test_a_server_of_another_store_is_not_read(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    with running() as stranger:
        stranger.execute("CREATE DATABASE facts")
        with PostgresStore.open(stranger.address("facts")) as other, PostgresStore.open(pair.address) as store:
            write(other, 1)
            with caplog.at_level(logging.WARNING):
                store.read_from([stranger.address("facts")], behind_s=30)
            assert "holds another store" in caplog.text
            assert store.read(lambda one: one.count()) == 0


def test_a_failing_read_is_done_again_on_the_primary(store: PostgresStore) -> None:
    until(lambda: settled(store))
    servers: list[str] = []

    def work(one: SqlStore) -> int:
        servers.append(asked(one))
        if servers[-1] == "replica":
            raise StoreError("canceled for the sake of replay")
        return one.count()

    assert store.read(work) == 1
    assert servers == ["replica", "primary"]
    with pytest.raises(StoreError, match="not the address"):
        store.read_from(["postgresql://h/x?nothing=such"], behind_s=1)


def test_a_primary_that_is_named_as_a_replica_is_none(pair: Pair) -> None:
    with PostgresStore.open(pair.address) as store:
        both = f"{pair.address},{pair.replica.folder}"
        write(store, 1)
        until(lambda: caught_up(pair))
        store.read_from([both], behind_s=30)
        until(lambda: settled(store))
        assert {store.read(asked) for _ in range(6)} == {"replica"}


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("postgresql://u@a,b:5433/d", [("a", None), ("b", "5433")]),
        ("postgresql://u@a:1/d", [("a", "1")]),
        ("postgresql://u@a,b/d?port=7&target_session_attrs=prefer-standby", [("a", "7"), ("b", "7")]),
    ],
)
def test_hosts_of_an_address_are_asked_one_by_one(address: str, found: list[tuple[str, str | None]]) -> None:
    told = [conninfo_to_dict(one) for one in hosts(address)]
    assert [(one["host"], one.get("port") or None) for one in told] == found
    assert {(one["user"], one["dbname"]) for one in told} == {("u", "d")}
    assert not any("target_session_attrs" in one for one in told)
