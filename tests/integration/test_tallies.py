"""Counts of verdicts: in memory, in the store, over HTTP."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from support.api import Api, open_api, open_runtime
from support.engines import Engine
from support.records import content
from support.stores import put

from service.api.app import create_app
from service.errors import StoreLockedError
from service.settings import Settings
from service.store import Store
from service.store.sqlite import SqliteStore
from service.store.tallies import DAYS_KEPT, TallyKey
from service.tallies import Counter, tallies

DAY = dt.date(2026, 3, 1)
CLAIM = "Pakistan handed rare earth samples to the US president."


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as opened:
        yield opened


def seconds(day: dt.date) -> float:
    return dt.datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=dt.UTC).timestamp()


def flush(counter: Counter, store: Store) -> None:
    asyncio.run(counter.flush(store))


def test_verdicts_are_counted_by_day_record_and_label(store: Store) -> None:
    now = [seconds(DAY)]
    counter = Counter(clock=lambda: now[0])
    for label, name in (("rebutted", "a"), ("rebutted", "a"), ("consistent", "a"), ("unmatched", "")):
        counter.count(label, name)  # type: ignore[arg-type]  # each is a label
    now[0] += 1  # midnight
    counter.count("rebutted", "b")
    flush(counter, store)
    next_day = DAY + dt.timedelta(days=1)
    assert store.tallies.by_day(DAY) == [
        (DAY, {"rebutted": 2, "consistent": 1, "unmatched": 1}),
        (next_day, {"rebutted": 1}),
    ]
    assert store.tallies.by_record(DAY, 10) == [("a", {"rebutted": 2, "consistent": 1}), ("b", {"rebutted": 1})]
    assert store.tallies.by_record(DAY, 1) == [("a", {"rebutted": 2, "consistent": 1})]
    assert store.tallies.by_record(next_day, 10) == [("b", {"rebutted": 1})]


def test_several_processes_add_up(store: Store, engine: Engine) -> None:
    with engine.open() as other:

        def work(mine: Store) -> None:
            for _ in range(20):
                mine.tallies.add({TallyKey(DAY, "rebutted", "a"): 3}, today=DAY)

        threads = [threading.Thread(target=work, args=(one,)) for one in (store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert store.tallies.by_day(DAY) == [(DAY, {"rebutted": 120})]


def test_what_is_older_than_four_hundred_days_is_dropped(store: Store) -> None:
    kept, dropped = DAY - dt.timedelta(days=DAYS_KEPT - 1), DAY - dt.timedelta(days=DAYS_KEPT)
    store.tallies.add({TallyKey(day, "related", "a"): 1 for day in (kept, dropped)}, today=dropped)
    store.tallies.add({TallyKey(DAY, "related", "a"): 1}, today=DAY)
    assert [one.day for one in store.tallies.by_day(dropped)] == [kept, DAY]


def test_what_cannot_be_written_waits_for_the_next_time(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise StoreLockedError("busy")

    counter = Counter(clock=lambda: seconds(DAY))
    counter.count("related", "a")
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(store.tallies, "add", locked)
        flush(counter, store)
    assert store.tallies.by_day(DAY) == []
    assert "could not be written" in caplog.text
    counter.count("related", "a")
    flush(counter, store)
    assert store.tallies.by_day(DAY) == [(DAY, {"related": 2})]


def test_a_counter_writes_by_itself_and_at_the_end(store: Store) -> None:
    async def run() -> int:
        counter = Counter(clock=lambda: seconds(DAY))
        async with counter.flushing(lambda: store, every=0.02):
            counter.count("related", "a")
            until = asyncio.get_running_loop().time() + 10
            while not store.tallies.by_day(DAY):
                assert asyncio.get_running_loop().time() < until
                await asyncio.sleep(0.01)
            counter.count("related", "a")
        return sum(store.tallies.by_day(DAY)[0].labels.values())

    assert asyncio.run(run()) == 2


def test_a_store_that_is_not_open_yet_loses_nothing(store: Store) -> None:
    async def run() -> None:
        counter = Counter(clock=lambda: seconds(DAY))
        found: list[SqliteStore] = []
        async with counter.flushing(lambda: found[0] if found else None, every=0.01):
            counter.count("related")
            await asyncio.sleep(0.05)
            found.append(store)

    asyncio.run(run())
    assert store.tallies.by_day(DAY) == [(DAY, {"related": 1})]


def test_the_summary_has_every_day_and_the_share_unmatched(store: Store) -> None:
    store.write(put(content("a", rumor="The rumor.")), actor="test")
    counts = {TallyKey(DAY, "unmatched", ""): 3, TallyKey(DAY - dt.timedelta(days=1), "rebutted", "a"): 1}
    store.tallies.add(counts | {TallyKey(DAY, "rebutted", "gone"): 4}, today=DAY)
    found = tallies(store, 3, DAY)
    assert (found.since, found.until, found.claims) == (DAY - dt.timedelta(days=2), DAY, 8)
    assert found.unmatched_share == 3 / 8
    assert [one.claims for one in found.days] == [0, 1, 7]
    assert [(one.rebuttal_id, one.rumor) for one in found.records] == [("gone", None), ("a", "The rumor.")]
    assert tallies(store, 1, DAY + dt.timedelta(days=5)).unmatched_share is None


def test_checks_of_every_sort_are_counted(tmp_path: Path) -> None:
    settings = Settings(db=tmp_path / "store.db", starter=False)
    runtime = open_runtime(settings)
    try:
        key = runtime.store.create_key("desk", "editor")
        app = create_app(settings, runtime)
        with TestClient(app) as client:
            api = Api(app, client, runtime, {"admin": key})
            api.put_in(content("a", rumor=CLAIM))
            assert client.post("/v1/check", json={"claim": CLAIM}).json()["verdict"]["label"] == "rebutted"
            claims = [{"id": "1", "text": CLAIM}, {"id": "2", "text": "Local bakery wins a prize."}, {"id": "3"}]
            assert client.post("/v1/check/batch", json={"claims": claims}).status_code == 200
            document = {"claim": f"It rained in town. {CLAIM}", "mode": "document"}
            assert client.post("/v1/check", json=document).json()["verdict"]["label"] == "rebutted"
        with TestClient(create_app(settings, runtime)) as client:  # the counts are those of the store, not of a process
            answer = client.get("/v1/tallies?days=2", headers={"Authorization": f"Bearer {key}"}).json()
    finally:
        runtime.close()
    assert answer["labels"] == {"rebutted": 3, "unmatched": 1}
    assert (answer["claims"], answer["unmatched_share"], len(answer["days"])) == (4, 0.25, 2)
    assert [(one["rebuttal_id"], one["claims"]) for one in answer["records"]] == [("a", 3)]


def test_no_text_is_kept(tmp_path: Path) -> None:
    with open_api(tmp_path) as api:
        api.put_in(content("a", rumor="Something else altogether."))
        api.client.post("/v1/check", json={"claim": "a claim with xyzzy in it"})
    with sqlite3.connect(tmp_path / "store.db") as db:
        rows = db.execute("SELECT * FROM tally").fetchall()
    db.close()
    assert len(rows) == 1
    assert "xyzzy" not in f"{rows}"


def test_the_operator_can_turn_counting_off(tmp_path: Path) -> None:
    with open_api(tmp_path, tallies=False) as api:
        api.client.post("/v1/check", json={"claim": CLAIM})
    with SqliteStore.open(tmp_path / "store.db") as store:
        assert store.tallies.by_day(dt.date(2020, 1, 1)) == []


@pytest.mark.parametrize("days", ["0", "401", "x"])
def test_only_spans_that_are_kept_can_be_asked_for(tmp_path: Path, days: str) -> None:
    with open_api(tmp_path) as api:
        assert api.client.get(f"/v1/tallies?days={days}", headers=api.key("editor")).status_code == 422
        assert api.client.get("/v1/tallies", headers=api.key("reader")).status_code == 403
