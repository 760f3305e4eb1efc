"""Watches on every engine: kept, bounded, worked through once, delivered in turns."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from support.engines import Engine
from support.records import GEM_ORE, content
from support.stores import put, with_vectors

from service.errors import InvalidTransitionError, NotFoundError, RejoinderError, WatchesFullError
from service.store import Store
from service.store.sql import deliveries
from service.store.watches import Bounds, NewWatch, Notice, Outcome, Stand, Watch, WatchContent, WatchEvent, Work

TOPIC = WatchContent(owner="key:desk", kind="topic", text="rare earths", url="https://one.example.org/hook")
CLAIM = WatchContent(owner="key:desk", kind="claim", text="Pakistan gave rare earths", language="en")
STAND = Stand(label="rebutted", records=("gem-ore",), touches=("gem-ore",), summary="Denied.", according_to="A")
MANY = Bounds(100, 100)


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as opened:
        yield opened


def add(store: Store, content: WatchContent = TOPIC, **more: Any) -> Watch:  # noqa: ANN401 - of as many types as fields
    watch = store.watches.add(NewWatch(content, "whsec_a", **{"since": store.head(), **more}), bounds=MANY)
    assert watch is not None
    return watch


def tell(store: Store, watch: Watch, body: str = "{}") -> WatchEvent:
    return store.watches.tell(Notice(watch.id, "watch.test", body))


def work(store: Store, to: int, *notices: Notice, holder: str = "me", seen: int = 10**6) -> bool:
    return store.watches.advance(Work(holder, to, seen, notices, ()))


def test_a_watch_comes_back_as_it_was_asked_for(store: Store, engine: Engine) -> None:
    vector = np.linspace(-1, 1, 8, dtype=np.float32)
    kept = add(store, CLAIM, stand=STAND, model="m@1", vector=vector)
    assert {name: getattr(kept, name) for name in WatchContent.__struct_fields__} == structs.asdict(CLAIM)
    with engine.open() as again:
        assert again.watches.get(kept.id) == kept
        ((_, watching),) = again.watches.watching(0, 9)
        assert (watching.watch, watching.model) == (kept, "m@1")
        assert watching.vector is not None
        assert np.array_equal(watching.vector, vector)


def test_another_owner_sees_nothing_of_it(store: Store) -> None:
    watch = add(store)
    event = tell(store, watch)
    watches = store.watches
    for refused in (
        lambda: watches.get(watch.id, owner="key:other"),
        lambda: watches.remove(watch.id, owner="key:other"),
        lambda: watches.enable(watch.id, owner="key:other"),
        lambda: watches.rotate(watch.id, "whsec_b", owner="key:other", until=dt.datetime.now(dt.UTC)),
        lambda: watches.feed(watch_id=watch.id, owner="key:other", cursor=None, limit=9),
        lambda: watches.retry(event.id, owner="key:other"),
        lambda: watches.retry(event.id, watch_id="watch_other"),
        lambda: watches.get("\ud800"),
    ):
        with pytest.raises(NotFoundError):
            refused()
    assert watches.feed(watch_id=None, owner="key:other", cursor=None, limit=9).items == []
    assert watches.page(owner="key:other", cursor=None, limit=9).items == []


def test_there_are_bounds_in_all_and_for_each(store: Store) -> None:
    other = structs.replace(TOPIC, owner="key:other")
    assert store.watches.add(NewWatch(TOPIC, "s", 0), bounds=Bounds(2, 1))
    with pytest.raises(WatchesFullError, match="A key may have 1"):
        store.watches.add(NewWatch(TOPIC, "s", 0), bounds=Bounds(2, 1))
    assert store.watches.add(NewWatch(other, "s", 0), bounds=Bounds(2, 1))
    with pytest.raises(WatchesFullError, match="keeps 2"):
        store.watches.add(NewWatch(structs.replace(TOPIC, owner="key:third"), "s", 0), bounds=Bounds(2, 1))


def test_a_claim_checked_before_what_has_been_worked_through_is_checked_again(store: Store) -> None:
    add(store)
    store.write(put(GEM_ORE), actor="ed")
    store.watches.take_lease("me", seconds=9)
    assert work(store, 1)
    assert store.watches.add(NewWatch(CLAIM, "s", 0, STAND), bounds=MANY) is None
    assert store.watches.add(NewWatch(CLAIM, "s", 1, STAND), bounds=MANY) is not None


def test_the_first_watch_asks_for_nothing_of_the_past(store: Store) -> None:
    store.write(put(GEM_ORE, content("b")), actor="ed")
    assert not store.watches.backlog().behind
    add(store)
    assert not store.watches.backlog().behind
    store.write(put(content("c")), actor="ed")
    assert store.watches.backlog().behind
    (change,) = store.watches.changes(9)
    assert (change.before, change.after.id, change.event.number) == (None, "c", 3)
    store.write(put(content("c", rating="scam")), actor="ed")
    second = store.watches.changes(9)[1]
    assert second.before is not None
    assert (second.before.rating, second.after.rating) == ("false", "scam")


def test_what_was_worked_through_is_noted_once_and_only_by_the_holder(store: Store) -> None:
    watch = add(store)
    store.write(put(GEM_ORE), actor="ed")
    notice = Notice(watch.id, "rebuttal.published", '{"a":1}')
    assert store.watches.take_lease("other", seconds=9)
    assert not work(store, 1, notice)
    store.watches.drop_lease("other")
    assert store.watches.take_lease("me", seconds=9)
    assert work(store, 1, notice)
    assert not work(store, 1, notice)
    assert len(store.watches.feed(watch_id=watch.id, owner=None, cursor=None, limit=9).items) == 1


def test_a_watch_that_came_meanwhile_has_the_piece_worked_through_again(store: Store) -> None:
    add(store)
    ((seen, _),) = store.watches.watching(0, 9)
    claim = add(store, CLAIM, stand=STAND)
    store.write(put(GEM_ORE), actor="ed")
    store.watches.take_lease("me", seconds=9)
    assert not work(store, 1, seen=seen)
    store.watches.remove(claim.id)
    assert work(store, 1, seen=seen)


def test_a_watch_without_anything_else_is_told_of_later_events_although_others_were_deleted(store: Store) -> None:
    first = add(store)
    store.write(put(GEM_ORE), actor="ed")
    store.watches.remove(first.id)
    store.write(put(content("b")), actor="ed")
    add(store)
    assert store.watches.changes(9) == []
    store.write(put(content("c")), actor="ed")
    assert [change.after.id for change in store.watches.changes(9)] == ["c"]


def test_the_lease_is_one_s_until_it_is_given_back_or_runs_out(store: Store, engine: Engine) -> None:
    with engine.open() as elsewhere:
        assert store.watches.take_lease("me", seconds=0.3)
        assert store.watches.take_lease("me", seconds=0.3)
        assert not elsewhere.watches.take_lease("you", seconds=9)
        elsewhere.watches.drop_lease("you")
        assert not elsewhere.watches.take_lease("you", seconds=9)
        time.sleep(0.35)
        assert elsewhere.watches.take_lease("you", seconds=9)
        assert not store.watches.take_lease("me", seconds=9)
        elsewhere.watches.drop_lease("you")
        assert store.watches.take_lease("me", seconds=9)


def test_deliveries_take_turns_by_host(store: Store) -> None:
    crowded = [tell(store, add(store)) for _ in range(5)]
    quiet = tell(store, add(store, structs.replace(TOPIC, url="https://two.example.org/hook")))
    first = store.watches.due(sending={}, each_host=2, limit=9)
    assert [one.event.id for one in first] == [crowded[0].id, crowded[1].id, quiet.id]
    assert first[0].url == TOPIC.url
    sending = {one.event.id: one.host for one in first[:2]}
    assert [one.event.id for one in store.watches.due(sending=sending, each_host=2, limit=9)] == [quiet.id]
    sending.popitem()
    again = store.watches.due(sending=sending, each_host=2, limit=9)
    assert [one.event.id for one in again] == [crowded[1].id, quiet.id]
    assert len(store.watches.due(sending={}, each_host=9, limit=4)) == 4


def test_deliveries_take_turns_by_owner(store: Store) -> None:
    many = [tell(store, add(store, structs.replace(TOPIC, url=f"https://{at}.example.org/"))) for at in range(20)]
    one = tell(store, add(store, structs.replace(TOPIC, owner="key:quiet", url="https://quiet.example.org/")))
    found = [due.event.id for due in store.watches.due(sending={}, each_host=2, limit=16)]
    assert found == [many[0].id, one.id, *(event.id for event in many[1:15])]


def test_attempts_are_noted_and_what_is_not_due_waits(store: Store) -> None:
    event = tell(store, add(store))
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
    store.watches.settle(event.id, Outcome("pending", next_at=later, error="The receiver answered 500."))
    assert store.watches.due(sending={}, each_host=9, limit=9) == []
    backlog = store.watches.backlog()
    assert backlog.due_at is not None
    assert abs(backlog.due_at - later) < dt.timedelta(milliseconds=1)
    store.watches.settle(event.id, Outcome("delivered"))
    store.watches.settle(event.id, Outcome("dead", error="too late"))  # it has been settled
    (kept,) = store.watches.feed(watch_id=event.watch_id, owner=None, cursor=None, limit=9).items
    assert (kept.state, kept.attempts, kept.error, kept.next_at) == ("delivered", 2, None, None)
    assert kept.delivered_at is not None
    assert store.watches.backlog().due_at is None


def test_an_address_that_is_stopped_takes_all_that_waits_with_it(store: Store) -> None:
    watch = add(store)
    first, second = tell(store, watch), tell(store, watch)
    store.watches.settle(first.id, Outcome("dead", error="gone", disable="The receiver answered 410."))
    third = tell(store, watch)
    page = store.watches.deliveries(watch_id=watch.id, owner=None, state="dead", cursor=None, limit=9)
    assert [one.id for one in page.items] == [first.id, second.id, third.id]
    with pytest.raises(InvalidTransitionError, match="410"):
        store.watches.retry(second.id)
    assert store.watches.get(watch.id).disabled_why == "The receiver answered 410."
    store.watches.enable(watch.id)
    assert store.watches.retry(second.id).state == "pending"


def test_an_event_without_an_address_cannot_be_sent(store: Store) -> None:
    event = tell(store, add(store, structs.replace(TOPIC, url=None)))
    assert (event.state, event.next_at) == ("none", None)
    with pytest.raises(InvalidTransitionError, match="feed"):
        store.watches.retry(event.id)


def test_the_queue_and_the_feed_of_a_watch_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "KEPT", 3)
    watch, other = add(store), add(store)
    spared = tell(store, other)
    told = [tell(store, watch, f"{number}") for number in range(5)]
    assert [one.state for one in told] == ["pending"] * 3 + ["dead"] * 2
    assert told[4].error == "3 deliveries of this watch waited already."
    for one in told[:3]:
        store.watches.settle(one.id, Outcome("delivered"))
    tell(store, watch, "5")
    kept = store.watches.feed(watch_id=watch.id, owner=None, cursor=None, limit=9).items
    assert [one.body for one in kept] == ["3", "4", "5"]
    assert [one.id for one in store.watches.feed(watch_id=other.id, owner=None, cursor=None, limit=9).items] == [
        spared.id
    ]


def test_places_in_the_feed_are_not_used_again(store: Store) -> None:
    watch, other = add(store), add(store)
    last = tell(store, watch)
    cursor = store.watches.feed(watch_id=None, owner="key:desk", cursor=None, limit=9).next_cursor
    store.watches.remove(watch.id)
    after = tell(store, other)
    assert after.number > last.number
    page = store.watches.feed(watch_id=None, owner="key:desk", cursor=cursor, limit=9)
    assert [one.id for one in page.items] == [after.id]
    with pytest.raises(RejoinderError) as caught:
        store.watches.feed(watch_id=None, owner=None, cursor="nonsense", limit=9)
    assert caught.value.field == "cursor"


def test_secrets_sign_together_until_the_old_one_s_time_is_over(store: Store) -> None:
    watch = add(store)
    tell(store, watch)
    now = dt.datetime.now(dt.UTC)

    def secrets() -> tuple[str, ...]:
        return store.watches.due(sending={}, each_host=9, limit=9)[0].secrets

    assert secrets() == ("whsec_a",)
    store.watches.rotate(watch.id, "whsec_b", owner=None, until=now + dt.timedelta(hours=1))
    assert secrets() == ("whsec_b", "whsec_a")
    store.watches.rotate(watch.id, "whsec_c", owner=None, until=now - dt.timedelta(seconds=1))
    assert secrets() == ("whsec_c",)


def test_watches_of_whoever_may_not_come_in_rest(store: Store) -> None:
    store.create_key("desk", "reader")
    now = dt.datetime.now(dt.UTC)
    store.create_key("expired", "reader", expires_at=now)
    store.create_key("expiring", "reader", expires_at=now + dt.timedelta(hours=1))
    tell(store, add(store))
    tell(store, add(store, structs.replace(TOPIC, owner="key:expired")))
    expiring = add(store, structs.replace(TOPIC, owner="key:expiring"))
    person = add(store, structs.replace(TOPIC, owner="person:desk"))
    store.revoke_key("desk")
    assert [one.watch.id for _, one in store.watches.watching(0, 9)] == [expiring.id, person.id]
    assert store.watches.due(sending={}, each_host=9, limit=9) == []
    assert store.watches.backlog().due_at is None


def test_vectors_come_with_the_revision_they_belong_to(store: Store) -> None:
    write = with_vectors(GEM_ORE)
    store.write([write, *put(content("bare"))], actor="ed")
    found = store.watches.vectors("test@1", ["gem-ore", "bare", "nobody"])
    assert list(found) == ["gem-ore"]
    revision, vectors = found["gem-ore"]
    assert revision == 1
    assert write.vectors is not None
    assert np.allclose(vectors, write.vectors, atol=1e-3)
