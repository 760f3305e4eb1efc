"""How records stood on a day that is past, from a store that was written over several days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pytest
from msgspec import structs
from support.engines import Engine
from support.records import content
from support.stores import MODEL, Days, put, unit_rows, with_vectors

from service.domain import Citation, RebuttalContent
from service.store import Standing, Store, Write


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def store(engine: Engine, days: Days) -> Iterator[Store]:
    with engine.open(clock=days) as opened:
        yield opened


def november(day: int) -> dt.date:
    return dt.date(2025, 11, day)


def withdraw(store: Store, record: RebuttalContent, reason: str = "withdrawn") -> None:
    store.write([Write(content=record, action="retract", reason=reason)], actor="jo")


def gone(store: Store, day: int, limit: int = 9) -> list[Standing]:
    return store.withdrawn_after(november(day), model=MODEL, limit=limit)


def test_moments_come_from_the_clock_in_utc_and_milliseconds(store: Store, days: Days) -> None:
    days.now = dt.datetime(2025, 11, 2, 1, 30, 0, 1999, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    [written] = store.write(put(content("a")), actor="ed")
    moment = dt.datetime(2025, 11, 1, 17, 30, 0, 1000, tzinfo=dt.UTC)
    assert (written.rebuttal.created_at, store.events(0, 1)[0].at) == (moment, moment)


def test_a_withdrawn_record_stood_until_the_end_of_the_day_before(store: Store, days: Days) -> None:
    store.write(put(content("a")), actor="ed")
    days.set(8, "00:00:00")
    withdraw(store, content("a", status="retracted"), "no longer said")
    [one] = gone(store, 7)
    assert (one.rebuttal.id, one.rebuttal.status, one.rebuttal.revision, one.now) == ("a", "published", 1, 2)
    assert one.ended is not None
    assert (one.ended.at, one.ended.reason, one.ended.rebuttal.status) == (days.now, "no longer said", "retracted")
    assert gone(store, 8) == []
    assert [found.rebuttal.id for found in store.standing(["a"], november(7), model=MODEL)] == ["a"]
    assert store.standing(["a"], november(8), model=MODEL) == []


def test_the_end_of_a_day_is_its_last_moment(store: Store, days: Days) -> None:
    store.write(put(content("a")), actor="ed")
    days.set(7, "23:59:59.999")
    withdraw(store, content("a", status="retracted"))
    assert gone(store, 7) == []
    assert len(gone(store, 6)) == 1


def test_what_is_published_now_is_not_withdrawn_and_stands_in_the_wording_of_the_day(store: Store, days: Days) -> None:
    store.write(put(content("a", rumor="First words"), content("b")), actor="ed")
    days.set(5)
    store.write(put(content("a", rumor="Second words")), actor="ed")
    assert gone(store, 2) == []
    for day, rumor, revision in ((4, "First words", 1), (5, "Second words", 2), (30, "Second words", 2)):
        same, one = store.standing(["b", "a", "nobody"], november(day), model=MODEL)
        assert (one.rebuttal.rumor, one.rebuttal.revision, one.now, one.ended) == (rumor, revision, 2, None)
        assert (same.rebuttal, same.now) == (store.get("b"), 1)


def test_an_unknown_date_counts_from_the_first_publication(store: Store, days: Days) -> None:
    undated = content("a", stated_on=None, citations=(Citation(url="https://example.org/a", publisher="Example"),))
    store.write(put(structs.replace(undated, status="draft")), actor="ed")
    days.set(5)
    store.write(put(undated), actor="ed")
    days.set(9)
    withdraw(store, structs.replace(undated, status="retracted"))
    assert [len(gone(store, day)) for day in (4, 5, 8, 9)] == [0, 1, 1, 0]


def test_a_statement_of_later_does_not_stand(store: Store, days: Days) -> None:
    store.write(put(content("a", stated_on=november(6))), actor="ed")
    days.set(9)
    withdraw(store, content("a", stated_on=november(6), status="retracted"))
    assert [len(gone(store, day)) for day in (5, 6)] == [0, 1]


def test_the_last_withdrawn_come_first_and_no_more_than_asked_for(store: Store, days: Days) -> None:
    names = ["a", "b", "c", "d"]
    store.write(put(*(content(name) for name in names), content("draft", status="draft")), actor="ed")
    for day, name in enumerate(names, 3):
        days.set(day)
        withdraw(store, content(name, status="superseded", superseded_by="e"))
    assert [one.rebuttal.id for one in gone(store, 3)] == ["d", "c", "b"]
    assert [one.rebuttal.id for one in gone(store, 1, limit=2)] == ["d", "c"]


def test_the_limit_counts_what_stood_and_not_what_was_looked_at(
    store: Store, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.sql.standing.PIECE", 2)
    store.write(put(content("a")), actor="ed")
    days.set(5)
    withdraw(store, content("a", status="retracted"))
    store.write(put(*(content(f"draft-{number}", status="draft") for number in range(3))), actor="ed")
    assert [one.rebuttal.id for one in gone(store, 1, limit=1)] == ["a"]


def test_vectors_come_along_where_they_are_of_that_wording(store: Store, days: Days) -> None:
    kept, reworded, other = content("kept"), content("reworded"), content("other")
    store.write([with_vectors(kept), with_vectors(reworded), with_vectors(other, model="other@1")], actor="ed")
    days.set(5)
    withdraw(store, content("kept", status="retracted"))
    withdraw(store, content("other", status="retracted"))
    new = content("reworded", rumor="Other words")
    store.write([with_vectors(new, 1)], actor="ed")
    found = {one.rebuttal.id: one.vectors for one in gone(store, 1)}
    assert found["other"] is None
    assert np.allclose(np.asarray(found["kept"]), unit_rows(kept), atol=1e-3)
    [one] = store.standing(["reworded"], november(1), model=MODEL)
    assert one.vectors is None
    [one] = store.standing(["reworded"], november(5), model=MODEL)
    assert (one.rebuttal.rumor, one.vectors) == ("Other words", None)  # the index has them
