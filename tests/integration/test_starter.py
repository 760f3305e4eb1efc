"""The starter corpus: there on first use, refreshed on upgrade, and never at the cost of what a user did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from service.catalog import content_of
from service.ingest import starter
from service.store import Write
from service.store.sqlite import SqliteStore

GEM_ORE = "cn-mfa-pakistan-rare-earth-samples-us"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore.open(tmp_path / "store.db")
    yield store
    store.close()


def as_if_upgraded(store: SqliteStore) -> None:
    store.set_meta("starter_sha256", "of an older corpus")


def test_every_record_that_ships_gets_in(store: SqliteStore) -> None:
    assert starter.refresh(store) == 171
    assert store.count() == 171
    record = store.get(GEM_ORE)
    assert record.speaker is not None
    assert record.speaker.name == "Lin Jian"
    assert len(record.citations) == 9


def test_a_second_start_writes_nothing(store: SqliteStore) -> None:
    starter.refresh(store)
    head = store.head()
    assert starter.refresh(store) == 0
    as_if_upgraded(store)
    assert starter.refresh(store) == 0
    assert store.head() == head


def test_an_upgrade_refreshes_what_nobody_touched(store: SqliteStore) -> None:
    starter.refresh(store)
    older = structs.replace(content_of(store.get(GEM_ORE)), rumor="An older wording")
    store.write([Write(content=older, action="starter")], actor=starter.ACTOR)
    as_if_upgraded(store)
    assert starter.refresh(store) == 1
    assert store.get(GEM_ORE).rumor.startswith("Pakistan presented")


@pytest.mark.parametrize("changes", [{"rumor": "The desk's own wording"}, {"status": "retracted"}])
def test_an_upgrade_leaves_a_user_s_work_alone(store: SqliteStore, changes: dict[str, str]) -> None:
    starter.refresh(store)
    edited = structs.replace(content_of(store.get(GEM_ORE)), **changes)
    store.write([Write(content=edited, action="update")], actor="key:desk")
    as_if_upgraded(store)
    assert starter.refresh(store) == 0
    assert content_of(store.get(GEM_ORE)) == edited


def test_a_store_that_declined_stays_empty(store: SqliteStore) -> None:
    starter.decline(store)
    assert starter.refresh(store) == 0
    assert store.count() == 0
