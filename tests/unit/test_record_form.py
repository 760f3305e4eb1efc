"""A record as a form and back: nothing is lost on the way, and what is wrong is told field by field."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from support.records import GEM_ORE, stored

from service.domain import Authority, Citation, RebuttalContent, Speaker
from service.web.forms import parse
from service.web.record_form import Values, blank, read, values_in, values_of

LINE = (
    st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40).map(str.strip).filter(bool)
)
TEXT = st.lists(LINE, min_size=1, max_size=3).map("\n".join)
CITATION = st.builds(
    Citation,
    url=st.just("https://example.org/a"),
    publisher=LINE,
    title=st.none() | LINE,
    published_on=st.none() | st.dates(),
    kind=st.sampled_from(["primary", "report"]),
    language=st.none() | st.just("zh-Hans"),
    quote=st.none() | TEXT,
    archived_url=st.none() | st.just("https://archive.example.org/a"),
    content_sha256=st.none() | st.just("a" * 64),
    last_checked=st.none() | st.just(dt.datetime(2025, 10, 14, 9, 30, tzinfo=dt.UTC)),
)
RECORD = st.builds(
    RebuttalContent,
    id=st.just("gem-ore"),
    rumor=TEXT,
    statement=TEXT,
    authority=st.builds(Authority, name=LINE, country=st.none() | st.just("CN")),
    citations=st.lists(CITATION, min_size=1, max_size=3).map(tuple),
    variants=st.lists(TEXT, max_size=3).map(tuple),
    quote=st.none() | TEXT,
    speaker=st.none() | st.builds(Speaker, name=LINE, role=st.none() | LINE),
    rating_words=st.none() | LINE,
    stated_on=st.none() | st.dates(),
    topics=st.lists(LINE, max_size=3).map(tuple),
    contested_with=st.lists(st.just("other-record"), max_size=1).map(tuple),
    status=st.sampled_from(["draft", "published"]),
)


def sent(values: Values) -> bytes:
    """The form as a browser sends it."""
    plain = [(name, text) for name, text in values.items() if isinstance(text, str)]
    cited = [
        (f"citations.{at}.{name}", text) for at, one in enumerate(values["citations"]) for name, text in one.items()
    ]
    pairs = [*plain, *cited, *(("variants", text) for text in [*values["variants"], ""])]
    return urlencode([(name, text.replace("\n", "\r\n")) for name, text in pairs]).encode()


@given(RECORD)
def test_a_record_comes_back_as_it_went_into_the_form(record: RebuttalContent) -> None:
    made = read(values_in(parse(sent(values_of(record)))), stored(record))
    assert made.errors == ()
    assert made.content == record


def test_an_empty_form_tells_every_field_that_is_needed() -> None:
    faults = {fault.field: fault.detail for fault in read(blank(), None).errors}
    assert set(faults) == {"rumor", "statement", "authority.name", "citations.0.url"}
    assert faults["rumor"] == "Rumor: fill this in."


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("stated_on", "0000-01-01", "Stated on: give the day as year-month-day, for example 2025-10-13."),
        ("rumor", "x" * 2_001, "Rumor: at most 2,000 characters."),
        ("rating", "great", "Rating: choose one of the list."),
        ("authority.country", "China", "Country: "),
        ("topics", "\n".join(map(str, range(51))), "Topics: at most 50 of them."),
        ("contested_with", "fine\nnot a slug!", "Disputed by, number 2: "),
        ("language", "in English", "Language: must be a BCP 47 language tag"),
    ],
)
def test_each_fault_names_its_field_and_what_to_do(name: str, value: str, detail: str) -> None:
    made = read({**values_of(GEM_ORE), name: value}, None)
    assert [fault.field for fault in made.errors] == [name]
    assert made.errors[0].detail.startswith(detail)


def test_a_source_that_is_half_filled_in_is_told_and_an_empty_one_is_left_out() -> None:
    values = values_of(GEM_ORE)
    values["citations"] = [*values["citations"], {**dict.fromkeys(Citation.__struct_fields__, ""), "kind": "report"}]
    form = values_in(parse(sent(values)))
    assert len(form["citations"]) == 1
    form["citations"][0]["publisher"] = ""
    assert [fault.field for fault in read(form, None).errors] == ["citations.0.publisher"]


def test_the_form_decides_neither_status_nor_id_of_a_record_that_is_there() -> None:
    current = stored(structs.replace(GEM_ORE, status="superseded", superseded_by="other"))
    made = read({**values_of(GEM_ORE), "status": "published", "id": "another"}, current)
    assert made.content is not None
    assert (made.content.id, made.content.status, made.content.superseded_by) == ("gem-ore", "superseded", "other")
    fresh = read({**values_of(GEM_ORE), "status": "published"}, None)
    assert fresh.content is not None
    assert fresh.content.status == "draft"
