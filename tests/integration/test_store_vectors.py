"""Vectors of records, and the feed of changes that an index follows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from support.engines import Engine
from support.records import GEM_ORE, content
from support.stores import MODEL, put, unit_rows, with_vectors

from service.passages import FIELDS, passages
from service.store import Store, VectorChange, Write
from service.store.sql import vectors

HALF_PRECISION = 2.0**-11


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as opened:
        yield opened


def feed(store: Store, since: int = 0, model: str = MODEL) -> dict[str, VectorChange]:
    return {change.id: change for change in store.vector_changes(model, since)}


def close(found: NDArray[np.float32] | None, expected: NDArray[np.float32]) -> bool:
    return found is not None and bool(np.allclose(found, expected, atol=HALF_PRECISION))


def test_vectors_come_back_in_half_precision_with_their_fields(store: Store) -> None:
    store.write([with_vectors(GEM_ORE)], actor="ed")
    [change] = store.vector_changes(MODEL, 0)
    assert (change.id, change.position) == ("gem-ore", store.position())
    assert close(change.vectors, unit_rows(GEM_ORE))
    assert change.vectors is not None
    assert change.fields is not None
    assert [str(part.dtype) for part in (change.vectors, change.fields)] == ["float32", "uint8"]
    assert [FIELDS[number] for number in change.fields] == [passage.field for passage in passages(GEM_ORE)]


def test_vectors_of_another_model_are_never_mixed_in(store: Store) -> None:
    store.write([with_vectors(GEM_ORE, model="other@1"), with_vectors(content("b"), seed=1)], actor="ed")
    assert feed(store).keys() == {"b"}
    assert [record.id for record in store.without_vectors(MODEL, 9)] == ["gem-ore"]
    store.put_vectors(MODEL, [("gem-ore", 1, unit_rows(GEM_ORE, 2))])
    assert close(feed(store)["gem-ore"].vectors, unit_rows(GEM_ORE, 2))
    assert close(feed(store, model="other@1")["gem-ore"].vectors, unit_rows(GEM_ORE))


def test_vectors_made_later_reach_an_index_that_is_past_the_event(store: Store) -> None:
    store.write(put(GEM_ORE, content("b")), actor="ed")
    seen, head = store.position(), store.head()
    assert feed(store) == {}
    store.put_vectors(
        MODEL, [("gem-ore", 1, unit_rows(GEM_ORE)), ("b", 9, unit_rows(GEM_ORE)), ("x", 1, unit_rows(GEM_ORE))]
    )
    changes = feed(store, seen)
    assert changes.keys() == {"gem-ore"}
    assert close(changes["gem-ore"].vectors, unit_rows(GEM_ORE))
    assert (store.head(), changes["gem-ore"].position) == (head, store.position())
    assert feed(store, store.position()) == {}
    assert [record.id for record in store.without_vectors(MODEL, 9)] == ["b"]


def test_vectors_go_when_the_texts_change_and_stay_when_they_do_not(store: Store) -> None:
    store.write([with_vectors(GEM_ORE), with_vectors(content("b"))], actor="ed")
    seen = store.position()
    store.write(put(content("gem-ore", rumor="Other words"), content("b", rating="scam")), actor="ed")
    changes = feed(store, seen)
    assert (changes["gem-ore"].vectors, changes["gem-ore"].fields) == (None, None)
    assert close(changes["b"].vectors, unit_rows(GEM_ORE))
    assert [record.id for record in store.without_vectors(MODEL, 9)] == ["gem-ore"]


def test_a_retracted_record_leaves_the_feed_and_comes_back_with_its_vectors(store: Store) -> None:
    store.write([with_vectors(GEM_ORE)], actor="ed")
    seen = store.position()
    store.write([Write(content=content("gem-ore", status="retracted"), action="retract")], actor="ed")
    assert feed(store, seen)["gem-ore"].vectors is None
    assert feed(store) == {}
    assert store.without_vectors(MODEL, 9) == []
    store.write(put(GEM_ORE), actor="ed")
    assert close(feed(store)["gem-ore"].vectors, unit_rows(GEM_ORE))


def test_the_last_of_two_writes_in_a_batch_says_what_the_vectors_are(store: Store) -> None:
    other = content("gem-ore", rumor="Other words")
    store.write([with_vectors(GEM_ORE), *put(other)], actor="ed")
    assert feed(store) == {}
    store.write([with_vectors(GEM_ORE), with_vectors(other, 3)], actor="ed")
    assert close(feed(store)["gem-ore"].vectors, unit_rows(other, 3))


@pytest.mark.parametrize(
    "rows", [np.zeros((1, 8)), np.zeros((4, 0)), np.zeros(8), np.full((4, 8), np.nan), np.full((4, 8), np.inf)]
)
def test_vectors_that_do_not_fit_are_refused_and_nothing_is_kept(store: Store, rows: NDArray[np.float64]) -> None:
    wrong = rows.astype(np.float32)
    with pytest.raises(ValueError, match="vectors"):
        store.write([Write(content=GEM_ORE, action="create", vectors=wrong, model=MODEL)], actor="ed")
    with pytest.raises(ValueError, match="vectors"):
        store.write([Write(content=GEM_ORE, action="create", vectors=unit_rows(GEM_ORE))], actor="ed")
    assert store.count() == 0
    store.write(put(GEM_ORE, content("b")), actor="ed")
    with pytest.raises(ValueError, match="vectors"):
        store.put_vectors(MODEL, [("b", 1, unit_rows(GEM_ORE)), ("gem-ore", 1, wrong)])
    assert feed(store) == {}


def test_the_feed_is_streamed_in_order_and_a_later_change_comes_further_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "PIECE", 3)
    store.write([with_vectors(content(f"r{number}"), number) for number in range(10)], actor="ed")
    changes = store.vector_changes(MODEL, 0)
    seen = [next(changes) for _ in range(2)]
    store.write(put(content("r0", rating="scam"), content("r9", status="retracted")), actor="ed")
    seen += changes
    assert [change.id for change in seen] == [*(f"r{number}" for number in range(9)), "r0", "r9"]
    assert seen[-1].vectors is None
    positions = [change.position for change in seen]
    assert positions == sorted(positions)


def test_missing_vectors_are_worked_off_to_the_end(store: Store) -> None:
    names = [f"r{number}" for number in range(10)]
    store.write(put(*(content(name) for name in names), content("draft", status="draft")), actor="ed")
    done: list[str] = []
    while records := store.without_vectors(MODEL, 3):
        store.put_vectors(MODEL, [(record.id, record.revision, unit_rows(record)) for record in records])
        done += [record.id for record in records]
    assert done == names
    store.write(put(content("r3", rumor="Other words"), content("draft")), actor="ed")
    assert [record.id for record in store.without_vectors(MODEL, 3)] == ["r3", "draft"]


def test_what_goes_while_the_whole_is_read_is_told_as_gone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "PIECE", 2)
    store.write([with_vectors(content(name), seed=at) for at, name in enumerate("abcde")], actor="ed")
    store.write([Write(content=content("e", status="retracted"), action="retract")], actor="ed")
    changes = store.vector_changes(MODEL, 0)
    told = [next(changes)]
    store.write([Write(content=content("a", status="retracted"), action="retract")], actor="ed")
    told += changes
    assert [(change.id, change.vectors is None) for change in told] == [
        *((name, False) for name in "abcd"),
        ("a", True),
    ]
    assert feed(store).keys() == set("bcd")
