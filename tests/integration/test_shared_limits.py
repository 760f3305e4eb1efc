"""Limits of keys that several services count together in one database, and alone while it is away."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from msgspec import structs
from support.api import open_api
from support.postgres import Server, running

from service.api.app import create_app
from service.api.rates import Buckets, Left
from service.api.shared import Limits
from service.places import Address
from service.settings import Settings
from service.store.opening import open_place
from service.store.postgres import buckets as buckets_module
from service.store.postgres.buckets import PAUSE_S, SharedBuckets

pytestmark = pytest.mark.postgres


@pytest.fixture
def address(postgres: Server) -> Iterator[str]:
    with postgres.database() as made:
        open_place(Address(made)).close()
        yield made


def services(address: str, count: int = 2, *, shared: bool = True) -> list[Limits]:
    settings = Settings(db=Address(address), shared_limits=shared)
    return [Limits(settings, Buckets().take_here) for _ in range(count)]


def run(limits: list[Limits], work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The work, and then the end of the services, whatever becomes of it."""

    async def whole() -> None:
        try:
            await work()
        finally:
            for one in limits:
                async with one.lifespan(None):  # type: ignore[arg-type]  # the application is not looked at
                    pass

    asyncio.run(whole())


def granted(takings: list[Left]) -> int:
    return sum(not left.seconds for left in takings)


def test_services_count_together(address: str) -> None:
    limits = services(address)

    async def work() -> None:
        takings = [await limits[turn % 2].take("key:cms", 5) for turn in range(8)]
        assert [left.requests for left in takings] == [4, 3, 2, 1, 0, 0, 0, 0]
        assert granted(takings) == 5
        assert 10 < takings[-1].seconds <= 12
        assert takings[0].headers()["RateLimit"] == '"key";r=4;t=12'
        assert granted([await limits[0].take("key:other", 5)]) == 1

    run(limits, work)


def test_two_that_ask_at_once_get_no_more(address: str) -> None:
    limits = services(address, 4)

    async def work() -> None:
        await limits[0].take("key:cms", 40)  # the table is there
        takings = await asyncio.gather(*[limits[turn % 4].take("key:cms", 40) for turn in range(80)])
        assert granted(list(takings)) == 39

    run(limits, work)


def test_services_that_start_at_once_make_one_table(address: str) -> None:
    limits = services(address, 4)

    async def work() -> None:
        takings = await asyncio.gather(*[one.take("key:cms", 1_000) for one in limits])
        assert granted(list(takings)) == 4

    run(limits, work)


def test_a_bucket_fills_again(address: str) -> None:
    limits = services(address)

    async def work() -> None:
        async with asyncio.timeout(30):
            while not (left := await limits[0].take("key:cms", 120)).seconds:
                pass
        await asyncio.sleep(left.seconds)
        assert granted([await limits[1].take("key:cms", 120)]) == 1

    run(limits, work)


def test_each_counts_for_itself_where_the_setting_says_so(address: str) -> None:
    limits = services(address, shared=False)

    async def work() -> None:
        assert granted([await limits[turn % 2].take("key:cms", 2) for turn in range(8)]) == 4

    run(limits, work)


def test_a_file_is_shared_with_nobody(tmp_path: Path) -> None:
    limits = [Limits(Settings(db=tmp_path / "a.db"), Buckets().take_here)]

    async def work() -> None:
        assert granted([await limits[0].take("key:cms", 2) for _ in range(4)]) == 2

    run(limits, work)


def test_without_the_extra_the_application_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """It then says what is missing when it opens the store."""
    monkeypatch.setitem(sys.modules, "service.store.postgres.buckets", None)
    limits = services("postgresql:///nowhere", 1)

    async def work() -> None:
        assert granted([await limits[0].take("key:cms", 2) for _ in range(4)]) == 2

    run(limits, work)


def test_while_the_database_is_away_each_counts_for_itself_and_then_together_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 0.0
    with running() as server:
        open_place(Address(server.address())).close()
        buckets = SharedBuckets(server.address(), clock=lambda: now)

        async def work() -> None:
            nonlocal now
            first = await buckets.take("key:cms", 3)
            assert first is not None
            assert first.granted
            server.stop()
            with caplog.at_level(logging.WARNING, "rejoinder.limits"):
                assert [await buckets.take("key:cms", 3) for _ in range(5)] == [None] * 5
            assert len(caplog.records) == 1
            assert "counts alone" in caplog.text
            server.start()
            assert await buckets.take("key:cms", 3) is None  # it is not asked again so soon
            now += PAUSE_S
            again = await buckets.take("key:cms", 3)
            assert again is not None
            assert again.granted
            await buckets.close()

        asyncio.run(work())


def test_a_database_that_does_not_answer_is_not_waited_for(address: str, postgres: Server) -> None:
    """Its row is held by a transaction that does not end."""
    now = 0.0
    buckets = SharedBuckets(address, clock=lambda: now)

    async def work() -> None:
        nonlocal now
        import psycopg  # noqa: PLC0415 - as the modules that need the extra

        assert await buckets.take("key:cms", 3) is not None
        async with await psycopg.AsyncConnection.connect(address) as other:
            await other.execute("UPDATE rejoinder.bucket SET full_at = full_at")
            assert await buckets.take("key:cms", 3) is None
            assert await buckets.take("key:free", 3) is None
            await other.rollback()
        now += PAUSE_S
        assert (await buckets.take("key:cms", 3)) is not None
        await buckets.close()

    asyncio.run(work())
    assert postgres.execute("SELECT 1")


def test_many_who_wait_for_their_turn_do_not_stop_the_counting(
    address: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller can send as many requests at once as it likes: that alone must not let all of them count anew."""
    take = buckets_module._TAKE  # noqa: SLF001 - the statement itself has to be slow
    slow = take.replace("FROM taken UNION", "FROM taken, pg_sleep(0.02) UNION")
    assert slow != take
    monkeypatch.setattr(buckets_module, "_TAKE", slow)
    monkeypatch.setattr(buckets_module, "PATIENCE_S", 1.0)
    buckets = SharedBuckets(address)

    async def work() -> None:
        assert await buckets.take("key:cms", 10_000) is not None
        takings = await asyncio.gather(*[buckets.take("key:cms", 10_000) for _ in range(100)])
        assert None in takings  # else this shows nothing
        assert await buckets.take("key:cms", 10_000) is not None
        await buckets.close()

    with caplog.at_level(logging.WARNING, "rejoinder.limits"):
        asyncio.run(work())
    assert caplog.records == []


def test_two_services_refuse_a_key_together(address: str, tmp_path: Path) -> None:
    with open_api(tmp_path, key_per_minute=3) as api:
        # Records come from a file here: which database counts is what the application reads in its settings.
        settings = structs.replace(api.runtime.settings, db=Address(address))
        with (
            TestClient(create_app(settings, api.runtime)) as one,
            TestClient(create_app(settings, api.runtime)) as other,
        ):
            asked = (one, other, one, other)
            answers = [client.get("/v1/rebuttals", headers=api.key("reader")) for client in asked]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
