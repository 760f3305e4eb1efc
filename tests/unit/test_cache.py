"""Which claims share an answer, and how long it is kept."""

from __future__ import annotations

import datetime as dt

import pytest

from service.cache import AnswerCache, question
from service.domain import CheckResult, Claim, Verdict

TEXT = "Pakistan handed rare earth samples to the US president"
ANSWER = CheckResult(
    claim=TEXT,
    verdict=Verdict(label="unmatched", confidence=0.9, summary="Nothing is known."),
    matches=(),
    model="model",
    store_version=1,
    took_ms=1.5,
    verdict_id="v1~unmatched~1~a~-~b",
)


@pytest.mark.parametrize(
    "same",
    [
        f"  {TEXT}\n",
        TEXT.replace(" ", "\u00a0 "),
        f"{TEXT} https://example.org/story?from=feed",
        TEXT.replace("rare", "ra\u200bre"),
        f"\U0001f6a8 {TEXT}",
        TEXT.replace("Pakistan", "#Pakistan"),
        TEXT.replace("US", "\uff35\uff33"),
    ],
)
def test_what_the_models_do_not_see_makes_no_other_question(same: str) -> None:
    assert question(Claim(claim=same)) == question(Claim(claim=TEXT))


@pytest.mark.parametrize(
    "other",
    [
        Claim(claim=TEXT.lower()),
        Claim(claim=f"{TEXT}?"),
        Claim(claim=TEXT, limit=4),
        Claim(claim=TEXT, language="de"),
        Claim(claim=TEXT, as_of=dt.date(2025, 10, 14)),
        Claim(claim=f"{TEXT} — Ann Example (@ann) January 6, 2020"),
    ],
)
def test_what_an_answer_depends_on_makes_another_question(other: Claim) -> None:
    assert question(other) != question(Claim(claim=TEXT))


def test_a_tag_of_a_language_has_no_case() -> None:
    assert question(Claim(claim=TEXT, language="EN-gb")) == question(Claim(claim=TEXT, language="en-GB"))


def test_who_is_said_to_have_posted_it_counts() -> None:
    ann, bob = (Claim(claim=f"{TEXT} — {name} Example (@x) January 6, 2020") for name in ("Ann", "Bob"))
    assert question(ann).text == question(bob).text
    assert question(ann) != question(bob)


def test_each_asker_is_told_the_claim_that_they_have_sent() -> None:
    cache = AnswerCache(4)
    asked = question(Claim(claim=TEXT))
    assert cache.get(asked, (1, 1)) is None
    cache.put(asked, (1, 1), ANSWER)
    kept = cache.get(asked, (1, 1))
    assert kept is not None
    assert kept.answer == ANSWER
    told = kept.result(f' "{TEXT}"', 0.25)
    assert (told.claim, told.took_ms, told.verdict_id) == (f' "{TEXT}"', 0.25, ANSWER.verdict_id)


def test_another_version_of_the_store_forgets_all() -> None:
    cache = AnswerCache(4)
    asked = question(Claim(claim=TEXT))
    assert cache.get(asked, (1, 1)) is None
    cache.put(asked, (1, 1), ANSWER)
    assert cache.get(asked, (2, 2)) is None
    assert cache.get(asked, (1, 1)) is None
    cache.put(asked, (2, 2), ANSWER)  # was worked out at a version that is gone by now
    assert cache.get(asked, (1, 1)) is None


def test_so_does_what_was_made_findable_without_an_event() -> None:
    cache = AnswerCache(4)
    asked = question(Claim(claim=TEXT))
    assert cache.get(asked, (1, 1)) is None
    cache.put(asked, (1, 1), ANSWER)
    assert cache.get(asked, (1, 2)) is None
    cache.put(asked, (1, 1), ANSWER)  # was searched for before
    assert cache.get(asked, (1, 2)) is None


def test_what_was_not_asked_for_longest_goes_first() -> None:
    cache = AnswerCache(2)
    first, second, third = (question(Claim(claim=f"{TEXT} {number}")) for number in range(3))
    assert cache.get(first, (1, 1)) is None
    cache.put(first, (1, 1), ANSWER)
    cache.put(second, (1, 1), ANSWER)
    assert cache.get(first, (1, 1))
    cache.put(third, (1, 1), ANSWER)
    assert cache.get(second, (1, 1)) is None
    assert cache.get(first, (1, 1))
    assert cache.get(third, (1, 1))


def test_none_are_kept_where_there_is_no_room() -> None:
    cache = AnswerCache(0)
    asked = question(Claim(claim=TEXT))
    assert cache.get(asked, (1, 1)) is None
    assert cache.put(asked, (1, 1), ANSWER).result(TEXT, 1.5) == ANSWER
    assert cache.get(asked, (1, 1)) is None
