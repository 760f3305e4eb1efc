"""Several threads and several processes on one store, and the death of one of them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.engines import Engine
from support.records import content
from support.stores import put

from service.errors import RevisionMismatchError, StoreLockedError
from service.store import Write
from service.store.sql import writer
from service.store.sqlite.writer import Writer

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

_WRITES_FOR_EVER = """
import itertools, sys
from support.records import content
from support.stores import with_vectors

if sys.argv[1].startswith("postgresql:"):
    from service.store.postgres import PostgresStore as Engine
else:
    from service.store.sqlite import SqliteStore as Engine
store = Engine.open(sys.argv[1])
for number in itertools.count():
    batch = [f"{sys.argv[2]}-{number}-{part}" for part in range(3)]
    store.write([with_vectors(content(name)) for name in batch], actor=sys.argv[2])
    print(*batch, flush=True)
"""


def writing(engine: Engine, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITES_FOR_EVER, engine.place, name]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def acknowledged(process: subprocess.Popen[str], batches: int) -> set[str]:
    """Read so many lines, kill it without warning, and read what it had still said."""
    assert process.stdout is not None
    with process:
        lines = [process.stdout.readline() for _ in range(batches)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    return {name for line in lines if line.endswith("\n") for name in line.split()}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_what_was_acknowledged_survives_kill_9_of_two_writers(engine: Engine) -> None:
    with engine.another() as new:
        kill_two_writers(new)


def kill_two_writers(engine: Engine) -> None:
    # Both make the store, too: the second finds it half made or made.
    processes = [writing(engine, name) for name in ("one", "two")]
    told = set[str]().union(*(acknowledged(process, 20) for process in processes))
    assert len(told) >= 120
    with engine.open(create=False) as store:
        kept = {record.id for record in store.scan()}
        assert told <= kept
        assert store.verify_events() == len(kept)
        assert len(kept) % 3 == 0  # whole batches only
        assert {change.id for change in store.vector_changes("test@1", 0)} == kept
        store.write(put(content("after")), actor="ed")


def test_another_process_sees_a_write_at_once(engine: Engine) -> None:
    with engine.open() as here, engine.open() as there:
        here.write(put(content("a")), actor="ed")
        assert (there.head(), there.position(), there.id) == (1, 1, here.id)
        there.write(put(content("a", rating="scam")), actor="jo")
        assert here.get("a").rating == "scam"
        assert here.verify_events() == 2


def test_readers_see_whole_batches_while_threads_write(engine: Engine) -> None:
    ratings = ("false", "scam", "misleading")
    pair = ("a", "b")
    with engine.open() as store, ThreadPoolExecutor(6) as threads:
        store.write(put(*(content(name) for name in pair)), actor="ed")
        done = threading.Event()

        def write(actor: str) -> None:
            for turn in range(20):
                store.write(put(*(content(name, rating=ratings[turn % 3]) for name in pair)), actor=actor)

        def read() -> int:
            seen = 0
            while not done.is_set():
                records = store.get_many(pair)
                assert records["a"].rating == records["b"].rating
                seen += 1
            return seen

        readers = [threads.submit(read) for _ in range(3)]
        writers = [threads.submit(write, actor) for actor in ("one", "two")]
        for future in writers:
            future.result(30)
        done.set()
        assert all(reader.result(30) > 0 for reader in readers)
        assert store.verify_events() == store.head() == 2 * store.get("a").revision


def test_of_two_editors_with_the_same_revision_one_wins(engine: Engine) -> None:
    with engine.open() as store, ThreadPoolExecutor(8) as threads:
        store.write(put(content("a")), actor="ed")

        def edit(number: int) -> bool:
            write = Write(content=content("a", rumor=f"Rumor {number}"), action="update", expected_revision=1)
            try:
                store.write([write], actor=f"editor {number}")
            except RevisionMismatchError:
                return False
            return True

        assert sum(threads.map(edit, range(8))) == 1
        assert store.get("a").revision == 2


def test_closing_finishes_what_waits(engine: Engine) -> None:
    store = engine.open()
    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(store.write, put(content(f"r{number}")), actor="ed") for number in range(8)]
        for future in futures:
            future.result(30)
        store.close()
    with engine.open() as again:
        assert again.count() == 8


def test_writes_that_pile_up_are_refused_and_notes_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_WAITING", 1)
    monkeypatch.setattr(writer, "_PATIENCE_SECONDS", 0.05)
    db = sqlite3.connect(tmp_path / "plain.db", isolation_level=None, check_same_thread=False)
    queue = Writer(db, tmp_path / "plain.db")
    started, release = threading.Event(), threading.Event()

    def blocks(_: object) -> None:
        started.set()
        release.wait(30)

    def nothing(_: object) -> None:
        pass

    def raises(_: object) -> None:
        raise KeyError("mine")

    held = start(queue.run, blocks)
    started.wait(30)
    assert queue.note(nothing)
    assert not queue.note(nothing)
    with pytest.raises(StoreLockedError, match="Too many writes"):
        queue.run(nothing)
    release.set()
    held.join()
    with pytest.raises(KeyError, match="mine"):
        run_when_there_is_room(queue, raises)
    queue.close()


def run_when_there_is_room(queue: writer.Writer, work: Callable[[object], None]) -> None:
    while True:
        try:
            return queue.run(work)
        except StoreLockedError:
            continue


def start(run: Callable[[Callable[[object], None]], None], work: Callable[[object], None]) -> threading.Thread:
    thread = threading.Thread(target=run, args=(work,))
    thread.start()
    return thread
