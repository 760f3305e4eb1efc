"""Writing records: what becomes of them, and that each write is searchable when it returns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from support.hashing import HashingEncoder
from support.records import GEM_ORE, content

from service.calibration import Nearness
from service.catalog import Catalog, content_of
from service.domain import RebuttalContent
from service.errors import (
    AlreadyExistsError,
    InvalidRecordError,
    InvalidTransitionError,
    NotFoundError,
    RevisionMismatchError,
)
from service.finder import Finder
from service.store.sqlite import SqliteStore

ANYTHING = Nearness(bias=0.0, similarity=1.0, evidence=1.0, size=0)


@pytest.fixture
def finder(tmp_path: Path) -> Iterator[Finder]:
    store = SqliteStore.open(tmp_path / "store.db")
    finder = Finder(store, HashingEncoder(), ANYTHING, index_path=tmp_path / "store.index")
    yield finder
    finder.close()
    store.close()


@pytest.fixture
def catalog(finder: Finder) -> Catalog:
    return Catalog(finder, max_line=10_000)


def nearest(finder: Finder, text: str) -> list[str]:
    return [candidate.id for candidate in asyncio.run(finder.find([text]))[0]]


def sharing_words(finder: Finder, text: str) -> list[str]:
    return [candidate.id for candidate in asyncio.run(finder.find([text]))[0] if candidate.words > 0]


async def chunks(*lines: object) -> AsyncIterator[bytes]:
    for line in lines:
        yield (line if isinstance(line, bytes) else msgspec.json.encode(line)) + b"\n"


def test_a_record_is_found_as_soon_as_it_is_created(catalog: Catalog, finder: Finder) -> None:
    assert nearest(finder, GEM_ORE.rumor) == []
    record = asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    assert record.revision == 1
    assert nearest(finder, GEM_ORE.rumor) == ["gem-ore"]


def test_creating_twice_is_refused(catalog: Catalog) -> None:
    asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    with pytest.raises(AlreadyExistsError):
        asyncio.run(catalog.create(GEM_ORE, actor="tester"))


def test_an_update_is_found_by_its_new_words_only(catalog: Catalog, finder: Finder) -> None:
    asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    changed = structs.replace(
        GEM_ORE, rumor="Zebras escaped", variants=(), statement="None did", citations=GEM_ORE.citations
    )
    record = asyncio.run(catalog.update("gem-ore", changed, expected_revision=1, actor="tester"))
    assert record.revision == 2
    assert sharing_words(finder, "zebras") == ["gem-ore"]
    assert sharing_words(finder, "Munir box") == []


def test_a_lost_update_is_refused(catalog: Catalog) -> None:
    asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    first = structs.replace(GEM_ORE, rumor="First")
    asyncio.run(catalog.update("gem-ore", first, expected_revision=1, actor="one"))
    with pytest.raises(RevisionMismatchError) as refused:
        asyncio.run(catalog.update("gem-ore", GEM_ORE, expected_revision=1, actor="two"))
    assert refused.value.current == 2


def test_what_is_retracted_answers_no_claim_and_stays_readable(catalog: Catalog, finder: Finder) -> None:
    asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    asyncio.run(catalog.retract("gem-ore", reason="withdrawn", expected_revision=1, actor="tester"))
    assert nearest(finder, GEM_ORE.rumor) == []
    assert finder.store.get("gem-ore").status == "retracted"
    assert [(one.action, one.reason) for one in finder.store.revisions("gem-ore")] == [
        ("retract", "withdrawn"),
        ("create", None),
    ]


def test_steps_that_make_no_sense_are_refused(catalog: Catalog) -> None:
    asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    asyncio.run(catalog.create(content("other"), actor="tester"))
    with pytest.raises(NotFoundError):
        asyncio.run(catalog.retract("nowhere", reason="x", expected_revision=None, actor="tester"))
    with pytest.raises(InvalidRecordError):
        asyncio.run(catalog.supersede("gem-ore", by="gem-ore", reason=None, expected_revision=1, actor="tester"))
    with pytest.raises(InvalidRecordError):
        asyncio.run(catalog.supersede("gem-ore", by="nowhere", reason=None, expected_revision=1, actor="tester"))
    asyncio.run(catalog.supersede("gem-ore", by="other", reason=None, expected_revision=1, actor="tester"))
    with pytest.raises(InvalidTransitionError):
        asyncio.run(catalog.supersede("gem-ore", by="other", reason=None, expected_revision=2, actor="tester"))
    with pytest.raises(InvalidTransitionError):
        asyncio.run(catalog.update("gem-ore", GEM_ORE, expected_revision=2, actor="tester"))


def test_importing_twice_changes_nothing(catalog: Catalog, finder: Finder) -> None:
    records = [content(f"r{at}", rumor=f"Rumor number {at}") for at in range(600)]
    first = asyncio.run(catalog.import_lines(chunks(*records), actor="tester"))
    assert (first.created, first.updated, first.unchanged) == (600, 0, 0)
    head = finder.store.head()
    again = asyncio.run(catalog.import_lines(chunks(*records), actor="tester"))
    assert (again.created, again.updated, again.unchanged) == (0, 0, 600)
    assert finder.store.head() == head


def test_good_lines_are_kept_and_bad_ones_named(catalog: Catalog) -> None:
    bad = msgspec.to_builtins(content("no-source")) | {"citations": []}
    lines = [GEM_ORE, b"{", bad, content("second"), content("gem-ore", rumor="again"), b"x" * 20_000, content("third")]
    report = asyncio.run(catalog.import_lines(chunks(*lines), actor="tester"))
    assert report.created == 3
    assert [(line.line, line.id) for line in report.rejected] == [
        (2, None),
        (3, "no-source"),
        (5, "gem-ore"),
        (6, None),
    ]


def test_a_connection_that_breaks_keeps_the_complete_lines(catalog: Catalog, finder: Finder) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield msgspec.json.encode(GEM_ORE) + b"\n" + msgspec.json.encode(content("second"))[:40]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(catalog.import_lines(broken(), actor="tester"))
    assert finder.store.get("gem-ore").rumor == GEM_ORE.rumor
    assert finder.store.count() == 1


def test_a_file_of_bad_lines_does_not_fill_the_memory(catalog: Catalog) -> None:
    report = asyncio.run(catalog.import_lines(chunks(*[b"{"] * 3_000), actor="tester"))
    assert report.rejected_total == 3_000
    assert len(report.rejected) == 1_000


def test_progress_is_told(catalog: Catalog) -> None:
    told: list[tuple[int, int]] = []
    records = [content(f"r{at}") for at in range(300)]
    asyncio.run(catalog.import_lines(chunks(*records), actor="t", on_progress=lambda *at: told.append(at)))
    assert [lines for lines, _ in told] == [256]


def test_content_of_a_record_is_what_was_written(catalog: Catalog) -> None:
    record = asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    assert content_of(record) == GEM_ORE
    assert type(content_of(record)) is RebuttalContent


def test_vectors_that_are_missing_are_made(catalog: Catalog, finder: Finder, tmp_path: Path) -> None:
    other = HashingEncoder(dim=32)
    asyncio.run(catalog.create(GEM_ORE, actor="tester"))
    second = Finder(finder.store, other, ANYTHING, index_path=tmp_path / "second.index")
    asyncio.run(Catalog(second, max_line=1_000).encode_missing())
    hits = asyncio.run(second.find([GEM_ORE.rumor]))[0]
    second.close()
    assert hits[0].similarity == pytest.approx(1.0, abs=0.01)
