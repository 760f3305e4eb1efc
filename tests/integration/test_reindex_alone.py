"""One who changes encoders at a time, whatever becomes of processes; and from whom vectors are not taken away."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import structs
from support.encoders import twin
from support.engines import Engine
from support.hashing import HashingEncoder
from support.postgres import Server
from support.records import content
from support.searching import finding_in
from support.stores import with_vectors
from support.warm import clean_environment, warm_store

from embeddings.encoder import MULTILINGUAL, SHIPPED
from service.api import following
from service.calibration import Nearness
from service.encoders import Encoded, EncoderError, Ledger, Report, State, refuse_foreign
from service.errors import StoreError, StoreLockedError
from service.passages import passages
from service.places import Address
from service.reindex import drop, sweep, turning
from service.runtime import load_encoded, open_store
from service.settings import Settings
from service.store.opening import open_place
from service.store.postgres import PostgresStore
from service.store.sql import SqlStore
from service.store.sqlite import SqliteStore

PROGRAM = Path(sys.executable).parent / "rejoinder"
HOLDER = """
import sys
from service.places import place_of
from service.store.opening import open_place
with open_place(place_of(sys.argv[1])) as store, store.alone():
    print("held", flush=True)
    sys.stdin.read()
"""
SMALL = Encoded(encoder="small", model="hashing@1-16", dim=16, run=1, whole=True)
LARGE = Encoded(encoder=None, model="hashing@1-128", dim=128)
NOTICED_S = 1_234.5


@contextmanager
def holding(engine: Engine) -> Iterator[subprocess.Popen[str]]:
    """Another process that is at it."""
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDER, engine.place], text=True, **streams) as process:  # type: ignore[call-overload]  # streams are of one type
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("killed", [True, False])
def test_the_lock_is_of_one_process_and_ends_with_it(engine: Engine, *, killed: bool) -> None:
    with engine.open() as store:
        with holding(engine) as process:
            with pytest.raises(StoreLockedError, match="Another `rejoinder reindex` is at work"), store.alone():
                pass
            store.write([with_vectors(content("a"))], actor="t")  # it keeps nobody from writing
            if killed:
                process.send_signal(signal.SIGKILL)
            else:
                process.communicate("", timeout=30)
            process.wait(30)
        until_free(store)


def until_free(store: SqlStore) -> None:
    """A server notices a moment later that a client has died."""
    for _ in range(1_000):
        try:
            with store.alone() as held:
                held()
        except StoreLockedError:
            continue
        return
    pytest.fail("nobody holds it, and it is not free")


def test_who_has_ended_is_not_in_the_way_of_the_next(engine: Engine) -> None:
    with engine.open() as store:
        for _ in range(20):
            with store.alone():
                pass
        with pytest.raises(ZeroDivisionError), store.alone():
            raise ZeroDivisionError
        with store.alone(), pytest.raises(StoreLockedError), store.alone():
            pass


def test_a_lock_on_a_file_is_the_same_by_every_link_to_it(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "store.db") as store:
        (tmp_path / "link.db").symlink_to(tmp_path / "store.db")
        same = SqliteStore.open(tmp_path / "link.db")
        with same, store.alone(), pytest.raises(StoreLockedError), same.alone():
            pass


@pytest.mark.postgres
def test_who_has_lost_the_server_is_told_and_does_not_go_on(postgres: Server) -> None:
    with postgres.database() as address, open_place(Address(address)) as store:
        with store.alone() as held:
            held()
            with postgres.database() as other:
                end_others(other, address)
            with pytest.raises(StoreError):
                held()
        with store.alone():
            pass


def end_others(through: str, address: str) -> None:
    """End every connection to a database, as a server that restarts does."""
    import psycopg  # noqa: PLC0415 - an extra

    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(through, autocommit=True) as db:
        db.execute(query, (psycopg.conninfo.conninfo_to_dict(address)["dbname"],))


def test_of_two_commands_the_second_is_refused_and_breaks_nothing(tmp_path: Path) -> None:
    db, environment = warm_store(tmp_path), clean_environment(tmp_path, REJOINDER_ENCODERS=str(tmp_path))
    encoder = twin(tmp_path)

    def start(*words: object) -> subprocess.Popen[str]:
        line = [str(PROGRAM), "reindex", *map(str, words), "--db", str(db)]
        return subprocess.Popen(line, env=environment, cwd=tmp_path, text=True, stderr=subprocess.PIPE)

    with SqliteStore.open(db) as store, killed_at_last(start("--encoder", encoder, "--claims", 5)) as first:
        until = time.monotonic() + 240
        while "twin@1" not in store.encodings.kept():
            assert first.poll() is None
            assert time.monotonic() < until, "nothing is encoded"
            time.sleep(0.02)
        first.send_signal(signal.SIGSTOP)
        before = Ledger(store).state()
        for words in (("--encoder", encoder), ("switch",), ("back",), ("drop", "--force")):
            with killed_at_last(start(*words)) as second:
                told = second.communicate(timeout=120)[1]
            assert second.returncode == 2, told
            assert "Another `rejoinder reindex` is at work on the store" in told
        assert Ledger(store).state() == before
        first.send_signal(signal.SIGCONT)
        assert first.wait(240) == 0
        assert store.encodings.missing("twin@1", 0, 1) == []


@contextmanager
def killed_at_last(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that is not waited for where a test fails: a stopped one would never end."""
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def store(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    """A store with vectors of two encoders; it was switched from the small one to the large one."""
    monkeypatch.setattr("service.reindex.turning._SPEAK_UP_S", 0.2)
    monkeypatch.setattr("service.reindex.turning._NOTICED_S", 0.0)
    with engine.open() as store:
        for name, encoded in (("a", SMALL), ("b", LARGE)):
            store.write([with_vectors(content(name), model=encoded.model)], actor="t")
        Ledger(store).change(lambda state: structs.replace(state, active=LARGE, former=SMALL))
        yield store


def answering(model: str) -> Report:
    return Report(id="", host="box", pid=7, beat=0, model=model, ready=True)


def test_what_a_process_answers_with_is_not_let_go_of(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "reports", lambda *_: {"one": answering(SMALL.model), "two": answering(LARGE.model)})
    before = Ledger(store).state()
    with pytest.raises(EncoderError, match=rf"Nothing was let go of: process 7 on box answers with {SMALL.model}"):
        drop(store, LARGE)
    assert Ledger(store).state() == before
    assert store.encodings.kept()[SMALL.model].records == 1
    assert drop(store, LARGE, only_next=True) == ({}, [])  # nobody answers with that
    done = drop(store, LARGE, force=True)
    assert (done.records, [one.pid for one in done.users]) == ({SMALL.model: 1}, [7])
    assert Ledger(store).state() == State(active=LARGE)


def test_after_a_forced_switch_the_vectors_that_somebody_answers_with_stay(store: SqlStore) -> None:
    stale = structs.replace(Ledger(store).state(), former=None, stale=(SMALL.model,))
    Ledger(store).change(lambda _: stale)
    assert sweep(store, {SMALL.model}) == {}
    assert Ledger(store).state().stale == (SMALL.model,)
    assert sweep(store) == {SMALL.model: 1}
    assert Ledger(store).state().stale == ()


def test_it_is_said_before_anything_goes_though_nobody_has_answered(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, noticed = store.encodings.dropped(SMALL.model), []

    def sleep(seconds: float) -> None:
        if seconds == NOTICED_S:
            said = store.encodings.dropped(SMALL.model) != before
            noticed.append((said, store.encodings.kept()[SMALL.model].records))

    monkeypatch.setattr("service.reindex.turning._NOTICED_S", NOTICED_S)
    monkeypatch.setattr("service.reindex.turning.time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    assert drop(store, LARGE) == ({SMALL.model: 1}, [])
    assert noticed == [(True, 1)]
    assert store.encodings.kept().keys() == {LARGE.model}


def test_who_has_met_an_error_speaks_up_while_others_still_wait_for_it() -> None:
    assert following._AFTER_FAULT_S + following._LOOK_EVERY_S < turning._SPEAK_UP_S / 2  # noqa: SLF001 - it would take long to see from outside


def test_a_question_that_was_killed_keeps_nobody_from_asking_again(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("service.reindex.turning._withdrawn", lambda state, _: state)
        patch.setattr(Ledger, "reports", interrupted)
        with pytest.raises(KeyboardInterrupt):
            drop(store, LARGE)
    assert Ledger(store).state().turn is not None
    assert drop(store, LARGE).records == {SMALL.model: 1}
    assert Ledger(store).state() == State(active=LARGE)


def interrupted(*_: object) -> dict[str, Report]:
    raise KeyboardInterrupt


@pytest.mark.postgres
def test_who_searches_in_the_database_fails_rather_than_finds_nothing(postgres: Server) -> None:
    encoder = HashingEncoder()
    model = f"{encoder.name}@{encoder.revision}"
    with postgres.database() as address, PostgresStore.open(address) as store:
        vectors = encoder.encode([passage.text for passage in passages(content("dam"))])
        store.write([structs.replace(with_vectors(content("dam"), model=model), vectors=vectors)], actor="t")
        with finding_in(store, encoder, Nearness(bias=0.0, similarity=1.0, evidence=1.0, size=0)) as finder:
            store.encodings.drop("another@1", 10)
            finder.refresh()
            assert finder.version == store.head()
            store.encodings.drop(model, 0)  # before the first of them goes
            with pytest.raises(StoreError, match="Start the process again"):
                finder.refresh()
            assert finder.version == -1  # and says that it is not ready


OWN = ("all-MiniLM-L6-v2", "/srv/models", "/opt/one/")


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "/srv/models/a", "/srv/models", "/opt/one"])
def test_what_the_operator_has_named_is_loaded(name: str) -> None:
    refuse_foreign(name, OWN)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "/srv/models/a/b",
            "/srv/models/../evil",
            "/srv/models/a/../../evil",
            "/srv",
            "/",
            "/opt/other",
            "/opt/one/a/b",
        ),
        *(
            "evil",
            "./evil",
            "../evil",
            "",
            ".",
            "srv/models/a",
            "somebody/all-MiniLM-L6-v2",
            "~/evil",
            "\\\\host\\share",
        ),
    ],
)
def test_what_a_store_alone_names_is_not(name: str) -> None:
    with pytest.raises(EncoderError, match="REJOINDER_ENCODERS"):
        refuse_foreign(name, OWN)
    with pytest.raises(EncoderError, match="may be a stranger's"):
        refuse_foreign(name, ())


def test_nothing_of_a_strangers_choice_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str | None] = []

    def load(name: str | None = None, **_: object) -> HashingEncoder:
        opened.append(name)
        return HashingEncoder()

    monkeypatch.setattr("service.runtime.load_encoder", load)
    settings = Settings(db=tmp_path / "store.db", starter=False)
    open_store(settings).close()
    for name in ("evil", str(tmp_path), f"{tmp_path}/../evil"):
        with pytest.raises(EncoderError, match="nothing is loaded that was not allowed"):
            load_encoded(structs.replace(SMALL, encoder=name), settings)
    assert opened == []
    for own in (None, SHIPPED, MULTILINGUAL, str(tmp_path)):
        encoded = structs.replace(LARGE, encoder=own)
        load_encoded(encoded, structs.replace(settings, encoders=(str(tmp_path),)))
    assert opened == [None, SHIPPED, MULTILINGUAL, str(tmp_path)]


def test_a_stranger_s_store_is_refused_by_the_program(tmp_path: Path) -> None:
    db, encoder = warm_store(tmp_path), twin(tmp_path)
    with SqliteStore.open(db) as store:
        theirs = Encoded(encoder=str(encoder), model="twin@1", dim=384, run=1, whole=True)
        Ledger(store).change(lambda state: structs.replace(state, active=theirs))
    line = [str(PROGRAM), "check", "--json", "Anything at all", "--db", str(db)]

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        environment = clean_environment(tmp_path, **more)
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=240)

    refused = run()
    assert refused.returncode == 2
    assert f"The store names the encoder {encoder}, and a store may be a stranger's" in refused.stderr
    assert "Traceback" not in refused.stderr
    allowed = run(REJOINDER_ENCODERS=str(tmp_path))
    assert json.loads(allowed.stdout)["model"].startswith("twin@1"), allowed.stderr
