"""What another process writes is in answers within a second, and hardly anybody waits for it to come in."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from support.api import CALIBRATION, WordStance
from support.hashing import HashingEncoder
from support.records import content

from service.api.backend import Backend
from service.api.following import Following
from service.calibration import Nearness
from service.catalog import Catalog
from service.check import Checker
from service.domain import Filters
from service.errors import StoreError
from service.finder import Finder
from service.remote import Remote
from service.runtime import Runtime
from service.settings import Settings
from service.store.searching import Searcher
from service.store.sqlite import SqliteStore

NEARNESS = Nearness(bias=0.0, similarity=1.0, evidence=1.0, size=0)
SECONDS = 30


class Clock:
    """What the finder takes for the time. It stands still until it is put on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        """See `time.monotonic`."""
        return self.now


class Gate:
    """Lets nobody ask the store how far it has come, until it is opened."""

    def __init__(self, store: SqliteStore) -> None:
        self._ask = store.position
        self.reached = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self.fault: StoreError | None = None

    def position(self) -> int:
        """See `service.store.Store.position`."""
        told = self._ask()
        self.reached.set()
        assert self.open.wait(SECONDS)
        if self.fault:
            raise self.fault
        return told

    def shut(self) -> None:
        """From now on everybody waits who asks."""
        self.reached.clear()
        self.open.clear()


class Desk:
    """A finder that follows a store, and another process that writes to it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        monkeypatch.setattr("service.finder.time", self.clock)
        self.store = SqliteStore.open(folder / "store.db")
        self.gate = Gate(self.store)
        monkeypatch.setattr(self.store, "position", self.gate.position)
        self.finder = Finder(self.store, HashingEncoder(), NEARNESS, index_path=folder / "store.index")
        self._others = SqliteStore.open(folder / "store.db")
        self._other = Finder(self._others, HashingEncoder(), NEARNESS, index_path=folder / "other.index")
        self._catalog = Catalog(self._other, max_line=10_000)

    def write(self, name: str) -> int:
        """Add a record as the other process. Returns the store's version."""
        asyncio.run(self._catalog.create(content(name, rumor=f"Zebras {name}"), actor="t"))
        return self._others.head()

    def keep_up(self) -> int:
        """What a request does first."""
        return asyncio.run(self.finder.keep_up())

    def close(self) -> None:
        """Close both."""
        self.gate.open.set()
        self.finder.close()
        self.store.close()
        self._other.close()
        self._others.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path, monkeypatch)
    yield desk
    desk.close()


def wait_for(desk: Desk, version: int) -> None:
    until = time.monotonic() + SECONDS
    while desk.finder.version != version:
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.005)


def test_nobody_waits_for_a_look_soon_after_the_last(desk: Desk) -> None:
    before = desk.finder.version
    after = desk.write("new")
    desk.gate.shut()
    desk.clock.now += 0.3
    assert desk.keep_up() == before  # it would hang if it waited
    assert desk.gate.reached.wait(SECONDS)
    desk.gate.open.set()
    wait_for(desk, after)


def test_the_store_is_left_alone_right_after_a_look(desk: Desk) -> None:
    desk.gate.reached.clear()
    desk.clock.now += 0.2
    desk.keep_up()
    assert not desk.gate.reached.wait(0.1)


def test_a_request_has_what_was_written_three_quarters_of_a_second_before_it(desk: Desk) -> None:
    after = desk.write("new")
    desk.clock.now += 0.8
    assert desk.keep_up() == after


def test_a_look_that_began_long_before_the_request_is_not_enough(desk: Desk) -> None:
    desk.gate.shut()
    desk.clock.now += 0.3
    desk.keep_up()
    assert desk.gate.reached.wait(SECONDS)  # it has asked, and learns of nothing that is written from now on
    after = desk.write("new")
    desk.clock.now += 0.8
    threading.Timer(0.05, desk.gate.open.set).start()
    assert desk.keep_up() == after


def test_one_look_is_taken_for_all_who_wait_whoever_goes_away(desk: Desk) -> None:
    after = desk.write("new")
    desk.gate.shut()
    desk.clock.now += 0.8

    async def both() -> int:
        gone, waits = (asyncio.create_task(desk.finder.keep_up()) for _ in range(2))
        await asyncio.to_thread(desk.gate.reached.wait, SECONDS)
        gone.cancel()
        await asyncio.wait([gone])
        assert gone.cancelled()
        desk.gate.open.set()
        return await waits

    assert asyncio.run(both()) == after


def test_a_store_that_cannot_be_read_is_told_to_whoever_has_to_wait(desk: Desk) -> None:
    before = desk.finder.version
    desk.gate.fault = StoreError("the disk is gone")
    desk.clock.now += 0.3
    assert desk.keep_up() == before
    desk.clock.now += 0.5
    with pytest.raises(StoreError, match="the disk is gone"):
        desk.keep_up()
    desk.gate.fault = None
    after = desk.write("new")
    assert desk.keep_up() == after


def test_nobody_fails_for_a_look_that_began_long_before(desk: Desk) -> None:
    desk.gate.shut()
    desk.gate.fault = StoreError("the disk is gone")
    desk.clock.now += 0.3
    desk.keep_up()
    assert desk.gate.reached.wait(SECONDS)
    after = desk.write("new")
    desk.clock.now += 0.8

    async def asked() -> int:
        asking = asyncio.create_task(desk.finder.keep_up())
        await asyncio.sleep(0)  # it waits for the look that is under way
        look.taken.add_done_callback(lambda _: setattr(desk.gate, "fault", None))
        desk.gate.open.set()
        return await asking

    look = desk.finder._look  # noqa: SLF001 - the store is to be well only once that has failed
    assert look is not None
    assert asyncio.run(asked()) == after
    assert isinstance(look.taken.exception(), StoreError)


def test_looks_that_fail_become_fewer_and_are_told_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.gate.fault = StoreError("the disk is gone")
    looks = 0
    for _ in range(30):  # of a tenth of a second
        desk.clock.now += 0.1
        desk.gate.reached.clear()
        desk.finder.look_aside()
        wait_for_look(desk)
        looks += desk.gate.reached.is_set()
    assert looks == 3
    assert [record.getMessage() for record in caplog.records] == [
        "The store cannot be looked at for what others have written: the disk is gone"
    ]
    desk.gate.fault = None
    after = desk.write("new")
    desk.clock.now += 1.1
    desk.finder.look_aside()
    wait_for(desk, after)


def wait_for_look(desk: Desk) -> None:
    look = desk.finder._look  # noqa: SLF001 - shows nowhere else
    if look is not None:
        look.taken.exception(SECONDS)


def test_a_search_has_what_was_written_before_it(desk: Desk) -> None:
    checker = Checker(desk.finder, WordStance(), CALIBRATION, cache_size=0)
    desk.write("new")
    desk.clock.now += 0.8
    hits = asyncio.run(checker.search("Zebras new", limit=1, filters=Filters()))
    checker.close()
    assert [hit.rebuttal.id for hit in hits] == ["new"]


def test_nobody_is_answered_once_there_is_nothing_to_search_by(desk: Desk) -> None:
    told = ["before"]
    searcher = cast("Searcher", desk.store)  # of which only `head` is asked
    remote = Remote(searcher, lambda: told[0])
    finder = Finder(desk.store, HashingEncoder(), NEARNESS, index_path=Path("/nonexistent/index"), indexes=remote)
    told[0] = "dropped"
    with pytest.raises(StoreError, match="Start the process again"):
        finder.refresh()
    with pytest.raises(StoreError, match="Start the process again"):
        asyncio.run(finder.keep_up())  # though the last look that succeeded was just now
    finder.close()


def test_a_service_looks_again_after_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.following._LOOK_EVERY_S", 0.01)
    again = threading.Event()
    looks = iter([RuntimeError("can't start new thread")])

    def look() -> None:
        if (error := next(looks, None)) is not None:
            raise error
        again.set()

    monkeypatch.setattr(desk.finder, "look_aside", look)
    runtime = cast("Runtime", SimpleNamespace(finder=desk.finder, world=None))
    following = Following(Backend(Settings(db=desk.store.path), runtime), lambda: None)

    async def served() -> bool:
        working = asyncio.create_task(following._keep_up())  # noqa: SLF001 - alone: all else needs a whole service
        try:
            return await asyncio.to_thread(again.wait, SECONDS)
        finally:
            working.cancel()
            await asyncio.wait([working])

    assert asyncio.run(served())


def test_what_is_written_here_is_there_at_once(desk: Desk) -> None:
    catalog = Catalog(desk.finder, max_line=10_000)
    asyncio.run(catalog.create(content("own", rumor="Zebras here"), actor="t"))
    assert desk.keep_up() == desk.store.head()
