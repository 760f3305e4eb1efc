"""A server that stands still, or takes too long, is given up on in time, and found again when it goes on."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient
from psycopg_pool import PoolTimeout
from support.api import WordStance
from support.hashing import HashingEncoder
from support.postgres import Server, running
from support.records import content
from support.stores import put

from service.api.app import create_app
from service.errors import NotFoundError, StoreSlowError, StoreUnreachableError
from service.places import Address, Place
from service.runtime import Runtime
from service.settings import Settings
from service.store.moving import move
from service.store.opening import open_place
from service.store.postgres import PostgresStore, connection, writer
from service.store.postgres.connection import _PATIENCE_SECONDS, BUSY_SECONDS, connect
from service.store.postgres.patience import GRACE_S, READ_S, UNHURRIED_S, WRITE_S, SilentError, Turnstile
from service.store.postgres.replicas import _SILENCE_S, Line

T = TypeVar("T")
NOW = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.postgres
READ_SECONDS = 1.0
SLACK_SECONDS = 15.0
"""For a machine that has other things to do as well; without a bound it would be for ever."""
BOUND_SECONDS = max(READ_SECONDS + GRACE_S, _PATIENCE_SECONDS) + SLACK_SECONDS


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One of our own: whoever stops it stops nobody else."""
    with running() as made:
        yield made


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """Of a database whose reads may take a second, as an operator would say it."""
    with server.database() as made:
        yield f"{made}&options=-c%20statement_timeout%3D{READ_SECONDS:g}s"


@pytest.fixture
def store(address: str) -> Iterator[PostgresStore]:
    with PostgresStore.open(address) as opened:
        yield opened


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(StoreUnreachableError) as caught:
        work()
    return caught.value.detail


@pytest.fixture
def client(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient[Litestar]]:
    """Of a service that has one record."""
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path))
    settings = Settings(db=Address(address), starter=False, multilingual="off", search="database")
    runtime = Runtime.open(settings, encoder=HashingEncoder(), stance=WordStance())
    try:
        runtime.store.write(put(content("a")), actor="ed")
        with TestClient(create_app(settings, runtime)) as made:
            yield made
    finally:
        runtime.close()


def read(client: TestClient[Litestar]) -> Response:
    return client.get("/v1/rebuttals/a")


def search(client: TestClient[Litestar]) -> Response:
    return client.post("/v1/search", json={"query": "a gem"})


@pytest.mark.parametrize("ask", [read, search])
def test_a_request_is_answered_503_while_the_server_stands_still_and_200_after(
    server: Server, client: TestClient[Litestar], ask: Callable[[TestClient[Litestar]], Response]
) -> None:
    assert ask(client).status_code == 200
    with server.frozen(), within(BOUND_SECONDS):
        answer = ask(client)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/docs#store-unreachable"
        assert "does not answer" in answer.json()["detail"]
    until(lambda: ask(client).status_code == 200)


def test_many_that_ask_a_silent_server_wait_no_longer_than_one(server: Server, store: PostgresStore) -> None:
    store.head()
    with server.frozen(), within(2 * BOUND_SECONDS), ThreadPoolExecutor(4) as few:
        told = list(few.map(lambda _: refused(store.head), range(60)))
    assert sum("a moment ago" in one for one in told) > 40
    assert store.head() == 0


def test_a_connection_that_is_new_is_not_waited_for_either(server: Server, store: PostgresStore) -> None:
    with server.frozen(), within(2 * BOUND_SECONDS):
        assert "does not answer" in refused(store.head)  # on the connection that was there
        assert "cannot be reached" in refused(store.head)
    until(lambda: store.head() == 0)


def test_a_write_is_given_up_on_and_the_next_goes_through(
    server: Server, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_PAUSE_S", 5.0)
    with server.frozen(), within(3 * (BUSY_SECONDS + GRACE_S) + SLACK_SECONDS):
        assert "does not answer" in refused(lambda: store.set_meta("one", "lost"))
        refused(lambda: store.set_meta("two", "lost"))
        assert "a moment ago" in refused(lambda: store.set_meta("three", "lost"))
    until(lambda: writes(store))
    assert [store.get_meta(name) for name in ("one", "two", "three", "four")] == [None, None, None, "kept"]


def test_a_write_whose_server_stops_in_the_middle_is_not_kept(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WRITE_S", READ_SECONDS)
    begun, stopped = threading.Event(), threading.Event()
    with PostgresStore.open(address) as store, ThreadPoolExecutor(1) as other:
        _, writes_in_turn = store.inside()

        def work(db: object) -> None:
            db.execute("INSERT INTO meta (name, value) VALUES ('half', 'done')")  # type: ignore[attr-defined]
            begun.set()
            assert stopped.wait(60)
            db.execute("SELECT 1")  # type: ignore[attr-defined]

        writing = other.submit(writes_in_turn.run, work)
        assert begun.wait(60)
        with server.frozen(), within(BOUND_SECONDS):
            stopped.set()
            assert "does not answer" in refused(writing.result)
        until(lambda: writes(store))
        assert store.get_meta("half") is None


def writes(store: PostgresStore) -> bool:
    try:
        store.set_meta("four", "kept")
    except StoreUnreachableError:
        return False
    return True


def until(true: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.02)


def test_a_statement_that_takes_too_long_is_canceled_and_told(store: PostgresStore) -> None:
    readers = store.searching._readers  # noqa: SLF001 - nothing that a store is asked takes so long

    def slow() -> None:
        with readers.bare() as db:
            db.execute("SELECT pg_sleep(60)")

    with within(READ_SECONDS + SLACK_SECONDS):
        assert "statement_timeout" in refused(slow)
    assert store.head() == 0
    with readers.unhurried() as db:
        assert db.execute("SELECT pg_sleep(1.5)").rowcount == 1
    with within(READ_SECONDS + SLACK_SECONDS):
        refused(slow)  # the time that it had was for that alone


def test_who_asks_for_long_holds_nobody_up_once_the_server_has_answered(store: PostgresStore) -> None:
    readers = store.searching._readers  # noqa: SLF001 - as above
    with pytest.raises(StoreUnreachableError), readers.bare():
        raise SilentError("quiet")
    with readers.bare() as db:
        assert "a moment ago" in refused(store.head)
        db.execute("SELECT 1")
        assert store.head() == 0


def test_a_server_that_cancels_is_not_silent(store: PostgresStore) -> None:
    readers = store.searching._readers  # noqa: SLF001 - as above
    with pytest.raises(StoreUnreachableError), readers.bare():
        raise SilentError("quiet")
    with pytest.raises(StoreUnreachableError, match="statement_timeout"), readers.bare() as db:
        db.execute("SELECT pg_sleep(60)")
    with readers.bare():
        assert store.head() == 0


def test_a_server_is_found_to_be_gone_in_time_whatever_a_statement_may_take(address: str) -> None:
    PostgresStore.open(address).close()
    with closing(Line(f"{address.partition('&options')[0]}&options=-c%20statement_timeout%3D1h")) as line:
        line.reach()
        assert line._db is not None  # noqa: SLF001 - it would take an hour to see this from outside
        assert line._db.silence_s == _SILENCE_S + GRACE_S  # noqa: SLF001


def test_a_long_answer_is_no_silence(store: PostgresStore) -> None:
    query = "SELECT repeat('x', 3000), pg_sleep(0.03) FROM generate_series(1, 100)"
    with store.searching._readers.unhurried() as db, db.silent_for(2.0):  # noqa: SLF001 - as above
        rows = db.execute(query).fetchall()
    assert len(rows) == 100


def test_the_bounds_are_ours_where_nobody_says_otherwise(address: str) -> None:
    plain = address.partition("&options")[0]
    told = []
    more = f"{plain}&options=-c%20statement_timeout%3D120s"
    for where, write in ((plain, False), (plain, True), (address, False), (address, True), (more, True)):
        db = connect(where, write=write)
        told.append((db.execute("SHOW statement_timeout").fetchone(), db.silence_s))
        db.close()
    assert told == [
        ((f"{READ_S:g}s",), READ_S + GRACE_S),
        (("1min",), WRITE_S + GRACE_S),
        ((f"{READ_SECONDS:g}s",), READ_SECONDS + GRACE_S),
        (("1min",), WRITE_S + GRACE_S),
        (("2min",), 120 + GRACE_S),
    ]


@pytest.mark.parametrize("trouble", [None, ValueError, psycopg.DataError])
@pytest.mark.parametrize("begun", [False, True])
def test_work_that_grows_with_the_store_has_no_bound(
    address: str, trouble: type[Exception] | None, *, begun: bool
) -> None:
    with closing(connect(address.partition("&options")[0], write=False, seconds=READ_SECONDS)) as db:
        if begun:
            db.execute("BEGIN")
        with suppress(ValueError, psycopg.DataError), db.unhurried():
            db.execute("SELECT pg_sleep(%s)", (1.5 * READ_SECONDS,))
            assert db.silence_s == UNHURRIED_S
            if trouble is psycopg.DataError:
                db.execute("SELECT 1 / 0")
            if trouble is not None:
                raise trouble
        assert db.silence_s == READ_SECONDS + GRACE_S
        if trouble is psycopg.DataError and begun:
            db.execute("ROLLBACK")
        assert db.execute("SHOW statement_timeout").fetchone() == (f"{READ_SECONDS:g}s",)


def test_unhurried_work_that_leaves_a_transaction_behind_takes_its_connection_along(address: str) -> None:
    with closing(connect(address, write=False)) as db:
        with db.unhurried():
            db.execute("BEGIN")
        assert db.closed


def test_statements_of_a_pipeline_may_each_take_their_time(store: PostgresStore) -> None:
    count, each = 7, 0.6 * READ_SECONDS
    assert count * each > READ_SECONDS + GRACE_S
    with store.searching._readers.bare() as db, db.pipeline():  # noqa: SLF001 - as above
        db.execute("BEGIN")
        cursors = [db.execute("SELECT %s, pg_sleep(%s)", (number, each)) for number in range(count)]
        db.execute("COMMIT")
        assert [cursor.fetchall()[0][0] for cursor in cursors] == list(range(count))


@contextmanager
def locked(address: str, table: str) -> Iterator[None]:
    """Nobody else can read or write a table: whatever needs it takes as long as the block, or 5 seconds."""
    with psycopg.connect(address.partition("&options")[0]) as db:
        db.execute(f"LOCK TABLE rejoinder.{table}".encode())
        yield


def late(server: Server, address: str, table: str, work: Callable[[], T]) -> T:
    """Do work that has to wait for a table for longer than a read may take."""
    waited = (
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float8 "
        "FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    )
    with ThreadPoolExecutor(1) as other:
        with locked(address, table):
            asked = other.submit(work)
            until(lambda: asked.done() or server.execute(waited) > [(1.5 * READ_SECONDS,)])
        return asked.result()


GROWING: dict[str, tuple[str, Callable[[PostgresStore], object]]] = {
    "the log": ("event", PostgresStore.verify_events),
    "the log's records": ("rebuttal", PostgresStore.verify_events),
    "the access log": ("access_log", lambda store: store.people.verify_log()),
    "vectors for the index": ("vectors", lambda store: store.without_vectors("m@1", 9)),
    "vectors to make": ("vectors", lambda store: store.encodings.missing("m@1", 0, 9)),
    "vectors that are there": ("vectors", lambda store: store.encodings.kept()),
    "records to encode": ("rebuttal", lambda store: store.encodings.due()),
    "links": ("cited", lambda store: store.links.due(NOW, before=NOW, failed_before=NOW, limit=9)),
}


@pytest.mark.parametrize("name", GROWING)
def test_what_grows_with_the_store_outlasts_the_bound_of_reads(
    server: Server, address: str, store: PostgresStore, name: str
) -> None:
    table, work = GROWING[name]
    store.write(put(content("a")), actor="ed")
    store.links.counts()  # takes the citations in
    assert late(server, address, table, lambda: work(store)) == work(store)
    with locked(address, "rebuttal"):
        assert "statement_timeout" in refused(store.count)


@pytest.mark.parametrize("there", [False, True])
def test_a_store_is_moved_however_long_a_statement_takes(
    server: Server, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    monkeypatch.setattr(connection, "WRITE_S", READ_SECONDS)
    source: Place = tmp_path / "other.db"
    target: Place = Address(address)
    PostgresStore.open(address).close()
    if not there:
        source, target = target, source
    with open_place(source) as old:
        old.write(put(content("a")), actor="ed")
    assert late(server, address, "provenance", lambda: move(source, target, lambda *_: None)).events == 1


def test_a_write_takes_longer_than_reads_may(store: PostgresStore) -> None:
    _, writer = store.inside()
    assert writer.run(lambda db: db.execute("SELECT pg_sleep(?)", (1.5 * READ_SECONDS,)).rowcount) == 1


def test_a_write_that_takes_too_long_lets_go_of_the_store(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WRITE_S", READ_SECONDS)
    with PostgresStore.open(address) as store, within(READ_SECONDS + SLACK_SECONDS):
        _, writer = store.inside()
        with pytest.raises(StoreSlowError):
            writer.run(lambda db: db.execute("SELECT pg_sleep(60)").rowcount)
        store.set_meta("after", "kept")


def test_nobody_is_asked_to_send_again_what_took_too_long(address: str, client: TestClient[Litestar]) -> None:
    with locked(address, "rebuttal"):
        answer = read(client)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, False)
    assert "statement_timeout" in answer.json()["detail"]


@pytest.mark.parametrize("trouble", [SilentError("quiet"), PoolTimeout("none left")])
def test_at_a_turnstile_one_asks_a_silent_server_and_others_are_told(trouble: psycopg.OperationalError) -> None:
    turnstile = Turnstile()
    with pytest.raises(type(trouble)), turnstile.passing():
        raise trouble
    with turnstile.passing(), pytest.raises(SilentError, match="a moment ago"), turnstile.passing():
        pass
    with turnstile.passing(), turnstile.passing():  # it has answered: nobody is kept waiting
        pass
    with pytest.raises(NotFoundError), turnstile.passing():
        raise NotFoundError("nothing there")  # an answer like any other
    with turnstile.passing(), turnstile.passing():
        pass
