"""Files that older versions have left: brought up to date, with nothing lost."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.records import GEM_ORE
from support.stores import put

from service.feedback import FeedbackContent
from service.store.sql.keys import digest
from service.store.sqlite import SqliteStore, migrations
from service.store.sqlite.connection import connect_writer
from service.store.sqlite.migrations import MIGRATIONS, prepare
from service.store.watches import Bounds, NewWatch, WatchContent

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
WRONG = FeedbackContent(verdict_id="v1~x", label="rebutted", rebuttal_id="gem-ore", store_version=7, rating="wrong")
TOPIC = WatchContent(owner="key:desk", kind="topic", text="rare earths", url="https://one.example.org/hook")


def test_a_store_of_an_older_layout_keeps_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.db"
    with monkeypatch.context() as patch, closing(connect_writer(path, create=True)) as db:
        patch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:2])
        prepare(db, path, create=True)
        columns = "name, role, prefix, sha256, created_at, revoked_at"
        for name, revoked in (("desk", None), ("gone", "2025-11-01T12:00:00Z")):
            row = (name, "editor", "rj_abcde", digest(f"rj_{name}"), "2025-11-01T09:00:00Z", revoked)
            db.execute(f"INSERT INTO api_key ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608
    with SqliteStore.open(path) as store:
        found = store.find_key("rj_desk", now=NOON)
        assert found is not None
        assert (found.name, found.role, found.per_minute, found.expires_at) == ("desk", "editor", None, None)
        assert store.find_key("rj_gone", now=NOON) is None
        new = store.rotate_key("desk", dt.timedelta(hours=1))
        now = dt.datetime.now(dt.UTC)
        assert store.find_key("rj_desk", now=now) is not None
        assert store.find_key(new, now=now) is not None
        assert store.people.every() == []
        assert store.people.verify_log() == 1


def test_a_store_from_before_there_was_feedback_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    with monkeypatch.context() as old:
        old.setattr("service.store.sqlite.migrations.MIGRATIONS", MIGRATIONS[:1])
        with SqliteStore.open(path) as store:
            store.write(put(GEM_ORE), actor="ed")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'feedback'").fetchone() is None
    with SqliteStore.open(path) as store:
        store.add_feedback(WRONG, most=1)
        assert store.count() == store.verify_events() == 1


def test_watches_are_no_events_and_an_older_store_gets_their_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    with monkeypatch.context() as old:
        old.setattr("service.store.sqlite.migrations.MIGRATIONS", MIGRATIONS[:5])
        with SqliteStore.open(path) as store:
            store.write(put(GEM_ORE), actor="ed")
    with SqliteStore.open(path) as store:
        assert store.watches.add(NewWatch(TOPIC, "whsec_a", since=store.head()), bounds=Bounds(1, 1)) is not None
        assert store.head() == store.verify_events() == 1
