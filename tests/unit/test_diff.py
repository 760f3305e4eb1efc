"""The diff of two states of a record: nothing left out, nothing made up, and never long to make."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from support.records import GEM_ORE

from service.diff import apply, diff
from service.domain import Authority, Citation, RebuttalContent, Speaker

texts = st.lists(
    st.sampled_from(["gems", "ores", "rare", "earths", "稀土", "样品", "No!", "Trump's\n"]), min_size=1, max_size=12
).map(" ".join)
maybe = st.none() | texts
citations = st.builds(
    Citation,
    url=st.sampled_from([f"https://example.org/{at}" for at in range(4)]),
    publisher=texts,
    title=maybe,
    quote=maybe,
    published_on=st.none() | st.dates(),
)
records = st.builds(
    RebuttalContent,
    id=st.just("gem-ore"),
    rumor=texts,
    statement=texts,
    authority=st.builds(Authority, name=texts, country=st.sampled_from([None, "CN", "PK"])),
    citations=st.lists(citations, min_size=1, max_size=5).map(tuple),
    variants=st.lists(texts, max_size=5).map(tuple),
    quote=maybe,
    speaker=st.none() | st.builds(Speaker, name=maybe, role=maybe),
    rating=st.sampled_from(["false", "scam"]),
    stated_on=st.none() | st.dates(),
    topics=st.lists(st.sampled_from(["trade", "gems", "China"]), max_size=4).map(tuple),
    status=st.sampled_from(["draft", "published"]),
)


@given(before=records, after=records)
def test_applied_to_the_state_before_it_gives_the_state_after(before: RebuttalContent, after: RebuttalContent) -> None:
    changes = diff(before, after)
    assert apply(before, changes) == after
    assert bool(changes) == (before != after)


@given(before=texts, after=texts)
def test_the_stretches_between_those_that_changed_are_the_same(before: str, after: str) -> None:
    changes = diff(structs.replace(GEM_ORE, statement=before), structs.replace(GEM_ORE, statement=after))
    words = changes[0].words if changes else ()
    kept = [text[start:end] for text, side in ((before, 0), (after, 1)) for start, end in gaps(words, side, len(text))]
    assert kept[: len(kept) // 2] == kept[len(kept) // 2 :]
    assert before == after or words


def gaps(words: tuple[object, ...], side: int, length: int) -> list[tuple[int, int]]:
    spans = [(change.before, change.after)[side] for change in words]  # type: ignore[attr-defined]
    return list(zip([0, *(end for _, end in spans)], [*(start for start, _ in spans), length], strict=True))


def told(before: RebuttalContent, **changes: object) -> list[tuple[str, str]]:
    return [(change.kind, change.path) for change in diff(before, structs.replace(before, **changes))]


def test_each_field_is_named_where_it_stands() -> None:
    cited = structs.replace(GEM_ORE.citations[0], archived_url="https://archive.example.org/1", title=None)
    new = Citation(url="https://example.org/new", publisher="Example News")
    found = told(
        GEM_ORE,
        stated_on=None,
        rating="scam",
        authority=structs.replace(GEM_ORE.authority, country="HK"),
        topics=("trade", "rare earths"),
        citations=(new, cited),
        status="draft",
    )
    assert found == [
        ("changed", "$.authority.country"),
        ("added", "$.citations[0]"),
        ("removed", "$.citations[1].title"),
        ("added", "$.citations[1].archived_url"),
        ("changed", "$.rating"),
        ("removed", "$.stated_on"),
        ("added", "$.topics[0]"),
        ("changed", "$.status"),
    ]


def test_a_citation_that_goes_is_not_a_new_wording_of_another() -> None:
    new = Citation(url="https://example.org/new", publisher="Example News")
    assert told(GEM_ORE, citations=(new,)) == [("removed", "$.citations[0]"), ("added", "$.citations[0]")]
    assert told(GEM_ORE, variants=("Munir gives Trump rare earths",)) == [("changed", "$.variants[0]")]


def test_words_that_changed_have_their_places() -> None:
    (change,) = diff(
        structs.replace(GEM_ORE, statement="They were gem ores, bought in Pakistan."),
        structs.replace(GEM_ORE, statement="They were raw gem ores bought in Lahore."),
    )
    assert [(span.before, span.after) for span in change.words] == [
        ((10, 10), (10, 14)),
        ((18, 19), (22, 22)),
        ((30, 38), (33, 39)),
    ]


def test_a_text_without_spaces_is_compared_letter_by_letter() -> None:
    (change,) = diff(
        structs.replace(GEM_ORE, rumor="巴基斯坦向特朗普赠送稀土样品"),
        structs.replace(GEM_ORE, rumor="巴基斯坦向特朗普赠送宝石样品"),
    )
    assert [span.before for span in change.words] == [(10, 12)]


def test_what_only_names_something_has_no_words() -> None:
    changes = diff(GEM_ORE, structs.replace(GEM_ORE, rating="scam", stated_on=dt.date(2025, 10, 14)))
    assert [change.words for change in changes] == [(), ()]


@pytest.mark.parametrize("words", [2, 40, 3_000])
def test_long_texts_that_share_much_or_little_take_no_long_time(words: int) -> None:
    def text(seed: int, length: int) -> str:
        return " ".join(f"w{(at * at + seed * at) % words}" for at in range(4_000))[:length].strip()

    def filled(seed: int) -> RebuttalContent:
        variants = tuple(text(seed + at, 2_000) for at in range(50))
        return structs.replace(GEM_ORE, statement=text(seed, 10_000), quote=text(seed + 1, 10_000), variants=variants)

    before, after = filled(1), filled(2)
    started = time.process_time()
    changes = diff(before, after)
    assert time.process_time() - started < 5
    assert apply(before, changes) == after


@pytest.mark.parametrize("before", ["a", "u{at}"], ids=["half the words are the same", "only the spaces are"])
def test_texts_that_match_in_single_words_take_no_long_time(before: str) -> None:
    old = " ".join(before.format(at=at) + f" x{at}" for at in range(240))
    new = " ".join(f"a y{at}" for at in range(240))
    one, other = (structs.replace(GEM_ORE, statement=text) for text in (old, new))
    started = time.process_time()
    changes = diff(one, other)
    assert time.process_time() - started < 2
    assert apply(one, changes) == other
