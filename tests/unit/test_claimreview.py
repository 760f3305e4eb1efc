"""Records as ClaimReview: valid, safe to embed, and the same after the way there and back."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser
from importlib import resources

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.records import GEM_ORE, content
from support.reviews import RECORDS, read

from service.domain import RebuttalContent
from service.ingest.claimreview import (
    Publisher,
    Reading,
    attributed_rating,
    data_feed,
    findings,
    from_jsonld,
    script,
    to_jsonld,
)
from service.ingest.claimreview.ratings import outcomes
from service.ingest.claimreview.writing import OWN, WORDS
from service.ingest.formats import Source
from service.ingest.ndjson import parse_line

BASE = "https://facts.example"


def back(document: object) -> list[RebuttalContent]:
    read = list(from_jsonld(document))
    assert all(isinstance(one, Reading) for one in read), read
    return [one.content for one in read if isinstance(one, Reading)]


def imported(data: bytes, source: Source) -> list[RebuttalContent | None]:
    return [line.content for line in asyncio.run(read(data, source))]


def starter() -> list[RebuttalContent]:
    data = (resources.files("service") / "starter" / "rebuttals.jsonl").read_bytes()
    lines = [parse_line(number, line, 100_000) for number, line in enumerate(data.splitlines())]
    return [line.content for line in lines if line and line.content]


@settings(deadline=None)  # the first example may load a library
@given(RECORDS)
def test_a_record_comes_back_as_it_went(record: RebuttalContent) -> None:
    sent = msgspec.json.encode(to_jsonld(record, BASE))
    (again,) = back(msgspec.json.decode(sent))
    assert again == record
    assert msgspec.json.encode(to_jsonld(again, BASE)) == sent


@settings(deadline=None)  # the first example may load a library
@given(RECORDS)
def test_a_feed_comes_back_as_it_went(record: RebuttalContent) -> None:
    records = [record, structs.replace(record, id="z")]
    sent = b"".join(data_feed(records, BASE))
    again = back(msgspec.json.decode(sent))
    assert again == records
    assert b"".join(data_feed(again, BASE)) == sent


@settings(deadline=None)  # the first example may load a library
@given(st.lists(RECORDS, min_size=1, max_size=3))
def test_a_feed_is_imported_as_it_was_exported(records: list[RebuttalContent]) -> None:
    feed = b"".join(data_feed(records, BASE))
    assert imported(feed, Source(form="claimreview")) == records


@settings(deadline=None)  # the first example may load a library
@given(RECORDS)
def test_a_page_is_imported_as_it_was_served(record: RebuttalContent) -> None:
    page = f"<!doctype html><html><head>{script(to_jsonld(record, BASE))}</head><body>x</body></html>"
    assert imported(page.encode(), Source(form="html")) == [record]


@settings(deadline=None)  # the first example may load a library
@given(RECORDS)
def test_nothing_in_a_record_ends_its_script(record: RebuttalContent) -> None:
    class Page(HTMLParser):
        tags: list[str]
        data: list[str]

        def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
            self.tags.append(tag)

        def handle_data(self, data: str) -> None:
            self.data.append(data)

    page = Page()
    page.tags, page.data = [], []
    page.feed(f"<head>{script(to_jsonld(record, BASE))}</head>")
    page.close()
    assert page.tags == ["head", "script"]
    text = "".join(page.data)
    assert not re.search("[<>&\u2028\u2029]", text)
    assert back(msgspec.json.decode(text)) == [record]


@pytest.mark.parametrize("record", starter(), ids=lambda record: str(record.id))
def test_every_record_that_ships_keeps_the_rules(record: RebuttalContent) -> None:
    assert findings(to_jsonld(record, BASE), "facts.example") == []


@settings(deadline=None)  # the first example may load a library
@given(RECORDS)
def test_no_record_breaks_what_is_required(record: RebuttalContent) -> None:
    assert [one for one in findings(to_jsonld(record, BASE)) if one.level == "required"] == []


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("claimReviewed", "", "claimReviewed"),
        ("url", "not an address", "url"),
        ("url", "https://elsewhere.example/1", "url"),
        ("reviewRating", None, "reviewRating.alternateName"),
        ("reviewRating", {"@type": "Rating", "alternateName": "x", "ratingValue": 9, "worstRating": 1, "bestRating": 5},
         "reviewRating.ratingValue"),
        ("author", {"@type": "Organization"}, "author.name"),
        ("itemReviewed", {}, "itemReviewed.@type"),
        ("citation", [], "citation"),
        ("citation", [{"@type": "CreativeWork", "url": "ftp://x", "publisher": {"name": "x"}}], "citation[0].url"),
        ("datePublished", "yesterday", "datePublished"),
        ("inLanguage", "English!", "inLanguage"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named(path: str, value: object, named: str) -> None:
    review = {**to_jsonld(GEM_ORE, BASE), path: value}
    assert named in {one.path for one in findings(review, "facts.example")}


def test_the_rating_is_never_in_our_own_voice() -> None:
    assert attributed_rating(GEM_ORE) == "False, according to Ministry of Foreign Affairs of China"
    assert attributed_rating(content("x", rating_words="Pants on Fire")) == "Pants on Fire"


def test_the_words_of_each_rating_are_read_as_that_rating() -> None:
    assert {rating: outcomes(words) for rating, words in WORDS.items()} == {rating: {rating} for rating in WORDS}


def test_the_publisher_is_the_operator() -> None:
    review = to_jsonld(GEM_ORE, f"{BASE}/", Publisher("The Desk", "https://desk.example"))
    assert review["author"] == {"@type": "Organization", "name": "The Desk", "url": "https://desk.example"}
    assert review["url"] == f"{BASE}/rebuttals/gem-ore"


def test_a_date_that_nobody_knows_is_taken_from_the_first_report_and_not_believed_on_the_way_back() -> None:
    record = content("undated", stated_on=None)
    review = to_jsonld(record, BASE)
    assert review["datePublished"] == "2025-10-14"
    assert back(review)[0].stated_on is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({OWN: {"version": 99}}, OWN),
        ({"citation": []}, "$.citation"),
        ({"claimReviewed": 7}, "$.rumor"),
        ({"creativeWorkStatus": "burnt"}, "$.status"),
        ({"isBasedOn": "x"}, "authority.name"),
    ],
)
def test_an_export_of_ours_that_was_damaged_is_refused_by_field(change: dict[str, object], named: str) -> None:
    (error,) = from_jsonld({**to_jsonld(GEM_ORE, BASE), **change})
    assert not isinstance(error, Reading)
    assert named in error.reason
    assert error.original_id == "gem-ore"
