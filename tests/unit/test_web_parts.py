"""The small parts that pages are made of."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from support.records import GEM_ORE

from service.api.oidc import own_page
from service.domain import CheckResult, Claim, Verdict
from service.tallies import Day
from service.verdict_id import VerdictIds
from service.web import changes, sharing, words
from service.web.desk.charts import claims_by_day, ticks
from service.web.forms import parse
from service.web.highlight import Mark, stretches

MARKS = st.lists(st.builds(Mark, st.integers(-5, 60), st.integers(-5, 60), st.sampled_from(["quote", "speaker"])))


@given(st.text(max_size=50), MARKS)
def test_a_marked_text_is_the_text(text: str, marks: list[Mark]) -> None:
    pieces = stretches(text, marks)
    assert "".join(piece.text for piece in pieces) == text
    at = 0
    for piece in pieces:
        inside = {mark.name for mark in marks if mark.start <= at and at + len(piece.text) <= mark.end}
        assert set(piece.names) == inside
        at += len(piece.text)


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/desk/records/a?x=1", "/desk/records/a?x=1"),
        ("", "/desk"),
        ("https://evil.example", "/desk"),
        ("//evil.example", "/desk"),
        ("/\\evil.example", "/desk"),
        ("/\t/evil.example", "/desk"),
        ("/a\r\nSet-Cookie: x", "/desk"),
        ("javascript:alert(1)", "/desk"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(address: str, leads_to: str) -> None:
    assert own_page(address) == leads_to


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (1.0, "virtually certain (over 99 %)"),
        (0.995, "virtually certain (over 99 %)"),
        (0.9, "very likely (90 %)"),
        (0.5, "about as likely as not (50 %)"),
        (0.05, "very unlikely (5 %)"),
        (0.001, "exceptionally unlikely (under 1 %)"),
        (0.0, "exceptionally unlikely (under 1 %)"),
    ],
)
def test_probabilities_are_said_in_words(probability: float, said: str) -> None:
    assert words.likely(probability) == said


def test_a_share_that_was_counted_may_be_all_or_nothing() -> None:
    assert [words.percent(share) for share in (0.0, 0.004, 0.5, 0.996, 1.0)] == [
        *("0 %", "under 1 %", "50 %", "over 99 %", "100 %"),
    ]


IDS = VerdictIds("a store")


def result(claim: Claim, version: int, label: str = "unmatched") -> CheckResult:
    verdict = Verdict(label=label, confidence=0.9, summary="")  # type: ignore[arg-type]
    bare = CheckResult(claim=claim.claim, verdict=verdict, matches=(), model="m", store_version=version, took_ms=1.0)
    return structs.replace(bare, verdict_id=IDS.of(claim, bare))


def test_a_link_is_held_against_the_question_it_was_made_of() -> None:
    asked = Claim(claim="Whales in the Elbe", as_of=dt.date(2025, 10, 31), language="en")
    then, now = result(asked, 3), result(asked, 9)
    assert sharing.link(asked, then.verdict_id) == (
        f"/verdicts/{then.verdict_id}?claim=Whales%20in%20the%20Elbe&language=en&as_of=2025-10-31"
    )
    same = sharing.since(IDS, then.verdict_id, asked, now)
    assert same.change == "same"
    assert same.then is not None
    assert same.then.store_version == 3
    assert sharing.since(IDS, then.verdict_id, asked, result(asked, 9, "related")).change == "changed"
    other = structs.replace(asked, claim="Whales in the Rhine")
    assert sharing.since(IDS, then.verdict_id, other, result(other, 9)).change == "unknown"
    assert sharing.since(IDS, then.verdict_id, asked, structs.replace(now, model="n")).change == "unknown"
    assert sharing.since(IDS, "made up", asked, now).change == "unknown"


@pytest.mark.parametrize("claim", ["x" * 8_000, "巴" * 1_000, "half \ud83d"])
def test_what_no_address_can_carry_gets_no_link(claim: str) -> None:
    assert sharing.link(Claim(claim=claim), "v1~x") is None


def test_a_diff_names_fields_as_the_form_does() -> None:
    after = structs.replace(
        GEM_ORE,
        quote="The reports are invented.",
        citations=(structs.replace(GEM_ORE.citations[0], title=None),),
        topics=("rare earths", "gems"),
    )
    found = {change.label: change for change in changes.between(GEM_ORE, after)}
    assert set(found) == {"Quote", "Source 1, Title", "Topic 2"}
    assert [piece.text for piece in found["Quote"].after if piece.changed] == ["invented"]
    assert found["Topic 2"].before == ()


def test_a_form_puts_line_ends_right_and_is_bounded() -> None:
    form = parse(b"a=one%0D%0Atwo&a=three&b=+x+")
    assert form.every("a") == ["one\ntwo", "three"]
    assert (form.text("b"), form.raw("b"), form.maybe("c")) == ("x", " x ", None)


def test_a_chart_holds_no_script_and_loads_nothing() -> None:
    days = [Day(day=dt.date(2025, 10, at), claims=at, labels={"rebutted": at}) for at in range(1, 8)]
    drawn = claims_by_day(days).decode()
    assert "<script" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/", "").replace("http://pygal.org", "").replace(
        "http://github.com/Kozea/pygal", ""
    )
    assert drawn.count('class="bar"') == len(days) * len(words.VERDICTS)
    assert claims_by_day([]).startswith(b"<svg")


@pytest.mark.parametrize(
    ("most", "marks"), [(0, [0, 1]), (3, [0, 1, 2, 3]), (24, [0, 10, 20, 30]), (900, [0, 500, 1000])]
)
def test_the_scale_of_a_chart_is_in_whole_round_numbers(most: int, marks: list[int]) -> None:
    assert ticks(most) == marks
