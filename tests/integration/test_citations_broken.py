"""Sites and addresses that are meant to stop a run of checks, or are just broken: each is passed over alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.records import content
from support.web import Site, page, site

from service.citations import verifying
from service.citations.robots import Robots
from service.citations.verifying import Verifier
from service.domain import Citation
from service.outbound import Outbound
from service.store import Write
from service.store.sqlite import SqliteStore

STORY = b"<html><body><article><p>The samples are gem ores, not rare earths.</p></article></body></html>"


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as served:
        served.pages["/story"] = page(200, STORY)
        yield served


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path / "store.db") as opened:
        yield opened


def cited(url: str) -> Citation:
    return Citation(url=url, publisher="The Paper")


def states(store: SqliteStore, *urls: str) -> list[tuple[str, str | None]]:
    """What a check of these addresses finds."""
    citations = tuple(cited(url) for url in urls)
    store.write([Write(content=content("a", citations=citations), action="create")], actor="test")
    asyncio.run(Verifier(store, Outbound(private=True), pause=0).run(limit=100))
    return [(found.state, found.why) for found in store.links.of("a")]


@pytest.mark.parametrize(
    "line",
    ["Disallow: //[", "Crawl-delay: \u00b2", f"Crawl-delay: {'9' * 5_000}", "Request-rate: \u00b2/5"],
    ids=["address", "digit", "number", "rate"],
)
def test_a_robots_txt_with_nonsense_in_it_stops_no_run_and_its_other_rules_hold(
    store: SqliteStore, web: Site, line: str
) -> None:
    rules = f"User-agent: *\n{line}\nDisallow: /private\n".encode()
    web.pages |= {"/robots.txt": page(200, rules, kind="text/plain"), "/private/a": page(200, STORY)}
    found = states(store, web.url("/private/a"), web.url("/story"))
    assert found == [("blocked", "robots"), ("fine", None)]


def test_a_delay_beyond_every_number_is_cut(web: Site) -> None:
    web.pages["/robots.txt"] = page(200, b"User-agent: *\nCrawl-delay: " + b"9" * 400, kind="text/plain")
    assert asyncio.run(Robots(Outbound(private=True)).of(web.url("/story"))).delay() == 30.0


def test_an_address_that_cannot_be_taken_apart_stops_no_run(store: SqliteStore, web: Site) -> None:
    assert states(store, "http://[x/", web.url("/story")) == [("blocked", "address-closed"), ("fine", None)]


def test_a_page_that_is_read_for_long_holds_up_no_other_work(
    store: SqliteStore, web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    store.write([Write(content=content("a", citations=(cited(web.url("/story")),)), action="create")], actor="test")

    async def other_work() -> float:
        loop, reading = asyncio.get_running_loop(), asyncio.Event()

        def slow(_body: bytes, _kind: str) -> None:
            loop.call_soon_threadsafe(reading.set)
            over.wait(20)
            raise OSError

        monkeypatch.setattr(verifying, "read_page", slow)
        loop.set_default_executor(ThreadPoolExecutor(1))
        run = asyncio.create_task(Verifier(store, Outbound(private=True), pause=0).run(limit=1, seconds=10))
        await reading.wait()
        started = time.monotonic()
        waiting = asyncio.create_task(asyncio.to_thread(len, ""))  # the store's work, for one
        await asyncio.wait([waiting], timeout=1)
        over.set()
        await asyncio.gather(run, waiting, return_exceptions=True)
        return time.monotonic() - started

    assert asyncio.run(other_work()) < 1
