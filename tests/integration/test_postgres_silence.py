"""A server that stands still, or takes too long, is given up on in time, and found again when it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

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
from service.errors import NotFoundError, StoreUnreachableError
from service.places import Address
from service.runtime import Runtime
from service.settings import Settings
from service.store.postgres import PostgresStore, connection, writer
from service.store.postgres.connection import _PATIENCE_SECONDS, BUSY_SECONDS, connect
from service.store.postgres.patience import GRACE_S, READ_S, WRITE_S, SilentError, Turnstile

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


def test_a_long_answer_is_no_silence(store: PostgresStore) -> None:
    query = "SELECT repeat('x', 3000), pg_sleep(0.03) FROM generate_series(1, 100)"
    with store.searching._readers.unhurried() as db, db.silent_for(2.0):  # noqa: SLF001 - as above
        rows = db.execute(query).fetchall()
    assert len(rows) == 100


def test_the_bounds_are_ours_where_nobody_says_otherwise(address: str) -> None:
    plain = address.partition("&options")[0]
    told = []
    for where, write in ((plain, False), (plain, True), (address, False), (address, True)):
        db = connect(where, write=write)
        told.append((db.execute("SHOW statement_timeout").fetchone(), db.silence_s))
        db.close()
    assert told == [
        ((f"{READ_S:g}s",), READ_S + GRACE_S),
        (("0",), WRITE_S),
        ((f"{READ_SECONDS:g}s",), READ_SECONDS + GRACE_S),
        ((f"{READ_SECONDS:g}s",), WRITE_S),
    ]


@pytest.mark.parametrize("begun", [False, True])
def test_work_that_grows_with_the_store_has_no_bound(address: str, *, begun: bool) -> None:
    with closing(connect(address, write=True)) as db:
        if begun:
            db.execute("BEGIN")
        with db.unhurried():
            db.execute("SELECT pg_sleep(%s)", (1.5 * READ_SECONDS,))
            assert db.silence_s is None
        if begun:
            db.execute("COMMIT")
        assert db.silence_s == WRITE_S
        assert db.execute("SHOW statement_timeout").fetchone() == (f"{READ_SECONDS:g}s",)


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
