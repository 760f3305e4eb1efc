"""Records, revisions, pages and keys, on every engine."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest
from msgspec import structs
from support.engines import Engine, SqliteEngine
from support.records import GEM_ORE, content
from support.stores import put

from service.domain import Authority, Citation, Filters
from service.errors import (
    AlreadyExistsError,
    InvalidRecordError,
    NotFoundError,
    RejoinderError,
    RevisionMismatchError,
    StoreError,
)
from service.store import Store, Write

SURROGATE = "\ud800"


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as opened:
        yield opened


def test_a_record_comes_back_as_it_was_written_with_the_stores_own_fields(store: Store) -> None:
    before = dt.datetime.now(dt.UTC) - dt.timedelta(milliseconds=1)
    [written] = store.write(put(GEM_ORE), actor="ed")
    record = store.get("gem-ore")
    assert (written.outcome, written.rebuttal) == ("created", record)
    assert all(getattr(record, name) == getattr(GEM_ORE, name) for name in GEM_ORE.__struct_fields__)
    assert (record.revision, record.created_at) == (1, record.updated_at)
    assert before <= record.created_at <= dt.datetime.now(dt.UTC)
    assert record.created_at.microsecond % 1000 == 0


def test_an_update_counts_the_revision_and_keeps_when_it_was_made(store: Store) -> None:
    [first] = store.write(put(GEM_ORE), actor="ed")
    time.sleep(0.002)
    [second] = store.write([Write(content=content("gem-ore", rating="misleading"), action="update")], actor="jo")
    assert (second.outcome, second.rebuttal.revision, second.rebuttal.rating) == ("updated", 2, "misleading")
    assert second.rebuttal.created_at == first.rebuttal.created_at < second.rebuttal.updated_at
    assert store.get("gem-ore") == second.rebuttal


def test_writing_the_same_again_changes_nothing(store: Store) -> None:
    [first] = store.write(put(GEM_ORE), actor="ed")
    [again] = store.write(put(first.rebuttal), actor="jo")
    assert (again.outcome, again.rebuttal, store.head()) == ("unchanged", first.rebuttal, 1)


def test_a_record_may_be_written_twice_in_one_batch(store: Store) -> None:
    changed = content("gem-ore", rumor="Pakistan gave away rare earths.", topics=("gems",), status="draft")
    written = store.write(put(GEM_ORE, changed, changed, GEM_ORE), actor="ed")
    assert [one.outcome for one in written] == ["created", "updated", "unchanged", "updated"]
    assert store.get("gem-ore").rumor == GEM_ORE.rumor
    assert [one.revision for one in store.revisions("gem-ore")] == [3, 2, 1]
    assert store.count(Filters(topic="gems")) == 0
    assert store.count(Filters(topic="rare earths")) == 1
    assert store.verify_events() == 3


def test_a_refused_write_undoes_the_whole_batch(store: Store) -> None:
    store.write(put(GEM_ORE), actor="ed")
    writes = [
        *put(content("b")),
        Write(content=content("gem-ore", rating="scam"), action="create", expected_revision=0),
    ]
    with pytest.raises(AlreadyExistsError):
        store.write(writes, actor="ed")
    assert (store.count(), store.head(), store.position()) == (1, 1, 1)
    assert store.get("gem-ore").rating == GEM_ORE.rating
    assert [one.outcome for one in store.write(put(content("b")), actor="ed")] == ["created"]


@pytest.mark.parametrize(("expected", "current"), [(1, 2), (3, 2)])
def test_a_lost_update_is_refused_with_the_revision_that_stands(store: Store, expected: int, current: int) -> None:
    store.write(put(GEM_ORE, content("gem-ore", rating="scam")), actor="ed")
    write = Write(content=content("gem-ore", rating="unproven"), action="update", expected_revision=expected)
    with pytest.raises(RevisionMismatchError) as caught:
        store.write([write], actor="ed")
    assert caught.value.current == current
    [written] = store.write([structs.replace(write, expected_revision=2)], actor="ed")
    assert written.rebuttal.revision == 3


def test_an_update_of_nothing_is_a_mismatch_too(store: Store) -> None:
    with pytest.raises(RevisionMismatchError) as caught:
        store.write([Write(content=GEM_ORE, action="update", expected_revision=1)], actor="ed")
    assert caught.value.current == 0


def test_what_another_actor_edited_is_left_alone_when_asked(store: Store) -> None:
    starter = [
        Write(content=content(name, rating="scam"), action="starter", unless_edited_by_others=True) for name in "abc"
    ]
    store.write(put(content("a"), content("b")), actor="starter")
    store.write(put(content("b", rating="unproven")), actor="ed")
    outcomes = [written.outcome for written in store.write(starter, actor="starter")]
    assert outcomes == ["updated", "unchanged", "created"]
    assert store.get("b").rating == "unproven"


def test_every_revision_stays_readable_with_who_and_why(store: Store) -> None:
    store.write(put(GEM_ORE), actor="ed")
    retract = Write(content=content("gem-ore", status="retracted"), action="retract", reason="withdrawn")
    store.write([retract], actor="jo")
    second, first = store.revisions("gem-ore")
    assert (second.revision, second.actor, second.action, second.reason) == (2, "jo", "retract", "withdrawn")
    assert (first.actor, first.action, first.reason) == ("ed", "import", None)
    assert (first.rebuttal.status, second.rebuttal.status) == ("published", "retracted")
    assert second.rebuttal == store.get("gem-ore")
    assert (first.at, second.at) == (first.rebuttal.updated_at, second.rebuttal.updated_at)


@pytest.mark.parametrize("name", ["nobody", "", SURROGATE, "a\0b", "' OR 1=1 --"])
def test_an_unknown_id_is_not_found_whatever_it_is(store: Store, name: str) -> None:
    store.write(put(GEM_ORE), actor="ed")
    with pytest.raises(NotFoundError):
        store.get(name)
    with pytest.raises(NotFoundError):
        store.revisions(name)
    assert store.get_many([name, "gem-ore", name]).keys() == {"gem-ore"}


def test_text_that_is_not_unicode_and_a_record_without_id_are_refused_by_name(store: Store) -> None:
    with pytest.raises(InvalidRecordError, match="surrogate"):
        store.write(put(content("a", rumor=f"x{SURROGATE}")), actor="ed")
    with pytest.raises(InvalidRecordError) as caught:
        store.write(put(structs.replace(GEM_ORE, id=None)), actor="ed")
    assert caught.value.field == "$.id"
    assert store.head() == 0


def test_pages_follow_the_ids_and_end(store: Store) -> None:
    names = [f"r-{number:02}" for number in range(7)]
    store.write(put(*(content(name) for name in reversed(names))), actor="ed")
    seen, cursor = [], None
    while True:
        page = store.page(Filters(), cursor=cursor, limit=3)
        seen.append([record.id for record in page.items])
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [names[:3], names[3:6], names[6:]]
    assert store.page(Filters(), cursor=None, limit=7).next_cursor is None
    assert [record.id for record in store.scan()] == names


def test_a_scan_goes_on_over_many_pieces(store: Store) -> None:
    names = [f"r-{number:04}" for number in range(1001)]
    store.write(put(*(content(name, topics=()) for name in names)), actor="ed")
    assert [record.id for record in store.scan()] == names


@pytest.mark.parametrize("cursor", ["", "x", "gem-ore", "MTo", "MTo=", "MjphYg", "Mzph", SURROGATE, "é", "a" * 10_000])
def test_a_cursor_that_is_not_ours_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(RejoinderError) as caught:
        store.page(Filters(), cursor=cursor, limit=3)
    assert caught.value.field == "cursor"


FILTERED = [
    content("a", language="en", topics=("gems", "trade"), stated_on=dt.date(2025, 1, 1)),
    content("b", language="en-GB", topics=("trade",), stated_on=dt.date(2025, 6, 1), status="draft"),
    content("c", language="zh-Hans", topics=(), stated_on=None, authority=Authority(name="NASA", country="US")),
    content("d", language="enm", topics=("gems",), stated_on=dt.date(2025, 12, 31), status="retracted"),
]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), "abcd"),
        (Filters(language="en"), "ab"),
        (Filters(language="EN-gb"), "b"),
        (Filters(language="zh"), "c"),
        (Filters(status="published"), "ac"),
        (Filters(status="superseded"), ""),
        (Filters(authority="NASA"), "c"),
        (Filters(country="US"), "c"),
        (Filters(country="CN"), "abd"),
        (Filters(topic="gems"), "ad"),
        (Filters(topic="trade", status="published"), "a"),
        (Filters(stated_from=dt.date(2025, 6, 1)), "bd"),
        (Filters(stated_to=dt.date(2025, 6, 1)), "ab"),
        (Filters(stated_from=dt.date(2025, 6, 1), stated_to=dt.date(2025, 6, 1), language="en"), "b"),
        (Filters(authority="' OR 1=1 --"), ""),
    ],
)
def test_filters_hold_together_in_lists_scans_and_counts(store: Store, filters: Filters, expected: str) -> None:
    store.write(put(*FILTERED), actor="ed")
    assert "".join(record.id for record in store.page(filters, cursor=None, limit=9).items) == expected
    assert "".join(record.id for record in store.scan(filters)) == expected
    assert store.count(filters) == len(expected)
    assert "".join(sorted(store.ids(filters, 9))) == expected


def test_the_hash_of_a_record_does_not_depend_on_what_is_empty(store: Store) -> None:
    bare = Citation(url="https://example.org/", publisher="Example")
    store.write(put(content("a", variants=(), topics=(), speaker=None, citations=(bare,))), actor="ed")
    [written] = store.write(put(content("a", variants=(), topics=(), speaker=None, citations=(bare,))), actor="ed")
    assert written.outcome == "unchanged"


def test_a_key_opens_until_it_is_revoked_and_is_kept_as_a_hash(store: Store, engine: Engine) -> None:
    key = store.create_key("newsroom", "editor")
    now = dt.datetime.now(dt.UTC)
    found = store.find_key(key, now=now)
    assert found is not None
    assert (found.name, found.role, key.startswith(found.prefix)) == ("newsroom", "editor", True)
    assert len(key) == len("rj_") + 43
    assert store.find_key(key[:-1], now=now) is store.find_key(SURROGATE, now=now) is None
    revoked = store.revoke_key("newsroom")
    assert revoked.revoked_at is not None
    assert store.revoke_key("newsroom") == revoked
    assert store.find_key(key, now=now) is None
    with engine.shell() as shell:
        rows = shell.execute("SELECT * FROM api_key").fetchall()
    assert len(rows) == 1
    assert all(key not in f"{row}" for row in rows)


def test_keys_are_listed_in_order_and_their_names_are_used_once(store: Store) -> None:
    keys = {store.create_key(name, "reader") for name in ("zebra", "ant")}
    store.revoke_key("zebra")
    with pytest.raises(AlreadyExistsError):
        store.create_key("zebra", "admin")
    with pytest.raises(NotFoundError):
        store.revoke_key("nobody")
    listed = store.keys()
    assert [key.name for key in listed] == ["zebra", "ant"]
    assert len(keys) == 2


def test_the_last_use_of_a_key_is_noted_once_a_minute(store: Store) -> None:
    key = store.create_key("newsroom", "reader")
    noon = dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)

    def used(second: int) -> dt.datetime | None:
        store.find_key(key, now=noon + dt.timedelta(seconds=second))
        store.set_meta("barrier", "the note is written before this")
        return store.keys()[0].last_used_at

    assert [used(second) for second in (0, 59, 60, 61)] == [noon, noon] + [noon + dt.timedelta(seconds=60)] * 2


def test_facts_about_the_store_are_kept_but_not_its_id(store: Store, engine: Engine) -> None:
    assert store.get_meta("starter") is None
    store.set_meta("starter", "1")
    store.set_meta("starter", "2")
    assert store.get_meta("starter") == "2"
    with pytest.raises(ValueError, match="id"):
        store.set_meta("store_id", "mine")
    assert store.settle_meta("starter", "3") == "2"
    assert store.settle_meta("key", "1") == store.settle_meta("key", "2") == "1"
    with engine.another() as elsewhere, elsewhere.open() as other:
        assert other.id != store.id != ""


def test_a_closed_store_says_so(engine: Engine) -> None:
    store = engine.open()
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.count()
    with pytest.raises(StoreError, match="closed"):
        store.write(put(GEM_ORE), actor="ed")
    if isinstance(engine, SqliteEngine):
        assert [path.name for path in engine.path.parent.iterdir()] == ["store.db"]
