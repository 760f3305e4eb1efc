"""A store moved to another engine and back: whole, checked, or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.engines import Engine
from support.postgres import Server
from support.records import GEM_ORE, content
from support.stores import MODEL, put, with_vectors

from service.errors import AlreadyExistsError, StoreCorruptError, StoreError, StoreLockedError
from service.feedback import FeedbackContent
from service.places import Address, Place, place_of
from service.store import Store, Write
from service.store.links import Link
from service.store.moving import move, tables
from service.store.opening import exists, open_place
from service.store.people import Tried
from service.store.provenance import ProvenanceContent
from service.store.sources import DraftSourceContent, Source
from service.store.sql import SqlStore
from service.store.tallies import TallyKey
from service.store.watches import Bounds, NewWatch, Notice, WatchContent

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def fill(store: Store) -> None:
    """Something on every shelf."""
    store.sources.keep([DraftSourceContent(rebuttal_id="a", sources=(Source(text="An article. 否认"),))], actor="ed")
    store.write(
        [with_vectors(GEM_ORE), with_vectors(content("a", status="draft"), seed=1), *put(content("b"))], actor="ed"
    )
    store.write([Write(content=content("b", status="retracted"), action="retract", reason="nach Prüfung")], actor="jo")
    assert store.links.counts() == {"unchecked": 1}
    store.links.save(Link(url="https://example.org/briefing", state="fine", checked_at=NOON))
    for name in ("zebra", "ant"):
        store.create_key(name, "editor", per_minute=7)
        store.people.create(name, "editor", actor="cli", email=f"{name}@example.org")
    store.people.open_session("s", "ant", now=NOON, ends_at=NOON + dt.timedelta(hours=1), most=3)
    store.people.attempt([Tried("name:x", 1)], now=NOON)
    store.people.use_flow("f", now=NOON, until=NOON)
    store.tallies.add({TallyKey(NOON.date(), "rebutted", "gem-ore"): 3}, today=NOON.date())
    told = ProvenanceContent(rebuttal_id="b", source="f", format="csv", sha256="a" * 64, original_id=None, notes=("n",))
    store.provenances.add([told], actor="cli")
    said = FeedbackContent(verdict_id="v", label="unmatched", rebuttal_id=None, store_version=1, rating="right")
    store.add_feedback(said, most=9)
    topic = WatchContent(owner="key:ant", kind="topic", text="gems", url="https://hooks.example.org/")
    vector = np.linspace(0, 1, 4, dtype=np.float32)
    watch = store.watches.add(NewWatch(topic, "whsec", 4, model="m", vector=vector), bounds=Bounds(9, 9))
    assert watch is not None
    store.watches.tell(Notice(watch.id, "watch.test", "{}"))


@pytest.fixture
def there(engine: Engine, postgres: Server, tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    """A filled store of the engine, and where there is none yet, of the other one."""
    with engine.open() as store:
        fill(store)
    if engine.name == "postgres":
        yield place_of(engine.place), tmp_path / "moved.db"
        return
    with postgres.database() as address:
        yield place_of(engine.place), place_of(address)


def holds_nothing(place: Place) -> bool:
    """Whether there is no file, or a database whose store is as it was made."""
    if not exists(place):
        return isinstance(place, Address) or list(place.parent.glob(f"{place.name}*")) == []
    with open_place(place, create=False) as store:
        return {name for name, count in rows(store).items() if count} == {"meta", "watch_work"}


def rows(store: SqlStore) -> dict[str, int]:
    readers, _ = store.inside()
    with readers.lend() as db:
        return {table.name: db.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0] for table in tables()}  # noqa: S608


def seen(store: Store) -> object:
    """What the port shows of a store."""
    people = store.people
    return (
        *(store.id, store.head(), store.position(), list(store.scan()), store.revisions("b"), store.events(0, 99)),
        *(
            store.keys(),
            people.every(),
            people.log(0, 99),
            people.find_session("s", now=NOON, idle=dt.timedelta(hours=1)),
        ),
        *(store.links.page(None, cursor=None, limit=9), store.links.of("gem-ore"), store.provenances.of("b")),
        *(store.tallies.by_day(NOON.date()), list(store.scan_feedback()), store.sources.of("a")),
        *(store.watches.page(owner=None, cursor=None, limit=9), store.drafts(9)),
        store.watches.feed(watch_id=None, owner=None, cursor=None, limit=9).items,
    )


def vectors(store: Store) -> dict[str, bytes]:
    found = store.vectors_of(["gem-ore", "a", "b"], model=MODEL)
    return {name: one.rows.tobytes() + one.fields.tobytes() for name, one in found.items()}


def test_every_shelf_is_filled_by_this_test(there: tuple[Place, Place]) -> None:
    with open_place(there[0]) as store:
        assert [name for name, count in rows(store).items() if not count] == []


def test_a_store_arrives_whole_and_works_on(there: tuple[Place, Place]) -> None:
    source, target = there
    told: list[tuple[str, int, int]] = []
    moved = move(source, target, lambda *progress: told.append(progress))
    with open_place(source) as old, open_place(target, create=False) as new:
        assert seen(new) == seen(old)
        assert vectors(new) == vectors(old) != {}
        assert (moved.events, moved.rows) == (4, sum(rows(old).values()))
        assert rows(new) == rows(old)
        assert ("vectors", 2, 2) in told
        assert new.verify_events() == 4
        new.write(put(content("after")), actor="ed")
        told_again = ProvenanceContent(rebuttal_id="after", source="g", format="csv", sha256="b" * 64)
        assert new.provenances.add([told_again], actor="cli") == 1
        new.create_key("middle", "reader")
        assert [key.name for key in new.keys()] == ["zebra", "ant", "middle"]  # noqa: SIM118 - no dictionary


def test_there_and_back_is_the_same_store(there: tuple[Place, Place], engine: Engine) -> None:
    source, target = there
    move(source, target, lambda *_: None)
    with engine.another() as empty:
        move(target, place_of(empty.place), lambda *_: None)
        with empty.open() as back, open_place(source) as old:
            assert seen(back) == seen(old)
            assert vectors(back) == vectors(old)


def test_what_pgvector_searches_arrives_too(there: tuple[Place, Place], postgres: Server) -> None:
    source, target = there
    move(source, target, lambda *_: None)
    address = next(place.text for place in (target, source) if isinstance(place, Address))
    database = address.partition("?")[0].rpartition("/")[2]
    query = "SELECT status, count(*) FROM rejoinder.passage GROUP BY status ORDER BY status"
    assert postgres.execute(query, database=database) == [("draft", 4), ("published", 4)]


def test_a_target_that_holds_something_is_refused(there: tuple[Place, Place]) -> None:
    source, target = there
    with open_place(target) as store:
        store.create_key("mine", "admin")
    with pytest.raises(AlreadyExistsError, match="nothing was changed"):
        move(source, target, lambda *_: None)
    with open_place(target, create=False) as store:
        assert ([key.name for key in store.keys()], store.count()) == (["mine"], 0)  # noqa: SIM118 - no dictionary
    with pytest.raises(AlreadyExistsError):
        move(source, source, lambda *_: None)


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        move(tmp_path / "a.db", tmp_path / "b.db", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_was_tampered_with_leaves_nothing_behind(there: tuple[Place, Place], engine: Engine) -> None:
    source, target = there
    with engine.shell(armed=False) as shell:
        shell.execute("UPDATE event SET actor = 'eve' WHERE number = 2")
    with pytest.raises(StoreCorruptError, match="event 2"):
        move(source, target, lambda *_: None)
    assert holds_nothing(target)


def test_a_source_that_is_written_to_meanwhile_is_given_up(there: tuple[Place, Place], engine: Engine) -> None:
    source, target = there
    with engine.open() as busy:

        def write(table: str, done: int, _total: int) -> None:
            if (table, done) == ("rebuttal", 3):
                busy.write(put(content("late")), actor="ed")

        with pytest.raises(StoreLockedError, match="stop the service"):
            move(source, target, write)
    assert holds_nothing(target)
    move(source, target, lambda *_: None)
