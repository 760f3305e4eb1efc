"""What PostgreSQL alone can do to a store: refuse, restart, be another program's, be a replica."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psycopg
import pytest
from support.engines import PostgresEngine
from support.postgres import Server
from support.records import GEM_ORE, content
from support.stores import MODEL, put, unit_rows, with_vectors

from service.errors import (
    InvalidRecordError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreUnreachableError,
)
from service.places import Address, place_of
from service.store.postgres import PostgresStore, connection, migrations
from service.store.postgres.address import place
from service.store.postgres.faults import translated
from service.store.postgres.migrations import MIGRATIONS
from service.store.postgres.writer import LOCK

pytestmark = pytest.mark.postgres
SECRET = "corn-flower-blue"  # noqa: S105 - made up


@pytest.fixture
def address(postgres: Server) -> Iterator[str]:
    """An empty database."""
    with postgres.database() as made:
        yield made


def database(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def test_two_that_start_at_once_make_it_once(address: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(PostgresStore.open, [address] * 6))
    try:
        assert len({store.id for store in stores}) == 1
    finally:
        for store in stores:
            store.close()
    assert PostgresStore.exists(address)


def test_what_is_not_there_is_not_made_unless_asked(address: str) -> None:
    assert not PostgresStore.exists(address)
    with pytest.raises(StoreError, match="rejoinder init"):
        PostgresStore.open(address, create=False)
    assert not PostgresStore.exists(address)


def test_a_store_of_an_older_layout_is_brought_up_to_date(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as old:
        old.setattr(migrations, "MIGRATIONS", MIGRATIONS[:8])
        old.setattr("service.store.postgres.passages.keep", lambda *_: None)
        old.setattr("service.store.postgres.words.keep", lambda *_: None)
        with PostgresStore.open(address) as store:
            store.write(put(GEM_ORE), actor="ed")
    with PostgresStore.open(address) as store:
        store.put_vectors(MODEL, [("gem-ore", 1, unit_rows(GEM_ORE))])
        assert store.count() == store.verify_events() == 1


def test_a_migration_that_fails_leaves_no_trace(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("power cut")

    broken = (*MIGRATIONS[:3], MIGRATIONS[3]._replace(apply=fails))
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", broken)
        with pytest.raises(RuntimeError, match="power cut"):
            PostgresStore.open(address)
    assert not PostgresStore.exists(address)


def test_a_newer_store_and_another_programs_schema_are_refused(address: str, postgres: Server) -> None:
    PostgresStore.open(address).close()
    postgres.execute(
        "INSERT INTO rejoinder.migration SELECT max(number) + 1, 'the future', '' FROM rejoinder.migration",
        database=database(address),
    )
    with pytest.raises(StoreError, match="newer version of Rejoinder"):
        PostgresStore.open(address)
    postgres.execute(
        "DROP SCHEMA rejoinder CASCADE",
        "CREATE SCHEMA rejoinder",
        "CREATE TABLE rejoinder.bookmark (url text)",
        database=database(address),
    )
    with pytest.raises(StoreCorruptError, match="another program"):
        PostgresStore.open(address)


def test_a_database_that_cannot_hold_every_script_is_refused(postgres: Server) -> None:
    name = "test_latin"
    postgres.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(StoreError, match="UTF8"):
            PostgresStore.open(postgres.address(name))
    finally:
        postgres.execute(f"DROP DATABASE {name}")


def test_a_server_that_restarts_is_found_again(address: str, postgres: Server) -> None:
    with PostgresStore.open(address) as store, PostgresStore.open(address) as other:
        store.write(put(content("a")), actor="ed")
        assert other.count() == 1
        postgres.restart()
        assert (store.count(), other.head()) == (1, 1)
        store.write(put(content("b")), actor="ed")
        other.write(put(content("c")), actor="ed")
        assert store.verify_events() == 3


def test_a_write_that_breaks_off_leaves_nothing_and_the_next_one_goes_through(address: str) -> None:
    with PostgresStore.open(address) as store:
        _, writer = store.inside()

        def cut_off(db: object) -> None:
            db.execute("INSERT INTO meta (name, value) VALUES ('half', 'done')")  # type: ignore[attr-defined]
            db.execute("SELECT pg_terminate_backend(pg_backend_pid())")  # type: ignore[attr-defined]

        with pytest.raises(StoreUnreachableError, match=database(address)):
            writer.run(cut_off)
        assert store.get_meta("half") is None
        store.set_meta("whole", "yes")
        assert store.get_meta("whole") == "yes"


def test_a_commit_that_nobody_confirmed_is_told_apart(address: str, postgres: Server) -> None:
    with PostgresStore.open(address) as store:
        postgres.execute(
            "CREATE FUNCTION rejoinder.die() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'",
            "CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON rejoinder.meta DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (NEW.name = 'fatal') EXECUTE FUNCTION rejoinder.die()",
            database=database(address),
        )
        with pytest.raises(StoreUnreachableError, match="may or may not have been kept"):
            store.set_meta("fatal", "1")
        store.set_meta("harmless", "1")
        assert (store.get_meta("fatal"), store.get_meta("harmless")) == (None, "1")


def test_a_server_that_is_gone_is_named_without_the_password(
    address: str, postgres: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_PATIENCE_SECONDS", 0.5)
    secret = address.replace("postgres@", f"postgres:{SECRET}@")
    store = PostgresStore.open(secret)
    with caplog.at_level(logging.DEBUG):
        postgres.stop()
        try:
            for work in (store.count, lambda: store.set_meta("a", "b"), lambda: PostgresStore.open(secret)):
                with pytest.raises(StoreUnreachableError, match=database(address)) as caught:
                    work()
                assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r}"
        finally:
            postgres.start()
    assert SECRET not in caplog.text
    assert store.count() == 0
    store.close()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("postgresql://nobody@/postgres?host={folder}", "check the user and the password"),
        ("postgresql://postgres@/nothing?host={folder}", "createdb"),
        ("postgresql://postgres@/postgres?host={folder}/nowhere", "cannot be reached"),
        ("postgresql://postgres@127.0.0.1:1/postgres", "cannot be reached"),
        ("postgresql://postgres@/postgres?host={folder}&target_session_attrs=standby", "cannot be reached"),
        ("postgresql://postgres@/postgres?nonsense=1", "no address|not the address"),
        (f"postgresql://u:{SECRET}@[::1/postgres", "not the address"),
    ],
)
def test_what_is_wrong_with_an_address_is_told(postgres: Server, wrong: str, told: str) -> None:
    with pytest.raises(StoreError, match=told) as caught:
        PostgresStore.open(wrong.format(folder=postgres.folder))
    assert SECRET not in f"{caught.value}"


def test_a_user_without_rights_is_told_so(address: str, postgres: Server) -> None:
    PostgresStore.open(address).close()
    postgres.execute(f"CREATE ROLE reader_{database(address)} LOGIN", database=database(address))
    theirs = address.replace("postgres@", f"reader_{database(address)}@")
    with pytest.raises(StoreError, match=r"permission denied.*grant"):
        PostgresStore.open(theirs)


def test_a_server_that_takes_no_writes_is_told(address: str) -> None:
    with PostgresStore.open(address) as store:
        _, writer = store.inside()
        with pytest.raises(StoreUnreachableError, match="takes no writes"):
            writer.run(lambda db: db.execute("SET TRANSACTION READ ONLY") and db.execute("DELETE FROM meta"))
        store.set_meta("a", "b")


def test_readers_cannot_write(address: str) -> None:
    with PostgresStore.open(address) as store:
        readers, _ = store.inside()
        with pytest.raises(StoreError, match="takes no writes"), readers.lend() as db:
            db.execute("DELETE FROM rebuttal")
        assert store.count() == 0


def test_a_writer_that_is_kept_waiting_gives_up_in_time(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.2)
    with PostgresStore.open(address) as store, psycopg.connect(address) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        with pytest.raises(StoreLockedError, match="Another process"):
            store.set_meta("a", "b")
        other.rollback()
        store.set_meta("a", "b")


def test_whoever_follows_the_feed_misses_nothing_while_several_write(address: str) -> None:
    """Positions must come to be seen in their order: one that came later would be passed over for good."""
    each, writers = 25, 4
    done = threading.Event()

    def write(number: int) -> None:
        with PostgresStore.open(address) as store:
            for turn in range(each):
                shared = put(content("shared", rumor=f"{number}.{turn}"))
                store.write([with_vectors(content(f"w{number}-{turn}")), *shared], actor=f"{number}")

    def follow() -> tuple[set[str], list[int]]:
        seen, places, last = set[str](), list[int](), 0
        with PostgresStore.open(address) as store:
            while True:
                finished = done.is_set()  # asked first: what was written by then is in the feed that is read next
                changes = list(store.vector_changes(MODEL, last))
                places += [change.position for change in changes]
                seen |= {change.id for change in changes if change.vectors is not None}
                last = changes[-1].position if changes else last
                if finished:
                    return seen, places

    PostgresStore.open(address).close()
    with ThreadPoolExecutor(writers + 2) as threads:
        following = [threads.submit(follow) for _ in range(2)]
        try:
            list(threads.map(write, range(writers)))
        finally:
            done.set()
        followed = [future.result(60) for future in following]
    expected = {f"w{number}-{turn}" for number in range(writers) for turn in range(each)}
    for seen, places in followed:
        assert seen == expected
        assert places == sorted(set(places))
    with PostgresStore.open(address) as store:
        assert store.verify_events() == store.head() == store.position() == 2 * each * writers
        assert [event.number for event in store.events(0, 999)] == list(range(1, 2 * each * writers + 1))


def test_the_database_s_own_vectors_follow_the_records(address: str, postgres: Server) -> None:
    def rows() -> list[tuple[object, ...]]:
        query = (
            "SELECT p.tableoid::regclass::text, b.id, p.model, count(*) FROM rejoinder.passage p "
            "JOIN rejoinder.rebuttal b USING (key) GROUP BY 1, 2, 3 ORDER BY 2, 3 DESC"
        )
        return postgres.execute(query, database=database(address))

    with PostgresStore.open(address) as store:
        store.write([with_vectors(GEM_ORE), with_vectors(content("b"), 1)], actor="ed")
        store.put_vectors("other@1", [("b", 1, unit_rows(content("b"), 2, dim=3))])
        published, other = "rejoinder.passage_published_any", "rejoinder.passage_other"
        assert rows() == [(published, "b", MODEL, 4), (published, "b", "other@1", 4), (published, "gem-ore", MODEL, 4)]
        store.write(put(content("gem-ore", status="retracted")), actor="ed")
        store.write(put(content("b", rumor="Another one.")), actor="ed")
        assert rows() == [(other, "gem-ore", MODEL, 4)]
        exact = store.vectors_of(["gem-ore"], model=MODEL)["gem-ore"].rows
    query = "SELECT embedding::text FROM rejoinder.passage ORDER BY place"
    kept = [f"{row[0]}".strip("[]").split(",") for row in postgres.execute(query, database=database(address))]
    assert np.array_equal(np.array(kept, np.float16), exact.astype(np.float16))


def test_text_compares_byte_by_byte_whatever_the_database_s_language(address: str, postgres: Server) -> None:
    names = ["B", "a", "a-b", "a.b", "a_b", "aB", "ab"]
    with PostgresStore.open(address) as store:
        store.write(put(*(content(one) for one in names)), actor="ed")
        assert [record.id for record in store.scan()] == sorted(names)
    # The database of this test may happen to be ordered so: each column must say it of itself.
    query = (
        "SELECT DISTINCT collation_name FROM information_schema.columns "
        "WHERE table_schema = 'rejoinder' AND data_type = 'text'"
    )
    assert postgres.execute(query, database=database(address)) == [("C",)]


def test_a_commit_is_on_the_disk_whatever_the_server_s_default(address: str, postgres: Server) -> None:
    postgres.execute(f"ALTER DATABASE {database(address)} SET synchronous_commit = off")
    with PostgresStore.open(address) as store:
        _, writer = store.inside()
        assert writer.run(lambda db: db.execute("SHOW synchronous_commit").fetchone()) == ("on",)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (psycopg.errors.DiskFull("d"), StoreFullError),
        (psycopg.errors.DeadlockDetected("d"), StoreLockedError),
        (psycopg.errors.DataCorrupted("d"), StoreCorruptError),
        (psycopg.errors.TooManyConnections("d"), StoreUnreachableError),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), InvalidRecordError),
    ],
)
def test_each_trouble_has_its_name(error: psycopg.Error, ours: type[Exception]) -> None:
    assert type(translated(error, "here")) is ours


def test_a_mistake_of_ours_surfaces_as_it_is() -> None:
    assert translated(psycopg.errors.SyntaxError("d"), "here") is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"postgresql://u:{SECRET}@db.example.org/facts", "postgresql://db.example.org:5432/facts"),
        (f"postgresql://u:{SECRET}@a:1,b:2/facts?target_session_attrs=any", "postgresql://a:1,b:2/facts"),
        (f"postgresql://db.example.org/facts?password={SECRET}", "postgresql://db.example.org:5432/facts"),
        (f"postgresql://u:{SECRET}@[::1]:6000/facts", "postgresql://[::1]:6000/facts"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert place(address) == shown
    told = place_of(address)
    assert isinstance(told, Address)
    assert told.text == address
    assert SECRET not in f"{told} {told!r}"


def test_the_contract_runs_on_a_store_that_was_emptied(postgres: Server, address: str) -> None:
    engine = PostgresEngine(postgres, address)
    with engine.open() as store:
        before = store.id
        store.write([with_vectors(GEM_ORE)], actor="ed")
    engine.renew()
    with engine.open() as store:
        assert (store.head(), store.position(), store.count()) == (0, 0, 0)
        assert store.id != before
