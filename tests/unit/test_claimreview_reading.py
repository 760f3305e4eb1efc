"""Other people's ClaimReviews: odd, broken and nested ones become records or a reason, never an exception."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reviews import REVIEW, rated, review

from service.ingest.claimreview import Reading, ReviewError, from_jsonld
from service.ingest.claimreview.texts import address_of, clean, day_of


def one(document: object, address: str | None = None) -> Reading:
    (read,) = from_jsonld(document, address=address)
    assert isinstance(read, Reading), read
    return read


def refused(document: object) -> str:
    (read,) = from_jsonld(document)
    assert isinstance(read, ReviewError), read
    return read.reason


def test_what_a_review_says_is_kept() -> None:
    record = one(REVIEW).content
    assert record.rumor == "The moon is made of cheese"
    assert record.statement == "It is made of rock."
    assert (record.authority.name, record.authority.kind) == ("Check Example", "fact_checker")
    assert (record.rating, record.rating_words) == ("false", "Mostly false")
    assert record.stated_on == dt.date(2025, 10, 14)
    assert record.language == "en"
    assert [citation.url for citation in record.citations] == ["https://check.example/moon"]
    assert one(REVIEW).original_id == "https://check.example/moon"


def test_the_same_review_always_gets_the_same_id() -> None:
    moved = review(url="https://check.example/other")
    assert one(REVIEW).content.id == one(dict(reversed(REVIEW.items()))).content.id
    assert one(REVIEW).content.id != one(moved).content.id


@pytest.mark.parametrize(
    "document",
    [
        [REVIEW],
        [[[REVIEW]]],
        {"@graph": [{"@type": "WebPage"}, REVIEW]},
        {"@type": "NewsArticle", "review": [REVIEW]},
        {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": [REVIEW]}]},
        review(**{"@type": ["Review", "ClaimReview"]}),
        review(**{"@type": "http://schema.org/ClaimReview"}),
        review(**{"@type": "schema:claimReview"}),
        {f"http://schema.org/{name}" if name[0] != "@" else name: value for name, value in REVIEW.items()},
    ],
)
def test_a_review_is_found_wherever_it_is(document: object) -> None:
    assert one(document).content.rumor == REVIEW["claimReviewed"]


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        {},
        [{}],
        "the moon",
        [{"@type": "Claim"}, {"@type": "Claim"}],
        {"@type": "CreativeWork", "author": {"@type": "Person"}, "datePublished": "never"},
        [None, 7, True],
    ],
)
def test_an_empty_or_repeated_item_is_survived(item: object) -> None:
    assert one(review(itemReviewed=item)).content.rumor == REVIEW["claimReviewed"]


@pytest.mark.parametrize(
    ("item", "claims"),
    [
        ({"@type": "Claim", "name": "A"}, ["A"]),
        ({"@type": "Claim", "text": "A", "name": "B"}, ["A"]),
        ([{"name": "A"}, {"name": "B"}], ["A", "B"]),
        ([{"name": "A"}, {"appearance": {"url": "https://x.example"}}], ["A"]),
    ],
)
def test_the_claim_may_stand_in_the_item(item: object, claims: list[str]) -> None:
    read = list(from_jsonld(review(claimReviewed=None, itemReviewed=item)))
    assert [part.content.rumor for part in read if isinstance(part, Reading)] == claims


def test_a_review_of_several_claims_denies_each() -> None:
    read = list(from_jsonld(review(claimReviewed=["A", "B", "A"])))
    assert [part.content.rumor for part in read if isinstance(part, Reading)] == ["A", "B"]
    assert len({part.content.id for part in read if isinstance(part, Reading)}) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"claimReviewed": None, "itemReviewed": None}, "names no claim"),
        ({"claimReviewed": "  "}, "names no claim"),
        ({"claimReviewed": "x" * 2_001}, "$.rumor"),
        ({"reviewRating": None}, "no rating"),
        ({"reviewRating": {"alternateName": "True"}}, "says that the claim is true"),
        ({"reviewRating": {"ratingValue": 1}}, "no rating"),
        ({"reviewRating": {"alternateName": "Zork", "ratingValue": 1}}, "“Zork” is not known"),
        ({"author": None, "url": None}, "who reviewed"),
        ({"url": None}, "no address"),
        ({"url": "mailto:x@example.org"}, "no address"),
    ],
)
def test_what_cannot_be_a_record_says_why(change: dict[str, Any], reason: str) -> None:
    assert reason in refused(review(**change))


@pytest.mark.parametrize(
    "words", ["True", "Mostly true", "Half true", "属实", "Wahr", "Not false", ["True"], {"@value": "True"}]
)
def test_a_review_that_says_true_is_never_a_denial(words: object) -> None:
    for numbers in (
        {},
        {"ratingValue": 1, "worstRating": 1, "bestRating": 5},
        {"ratingValue": "5", "worstRating": 5, "bestRating": 1},
    ):
        refused(rated(words, **numbers))


@pytest.mark.parametrize(
    ("rating", "expected"),
    [
        ({"alternateName": ["False", "Fake"]}, ("false", "False")),
        ({"ratingValue": "False"}, ("false", "False")),
        ("Misleading", ("misleading", "Misleading")),
        ([{"alternateName": "Scam"}], ("scam", "Scam")),
        ({"ratingValue": 1, "worstRating": 1, "bestRating": 5}, ("false", None)),
        ({"ratingValue": "5,0", "worstRating": "5", "bestRating": "1"}, ("false", None)),
        ({"alternateName": "Zork", "ratingValue": 1, "worstRating": 1, "bestRating": 5}, ("false", "Zork")),
        ({"alternateName": "&quot;Fake&quot; <b>news</b>"}, ("false", '"Fake" news')),
    ],
)
def test_ratings_in_every_form(rating: object, expected: tuple[str, str | None]) -> None:
    record = one(review(reviewRating=rating)).content
    assert (record.rating, record.rating_words) == expected


@pytest.mark.parametrize("date", ["0000-00-00", "0001-01-01T00:00:00", "2025-13-45", "yesterday", "99999-01-01", ""])
def test_a_wrong_date_is_left_out_and_noted(date: str) -> None:
    read = one(review(datePublished=date))
    assert read.content.stated_on is None
    assert bool(read.notes) == bool(date)


def test_a_relative_address_is_read_against_the_page() -> None:
    read = one(review(url="/moon?x=1"), "https://check.example/page")
    assert read.content.citations[0].url == "https://check.example/moon?x=1"


def test_without_an_address_the_one_around_it_counts() -> None:
    article = {"@type": "NewsArticle", "url": "https://check.example/article", "review": review(url=None)}
    assert one(article).content.citations[0].url == "https://check.example/article"
    assert one(review(url=None), "https://check.example/page").content.citations[0].url == "https://check.example/page"


def test_an_author_may_be_a_text_a_reference_or_only_an_address() -> None:
    assert one(review(author="Check &amp; Co")).content.authority.name == "Check & Co"
    assert one(review(author={"url": "https://www.check.example/about"})).content.authority.name == "check.example"
    assert one(review(author=None)).content.authority.name == "check.example"
    graph = {"@graph": [{"@id": "#o", "@type": "Organization", "name": "Org"}, review(author={"@id": "#o"})]}
    assert one(graph).content.authority.name == "Org"


def test_references_that_go_in_a_circle_end() -> None:
    graph = {"@graph": [{"@id": "#a", "@type": "ClaimReview", "author": {"@id": "#a"}, "itemReviewed": {"@id": "#a"}}]}
    assert refused(graph)


def test_a_review_without_a_body_does_not_invent_one() -> None:
    assert one(review(reviewBody=None)).content.statement == "Rated “Mostly false” by Check Example."


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["@type", "@id", "@value", "@graph", "name", "text", "url", *REVIEW]) | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)  # the first example may load a library
@given(st.dictionaries(st.sampled_from([*REVIEW, "@id", "name", "publisher", "inLanguage", "keywords"]), _JSON))
def test_no_json_is_too_odd(changes: dict[str, Any]) -> None:
    for read in from_jsonld({**REVIEW, **changes, "@type": "ClaimReview"}, address="https://x.example"):
        if isinstance(read, Reading):
            # What is made is a record through and through: it can be stored and exported.
            assert msgspec.json.decode(msgspec.json.encode(read.content), type=type(read.content)) == read.content
        else:
            assert read.reason


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a &amp;quot;b&amp;quot;", 'a "b"'),
        ("<p>a</p><br/>b<!-- c -->", "a b"),
        ("3 < 4 > 2", "3 < 4 > 2"),
        ("a\x00\x07\n\t b", "a b"),
        ("&#0;&lt;", "\ufffd<"),
    ],
)
def test_texts_are_cleaned(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-10-14", dt.date(2025, 10, 14)),
        ("2025-1-4", dt.date(2025, 1, 4)),
        ("2025-10-14T09:00:00+08:00", dt.date(2025, 10, 14)),
        ("2025/10/14", dt.date(2025, 10, 14)),
        ("20251014", dt.date(2025, 10, 14)),
        ("Tue, 14 Oct 2025 09:00:00 GMT", dt.date(2025, 10, 14)),
        ("14/10/2025", None),  # or 10/14/2025 elsewhere: not guessed
        ("2025-02-30", None),
        ("1", None),
    ],
)
def test_days(text: str, day: dt.date | None) -> None:
    assert day_of(text) == day


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" https://x.example/a b ", "https://x.example/a%20b"),
        ("//x.example/a", "https://x.example/a"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_addresses(text: str, address: str | None) -> None:
    assert address_of(text) == address
