"""Several editors at once, and the death of one: no work is lost, and a merge happens whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from support.api import Api, listening, open_api
from support.records import content

from service.store.sqlite import SqliteStore

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

# Pairs of records, each merged into one as soon as it is there, by a process that is killed at some moment.
_MERGES_FOR_EVER = """
import asyncio, itertools, pathlib, sys
from support.api import CALIBRATION
from support.hashing import HashingEncoder
from support.records import content
from service.catalog import Catalog
from service.domain import Citation
from service.finder import Finder
from service.store.sqlite import SqliteStore

path = pathlib.Path(sys.argv[1])
store = SqliteStore.open(path)
finder = Finder(store, HashingEncoder(), CALIBRATION.nearness, index_path=path.with_suffix(".index"))
catalog = Catalog(finder, max_line=100_000)

async def main():
    for number in itertools.count():
        other = content(f"that-{number}", citations=(Citation(url=f"https://example.com/{number}", publisher="Other"),))
        await catalog.create(content(f"this-{number}"), actor="ed")
        await catalog.create(other, actor="ed")
        await catalog.merge(f"this-{number}", f"that-{number}", expected_revision=1, actor="ed")
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Api, httpx.Client]]:
    """The application behind a real server, and a client that several threads may use."""
    with open_api(tmp_path) as api, listening(api) as connection:
        host, port = connection.getpeername()[:2]
        with httpx.Client(base_url=f"http://{host}:{port}", headers=api.key(), timeout=30) as client:
            yield api, client


def body(name: str, **changes: object) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.to_builtins(content(name, **changes))
    return record


def test_of_editors_who_read_the_same_revision_one_wins(server: tuple[Api, httpx.Client]) -> None:
    api, client = server
    assert client.post("/v1/rebuttals", json=body("raced")).status_code == 201

    def edit(number: int) -> int:
        record = body("raced", rumor=f"Rumor in the words of editor {number}")
        return client.put("/v1/rebuttals/raced", json=record, headers={"If-Match": '"1"'}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert Counter(threads.map(edit, range(8))) == {200: 1, 412: 7}
    assert api.runtime.store.get("raced").revision == 2


def test_additions_without_a_tag_are_all_kept(server: tuple[Api, httpx.Client]) -> None:
    api, client = server
    assert client.post("/v1/rebuttals", json=body("cited")).status_code == 201

    def cite(number: int) -> int:
        one = {"url": f"https://example.com/{number}", "publisher": "Example"}
        return client.post("/v1/rebuttals/cited/citations", json={"citations": [one]}).status_code

    def retract() -> int:
        return client.post("/v1/rebuttals/cited/retract", json={"reason": "x"}).status_code

    with ThreadPoolExecutor(4) as threads:
        added = list(threads.map(cite, range(4)))
        # Taking it out of use must not take back what somebody adds at the same time.
        gone, late = threads.submit(retract), threads.submit(cite, 4)
        assert (*added, gone.result(), late.result()) == (200,) * 6
    record = api.runtime.store.get("cited")
    assert record.status == "retracted"
    assert {one.url for one in record.citations[1:]} == {f"https://example.com/{number}" for number in range(5)}


def test_of_two_merges_of_one_record_one_wins(server: tuple[Api, httpx.Client]) -> None:
    api, client = server
    for name in ("one", "two", "shared"):
        assert client.post("/v1/rebuttals", json=body(name)).status_code == 201

    def merge(name: str) -> int:
        return client.post(f"/v1/rebuttals/{name}/merge", json={"other": "shared"}).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(merge, ("one", "two"))) == [200, 409]
    (loser,) = {"one", "two"} - {api.runtime.store.get("shared").superseded_by}
    assert api.runtime.store.get(str(loser)).revision == 1


def test_readers_never_see_half_a_merge(server: tuple[Api, httpx.Client]) -> None:
    api, client = server
    store = api.runtime.store
    pages = {f"that-{at}": f"https://example.com/{at}" for at in range(12)}
    cited = [body(name, citations=()) | {"citations": [{"url": url, "publisher": "P"}]} for name, url in pages.items()]
    api.put_in(body("this"), *cited)
    done = threading.Event()

    def look() -> int:
        seen = 0
        while not done.is_set():
            records = store.get_many(["this", *pages])
            merged = {name for name in pages if records[name].status == "superseded"}
            assert {one.url for one in records["this"].citations[1:]} == {pages[name] for name in merged}
            seen += len(merged) not in (0, len(pages))
        return seen

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(look) for _ in range(2)]
        for name in pages:
            assert client.post("/v1/rebuttals/this/merge", json={"other": name}).status_code == 200
        done.set()
        assert sum(reader.result(30) for reader in readers) > 0


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_merge_survives_kill_9_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    command = [sys.executable, "-c", _MERGES_FOR_EVER, str(path)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(10)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    told = [int(line) for line in lines if line.endswith("\n")]
    assert len(told) >= 10
    with SqliteStore.open(path, create=False) as store:
        records = {record.id: record for record in store.scan()}
        merged = {name for name, record in records.items() if record.status == "superseded"}
        taken = {f"that-{name.removeprefix('this-')}" for name, one in records.items() if len(one.citations) > 1}
        assert merged == taken
        assert {f"that-{number}" for number in told} <= merged
        assert store.verify_events() == store.head()
