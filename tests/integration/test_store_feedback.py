"""Feedback on every engine: kept, bounded, listed, cleared, and no part of the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from msgspec import structs
from support.engines import Engine
from support.records import GEM_ORE
from support.stores import put

from service.errors import FeedbackFullError, RejoinderError
from service.feedback import Feedback, FeedbackContent
from service.store import Store

WRONG = FeedbackContent(
    verdict_id="v1~x",
    label="rebutted",
    rebuttal_id="gem-ore",
    store_version=7,
    rating="wrong",
    expected="consistent",
    comment="It reports the denial. 稀土",
    claim="Gem ores, says Beijing",
    actor="desk",
)
LEAST = FeedbackContent(verdict_id="v1~y", label="unmatched", rebuttal_id=None, store_version=0, rating="right")


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as opened:
        yield opened


def add(store: Store, *contents: FeedbackContent, most: int = 10) -> list[Feedback]:
    return [store.add_feedback(content, most=most) for content in contents]


def test_feedback_comes_back_as_it_was_given_numbered_and_dated(store: Store, engine: Engine) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(milliseconds=1)
    first, second = add(store, WRONG, LEAST)
    assert (first.number, second.number) == (1, 2)
    assert before <= first.at <= second.at <= dt.datetime.now(dt.UTC)
    for kept, given in ((first, WRONG), (second, LEAST)):
        assert all(getattr(kept, name) == getattr(given, name) for name in FeedbackContent.__struct_fields__)
    with engine.open() as again:
        assert list(again.scan_feedback()) == [first, second]


def test_feedback_is_no_event(store: Store) -> None:
    store.write(put(GEM_ORE), actor="ed")
    before = (store.head(), store.position())
    add(store, WRONG)
    assert (store.head(), store.position()) == before
    assert store.verify_events() == 1


def test_pages_go_from_the_newest_to_the_oldest(store: Store) -> None:
    given = add(store, *[structs.replace(LEAST, store_version=number) for number in range(7)])
    seen, cursor = [], None
    while True:
        page = store.feedback_page(cursor=cursor, limit=3)
        seen.append([one.number for one in page.items])
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [[7, 6, 5], [4, 3, 2], [1]]
    assert store.feedback_page(cursor=None, limit=7).next_cursor is None
    assert list(store.scan_feedback()) == given


def test_a_scan_goes_on_over_many_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.sql.feedback.PIECE", 3)
    given = add(store, *[LEAST] * 7)
    assert list(store.scan_feedback()) == given


def test_a_page_stays_what_it_was_when_more_comes_in(store: Store) -> None:
    add(store, LEAST, LEAST, LEAST)
    cursor = store.feedback_page(cursor=None, limit=2).next_cursor
    add(store, WRONG)
    assert [one.number for one in store.feedback_page(cursor=cursor, limit=2).items] == [1]


@pytest.mark.parametrize("cursor", ["", "x", "Z2VtLW9yZQ", "MTpnZW0tb3Jl", "MTotMQ", "é", "MTo5" + "OTk5" * 20])
def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(RejoinderError) as caught:
        store.feedback_page(cursor=cursor, limit=3)
    assert caught.value.field == "cursor"


def test_a_full_store_takes_no_more_until_some_is_cleared(store: Store) -> None:
    _, second = add(store, LEAST, LEAST, most=2)
    with pytest.raises(FeedbackFullError, match="keeps 2"):
        add(store, WRONG, most=2)
    assert store.clear_feedback(second.at) <= 1
    assert store.clear_feedback(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)) >= 1
    assert list(store.scan_feedback()) == []
    add(store, WRONG, most=2)


def test_clearing_leaves_what_is_not_older(store: Store) -> None:
    add(store, LEAST, WRONG)
    assert store.clear_feedback(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)) == 0
    assert len(list(store.scan_feedback())) == 2
