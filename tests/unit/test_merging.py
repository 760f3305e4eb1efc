"""Citations of one page made one, and two records of one statement made one."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect, structs
from support.records import GEM_ORE, content, stored

from service.addresses import canonical
from service.catalog import merging
from service.catalog.merging import check_merge, merge_writes, merged, with_citations
from service.domain import Citation, RebuttalContent
from service.errors import InvalidRecordError, InvalidTransitionError, NotAllowedError

PAGE = "https://example.org/briefing"
BRIEFING = GEM_ORE.citations[0]


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/briefing",
        "HTTPS://EXAMPLE.ORG:443/briefing",
        "https://example.org/briefing?utm_source=feed&utm_medium=rss",
        "https://example.org/briefing?fbclid=abc#quote",
    ],
)
def test_what_tells_how_a_reader_came_does_not_make_another_page(other: str) -> None:
    assert canonical(other) == canonical(PAGE)


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/briefing?page=2",
        "https://example.org/Briefing",
        "https://www.example.com/briefing",
        "https://example.org:8443/briefing",
    ],
)
def test_another_page_stays_another(other: str) -> None:
    assert canonical(other) != canonical(PAGE)


@given(st.from_regex(r"\Ahttps?://[^\s/?#<>\"]{1,20}[^\s<>\"]{0,40}\Z"))
def test_any_address_has_a_key_that_is_its_own(url: str) -> None:
    assert canonical(canonical(url)) == canonical(url)


def test_a_page_is_cited_once_and_keeps_what_it_says() -> None:
    again = Citation(
        url=f"{PAGE}?utm_source=x", publisher="Feed", published_on=dt.date(2025, 10, 15), quote="They were gem ores."
    )
    more = with_citations(GEM_ORE, [again])
    assert more.citations == (structs.replace(BRIEFING, quote="They were gem ores."),)
    assert with_citations(more, [again]) == more


def test_no_more_is_taken_than_a_record_may_have() -> None:
    many = [Citation(url=f"https://example.org/{at}", publisher="Feed") for at in range(100)]
    with pytest.raises(InvalidRecordError, match="101 citations") as refused:
        with_citations(GEM_ORE, many)
    assert refused.value.field == "$.citations"
    assert with_citations(GEM_ORE, many[:99]).citations[1:] == tuple(many[:99])


def test_the_bounds_are_those_of_the_record() -> None:
    types = {field.name: field.type for field in inspect.type_info(RebuttalContent).fields}  # type: ignore[attr-defined]
    assert {name: types[name].max_length for name in merging._MOST} == merging._MOST  # noqa: SLF001


def test_a_merged_record_has_what_both_said() -> None:
    other = stored(
        content(
            "other",
            rumor="Munir gave Trump a box of rare earths",
            variants=("munir gives trump a  box of rare earths.", "A box of rare earths for Trump"),
            topics=("Rare Earths", "gems"),
            citations=(
                structs.replace(BRIEFING, published_on=dt.date(2025, 10, 15), quote="Gem ores."),
                structs.replace(
                    BRIEFING, url=f"{PAGE}?fbclid=1", publisher="Elsewhere", archived_url="https://a.org/1"
                ),
                Citation(url="https://example.com/other", publisher="Other News", quote="Not rare earths."),
            ),
            contested_with=("third",),
        )
    )
    made = merged(stored(), other)
    assert made.rumor == GEM_ORE.rumor
    assert made.variants == (
        "Munir gives Trump a box of rare earths",
        "Munir gave Trump a box of rare earths",
        "A box of rare earths for Trump",
    )
    assert made.topics == ("rare earths", "gems")
    assert made.contested_with == ("third",)
    assert [(one.url, one.published_on, one.quote) for one in made.citations] == [
        (PAGE, dt.date(2025, 10, 14), None),
        (PAGE, dt.date(2025, 10, 15), "Gem ores."),
        ("https://example.com/other", None, "Not rare earths."),
    ]
    assert made.citations[0].archived_url == "https://a.org/1"


def test_who_contested_the_other_contests_the_one_that_stays() -> None:
    that = stored(content("that", contested_with=("third", "fourth")))
    third = stored(content("third", contested_with=("that", "gem-ore")))
    fourth = stored(content("fourth"))
    writes = merge_writes(stored(), that, [third, fourth], None)
    assert [(write.content.id, write.action, write.reason) for write in writes] == [
        ("gem-ore", "merge", "Took in that."),
        ("that", "supersede", "Merged into gem-ore."),
        ("third", "merge", "that was merged into gem-ore."),
    ]
    assert (writes[1].content.status, writes[1].content.superseded_by) == ("superseded", "gem-ore")
    assert writes[2].content.contested_with == ("gem-ore",)


def test_merges_that_make_no_sense_are_refused() -> None:
    this, draft = stored(), stored(content("draft", status="draft"))
    with pytest.raises(InvalidTransitionError, match="publish it first"):
        check_merge(draft, this, may_publish=True)
    with pytest.raises(NotAllowedError):
        check_merge(this, draft, may_publish=False)
    with pytest.raises(InvalidTransitionError, match="retracted already"):
        check_merge(this, stored(content("gone", status="retracted")), may_publish=True)
    with pytest.raises(InvalidRecordError, match="contest each other"):
        check_merge(this, stored(content("against", contested_with=("gem-ore",))), may_publish=True)
    check_merge(draft, stored(content("other", status="draft")), may_publish=False)
