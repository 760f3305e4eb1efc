"""From probabilities to a verdict: thresholds, the order of matches, and what is shown beside a contested one."""

from __future__ import annotations

import pytest
from support.records import content, stored

from service.calibration import Calibration, Nearness, Sides
from service.differences import differences
from service.domain import Rebuttal
from service.finder import Candidate
from service.judgement import Judged, contest, decide
from service.passages import passages

CALIBRATION = Calibration(
    encoder="e",
    stance="s",
    nearness=Nearness(bias=0, similarity=1, evidence=1, size=0),
    gate=0.1,
    related=0.5,
    sides=Sides(asserts=(1, 0, 0, 0, 0), denies=(0, 1, 0, 0, 0)),
    rebutted=0.8,
    consistent=0.6,
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
    assert {difference.kind for difference in match.why.differs} == {"number"}


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
