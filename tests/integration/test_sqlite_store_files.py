"""The file under the store: names, other programs' files, damage, locks, a full disk."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database
from support.records import content
from support.stores import put

from service.errors import StoreCorruptError, StoreError, StoreFullError, StoreLockedError
from service.store.sqlite import SqliteStore, connection
from service.store.sqlite.connection import Readers, connect_writer
from service.store.sqlite.migrations import MIGRATIONS, prepare
from service.store.sqlite.writer import Writer


def filled(path: Path, records: int = 1) -> Path:
    with SqliteStore.open(path) as store:
        store.write(put(*(content(f"r{number}") for number in range(records))), actor="ed")
    return path


def shell(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


@pytest.mark.parametrize("name", ["a b.db", "what?mode=memory", "50%41#x.db", "记录.db", ":memory:", "--x.db"])
def test_a_store_may_have_any_name_and_its_folder_is_made(tmp_path: Path, name: str) -> None:
    path = filled(tmp_path / "new" / "folder" / name)
    assert [entry.name for entry in path.parent.iterdir()] == [name]
    with SqliteStore.open(str(path), create=False) as store:
        assert store.count() == 1


def test_a_store_is_found_again_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    filled(Path("store.db"))
    assert (tmp_path / "store.db").exists()


def test_it_writes_ahead_and_to_the_disk(tmp_path: Path) -> None:
    with closing(connect_writer(tmp_path / "store.db", create=True)) as db:
        prepare(db, tmp_path / "store.db", create=True)
        asked = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert asked == ["wal", 2, 1]


def test_readers_cannot_write(tmp_path: Path) -> None:
    readers = Readers(filled(tmp_path / "store.db"))
    with pytest.raises(StoreError, match="cannot be written"), readers.lend() as db:
        db.execute("DELETE FROM rebuttal")
    readers.close()


def test_what_is_not_there_is_not_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="rejoinder init"):
        SqliteStore.open(tmp_path / "store.db", create=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match="rejoinder init"):
        SqliteStore.open(tmp_path / "empty.db", create=False)
    filled(tmp_path / "empty.db")


@pytest.mark.parametrize("create", [True, False])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, create: bool) -> None:  # noqa: FBT001 - parametrized
    (tmp_path / "file").write_text("x" * 4096)
    for place in (tmp_path, tmp_path / "file" / "store.db", tmp_path / "a\0b.db", tmp_path / ("x" * 300)):
        with pytest.raises(StoreError):
            SqliteStore.open(place, create=create)


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    shell(path, "CREATE TABLE bookmark (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreCorruptError, match="another program"):
        SqliteStore.open(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_store_of_a_newer_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = filled(tmp_path / "store.db")
    shell(path, "INSERT INTO migration SELECT max(number) + 1, 'the future', '' FROM migration")
    with pytest.raises(StoreError, match="newer version of Rejoinder") as caught:
        SqliteStore.open(path)
    assert not isinstance(caught.value, StoreCorruptError)


def test_a_migration_that_fails_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = MIGRATIONS[0]
    path = filled(tmp_path / "store.db")

    def fails(db: Database) -> None:
        db.execute("CREATE TABLE half (done TEXT)")
        raise RuntimeError("power cut")

    broken = (*MIGRATIONS, first._replace(number=len(MIGRATIONS) + 1, apply=fails))
    monkeypatch.setattr("service.store.sqlite.migrations.MIGRATIONS", broken)
    with pytest.raises(RuntimeError):
        SqliteStore.open(path)
    monkeypatch.setattr("service.store.sqlite.migrations.MIGRATIONS", MIGRATIONS)
    with SqliteStore.open(path) as store:
        assert store.count() == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT number FROM migration").fetchall() == [(one.number,) for one in MIGRATIONS]
        assert db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'half'").fetchone() is None


@pytest.mark.parametrize("text", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(text)
    with pytest.raises(StoreCorruptError, match=r"store\.db"):
        SqliteStore.open(path)
    assert path.read_bytes() == text


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.9])
def test_a_file_cut_short_is_called_damaged(tmp_path: Path, kept: float) -> None:
    path = filled(tmp_path / "store.db", 200)
    os.truncate(path, int(path.stat().st_size * kept))
    with pytest.raises(StoreCorruptError, match=r"store\.db"), SqliteStore.open(path) as store:
        store.verify_events()


def test_overwritten_pages_are_called_damaged(tmp_path: Path) -> None:
    path = filled(tmp_path / "store.db", 200)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * (path.stat().st_size - 8192))
    with pytest.raises(StoreCorruptError, match=r"store\.db"), SqliteStore.open(path) as store:
        store.write(put(*(content(f"s{number}") for number in range(10))), actor="ed")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_store_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    path = filled(tmp_path / "store.db")
    path.chmod(0o400)
    with pytest.raises(StoreError, match="permissions"), SqliteStore.open(path) as store:
        store.write(put(content("new")), actor="ed")


@contextmanager
def held_by_another_process(path: Path, seconds: float) -> Iterator[None]:
    program = (
        "import sqlite3, sys, time\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "print('held', flush=True)\n"
        "time.sleep(float(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", program, str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.kill()


def test_a_store_held_by_another_process_can_be_read_but_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    path = filled(tmp_path / "store.db")
    with SqliteStore.open(path) as store, held_by_another_process(path, 60):
        with pytest.raises(StoreLockedError, match="try again"):
            store.write(put(content("new")), actor="ed")
        assert store.count() == 1
        with SqliteStore.open(path) as second:
            assert second.get("r0").id == "r0"
    with SqliteStore.open(path) as store:
        store.write(put(content("new")), actor="ed")


def test_a_write_waits_for_another_process_to_finish(tmp_path: Path) -> None:
    path = filled(tmp_path / "store.db")
    with SqliteStore.open(path) as store, held_by_another_process(path, 0.3):
        [written] = store.write(put(content("new")), actor="ed")
        assert written.outcome == "created"


def test_a_full_database_keeps_nothing_of_the_write_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    path = filled(tmp_path / "store.db")
    db = connect_writer(path, create=False)
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages + 20}")
    with SqliteStore(path, Readers(path), Writer(db, path)) as store:
        many = put(*(content(f"new-{number}") for number in range(200)))
        with pytest.raises(StoreFullError, match="nothing of this write was kept"):
            store.write(many, actor="ed")
        assert (store.count(), store.head(), store.verify_events()) == (1, 1, 1)
        store.write(put(content("small")), actor="ed")
    with SqliteStore.open(path) as store:
        assert [record.id for record in store.scan()] == ["r0", "small"]
        store.write(many, actor="ed")
        assert store.verify_events() == 202


_FILLS_THE_DISK = """
import resource, sys
from service.errors import StoreFullError
from service.store.sqlite import SqliteStore
from sqlite_utils import Database
from support.records import content
from support.stores import put

with SqliteStore.open(sys.argv[1]) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    written = 0
    try:
        while True:
            store.write(put(*(content(f"r{number}") for number in range(written, written + 10))), actor="ed")
            written += 10
    except StoreFullError:
        assert store.count() == store.head() == written, (store.count(), written)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.write(put(content("after")), actor="ed")
    print(written + 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_disk_that_takes_no_more_loses_no_write_that_was_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _FILLS_THE_DISK, str(tmp_path / "store.db")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    with SqliteStore.open(tmp_path / "store.db") as store:
        assert store.verify_events() == store.count() == int(done.stdout) > 10
