"""From probabilities to a verdict: thresholds, the order of matches, and what is shown beside a contested one."""

from __future__ import annotations

import pytest
from msgspec import structs
from support.records import content, stored

from service.calibration import Calibration, Nearness, Sides, Thresholds
from service.differences import differences
from service.domain import Authority, Profile, Rebuttal
from service.finder import Candidate
from service.judgement import Judged, affirming, contest, decide
from service.passages import passages

CALIBRATION = Calibration(
    encoder="e",
    stance="s",
    nearness=Nearness(bias=0, similarity=1, evidence=1, size=0),
    gate=0.1,
    related=0.5,
    sides=Sides(asserts=(1, 0, 0, 0, 0, 0), denies=(0, 1, 0, 0, 0, 0)),
    profiles={
        "strict": Thresholds(rebutted=0.95, consistent=0.7, budget=0.001),
        "balanced": Thresholds(rebutted=0.8, consistent=0.6, budget=0.005),
        "lenient": Thresholds(rebutted=0.6, consistent=0.5, budget=0.02),
    },
    judged=4,
)


def judged(record: Rebuttal, asserts: float | None = None, denies: float = 0.0, nearness: float = 0.9) -> Judged:
    probabilities = None if asserts is None else {"asserts": asserts, "denies": denies, "other": 1 - asserts - denies}
    candidate = Candidate(
        id=record.id, field=0, ordinal=0, similarity=0.7, words=0.5, evidence=2.5, records=100, nearness=nearness
    )
    unread = "not read" if asserts is None else None
    return Judged(
        record=record,
        candidate=candidate,
        passage=passages(record)[0],
        differs=differences("Afghanistan handed 3 samples over", record),
        probabilities=probabilities,
        unread=unread,
    )


A, B = stored(content("a")), stored(content("b"))


@pytest.mark.parametrize(
    ("asserts", "denies", "nearness", "label"),
    [
        (0.9, 0.05, 0.9, "rebutted"),
        (0.05, 0.9, 0.9, "consistent"),
        (0.79, 0.2, 0.9, "related"),  # the matter is clear, the side is not: no accusation
        (0.1, 0.1, 0.9, "related"),
        (0.1, 0.1, 0.3, "unmatched"),
        (0.9, 0.05, 0.3, "rebutted"),  # worded freely: far in the first stage, clear to the model
        (None, 0.0, 0.9, "related"),  # in a language that the model does not read
        (None, 0.0, 0.3, "unmatched"),
    ],
)
def test_label(asserts: float | None, denies: float, nearness: float, label: str) -> None:
    verdict, matches = decide([judged(A, asserts, denies, nearness)], CALIBRATION)
    assert verdict.label == label
    assert bool(matches) == (label != "unmatched")


@pytest.mark.parametrize(
    ("profile", "label"), [("strict", "related"), ("balanced", "rebutted"), ("lenient", "rebutted")]
)
def test_a_stricter_profile_accuses_less(profile: Profile, label: str) -> None:
    verdict, _ = decide([judged(A, 0.9, 0.05)], structs.replace(CALIBRATION, profile=profile))
    assert verdict.label == label


def test_the_deciding_match_says_what_would_change_the_verdict() -> None:
    _, matches = decide([judged(A, 0.9, 0.05), judged(B, 0.2, 0.1)], CALIBRATION)
    assert matches[0].why.would_change == "Asserts the rumor with probability 0.90; below 0.80 it would be background."
    assert matches[1].why.would_change is None
    _, (match,) = decide([judged(A, 0.5, 0.3)], CALIBRATION)
    assert "rebutted from 0.80" in str(match.why.would_change)
    assert "consistent from 0.60" in str(match.why.would_change)


def test_what_another_authority_affirms_is_contested() -> None:
    affirmed = stored(content("affirmed", authority=Authority(name="Another ministry")))
    verdict, matches = decide([judged(A, 0.9, 0.05), judged(affirmed, 0.1, 0.8)], CALIBRATION)
    assert verdict.label == "rebutted"
    found = affirming(matches, CALIBRATION)
    assert found is not None
    assert found.id == "affirmed"
    verdict, matches = contest(verdict, matches, found)
    assert verdict.label == "contested"
    assert [match.rebuttal.id for match in matches] == ["a", "affirmed"]
    assert matches[1].why.probabilities is not None  # shown with its own figures


@pytest.mark.parametrize(("asserts", "denies"), [(0.1, 0.5), (0.8, 0.1)])
def test_a_second_record_that_does_not_affirm_contests_nothing(asserts: float, denies: float) -> None:
    other = stored(content("other", authority=Authority(name="Another ministry")))
    _, matches = decide([judged(A, 0.9, 0.05), judged(other, asserts, denies)], CALIBRATION)
    assert affirming(matches, CALIBRATION) is None


def test_one_authority_does_not_contest_itself() -> None:
    _, matches = decide([judged(A, 0.9, 0.05), judged(B, 0.1, 0.8)], CALIBRATION)
    assert affirming(matches, CALIBRATION) is None


def test_the_record_that_the_claim_most_probably_is_about_speaks() -> None:
    verdict, matches = decide([judged(A, 0.1, 0.65), judged(B, 0.9, 0.05)], CALIBRATION)
    assert (verdict.label, verdict.confidence) == ("rebutted", 0.9)
    assert [match.rebuttal.id for match in matches] == ["b", "a"]


def test_no_candidate_is_unmatched_and_sure_of_it() -> None:
    verdict, matches = decide([], CALIBRATION)
    assert (verdict.label, verdict.confidence, matches) == ("unmatched", 1.0, [])


def test_a_match_explains_itself() -> None:
    _, (match,) = decide([judged(A, 0.9, 0.05)], CALIBRATION)
    assert match.why.text == A.rumor
    assert match.why.probabilities == {"asserts": 0.9, "denies": 0.05, "other": 0.05}
    assert {difference.kind for difference in match.why.differs} == {"name", "number"}


def test_verdicts_speak_in_the_authority_s_name() -> None:
    verdict, _ = decide([judged(A, 0.9, 0.05)], CALIBRATION)
    assert verdict.according_to == "Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)"
    assert verdict.summary.startswith("Denied by Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025): ")


def test_a_contested_assertion_shows_both_sides() -> None:
    verdict, matches = contest(*decide([judged(A, 0.9, 0.05)], CALIBRATION), B)
    assert verdict.label == "contested"
    assert [match.rebuttal.id for match in matches] == ["a", "b"]


def test_a_contested_denial_is_consistent_and_the_dissent_is_mentioned() -> None:
    verdict, _ = contest(*decide([judged(A, 0.05, 0.9)], CALIBRATION), B)
    assert verdict.label == "consistent"
    assert "disputes this" in verdict.summary


def test_background_is_never_contested() -> None:
    verdict, matches = contest(*decide([judged(A, 0.1, 0.1)], CALIBRATION), B)
    assert (verdict.label, len(matches)) == ("related", 1)
