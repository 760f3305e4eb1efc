"""Where imported records came from: kept for every form, once, and in step with what was imported."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
from support.api import CALIBRATION
from support.hashing import HashingEncoder
from support.records import GEM_ORE, content
from support.reviews import pieces, rated, review

from service.catalog import Catalog
from service.domain import ImportReport
from service.finder import Finder
from service.ingest.formats import Source
from service.store.provenance import ProvenanceContent
from service.store.sqlite import SqliteStore


def told(name: str = "gem-ore", source: str = "a.json", digest: str = "a" * 64) -> ProvenanceContent:
    return ProvenanceContent(
        rebuttal_id=name, source=source, format="claimreview", sha256=digest, original_id="#1", notes=("a note",)
    )


def test_what_is_told_is_kept_once_and_the_newest_comes_first(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "s.db") as store:
        assert store.provenances.add([told(), told(source="b.csv")], actor="cli") == 2
        assert store.provenances.add([told(), told(digest="b" * 64)], actor="key:desk") == 1
        found = store.provenances.of("gem-ore")
        assert [(one.source, one.sha256[0], one.actor) for one in found] == [
            ("a.json", "b", "key:desk"),
            ("b.csv", "a", "cli"),
            ("a.json", "a", "cli"),
        ]
        assert (found[0].original_id, found[0].notes, found[0].format) == ("#1", ("a note",), "claimreview")
        assert found[0].at >= found[1].at
        assert store.provenances.add([], actor="cli") == 0
        assert store.provenances.of("nothing") == []
        assert len(store.provenances.of("gem-ore", limit=1)) == 1


def test_half_a_character_does_no_harm(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "s.db") as store:
        store.provenances.add([told(source="\ud800")], actor="\ud800")
        assert store.provenances.of("gem-ore")[0].source == "?"


def run(store: SqliteStore, data: bytes, source: Source, **more: bool) -> ImportReport:
    finder = Finder(store, HashingEncoder(), CALIBRATION.nearness, index_path=store.path.with_suffix(".index"))
    try:
        catalog = Catalog(finder, max_line=200_000)
        return asyncio.run(catalog.import_from(pieces(data), source, actor="tester", **more))
    finally:
        finder.close()


def test_an_import_keeps_where_each_record_came_from(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "s.db") as store:
        feed = msgspec.json.encode(
            [review(datePublished="0000-00-00"), rated("True"), review(url="https://x.example/2")]
        )
        source = Source(form="claimreview", name="https://check.example/feed.json")
        assert run(store, feed, source).created == 2
        for record in store.scan():
            (one,) = store.provenances.of(record.id)
            assert (one.source, one.format, one.actor) == (source.name, "claimreview", "tester")
            assert one.original_id == record.citations[0].url
            assert bool(one.notes) == (record.stated_on is None)
        assert run(store, feed, source).unchanged == 2
        assert all(len(store.provenances.of(record.id)) == 1 for record in store.scan())


def test_a_record_from_two_sources_has_both(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "s.db") as store:
        line = msgspec.json.encode(GEM_ORE)
        run(store, line, Source(name="one.ndjson"))
        run(store, line, Source(name="two.ndjson"))
        assert [one.source for one in store.provenances.of("gem-ore")] == ["two.ndjson", "one.ndjson"]


def test_what_a_crash_left_untold_is_told_by_the_next_import(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "s.db") as store:
        line = msgspec.json.encode(GEM_ORE)
        run(store, line, Source(name="one.ndjson"))
        store._writer.run(lambda db: db.execute("DELETE FROM provenance"))  # noqa: SLF001 - as if it ended in between
        assert run(store, line, Source(name="one.ndjson")).unchanged == 1
        assert len(store.provenances.of("gem-ore")) == 1


def test_drafts_are_made_of_new_records_only(tmp_path: Path) -> None:
    with SqliteStore.open(tmp_path / "s.db") as store:
        run(store, msgspec.json.encode(content("known")), Source())
        lines = b"\n".join(msgspec.json.encode(content(name, rating="scam")) for name in ("known", "new"))
        report = run(store, lines, Source(), as_draft=True)
        assert (report.created, report.updated, report.rejected_total) == (1, 1, 0)
        assert (store.get("known").status, store.get("new").status) == ("published", "draft")
        assert run(store, lines, Source(), as_draft=True).unchanged == 2
