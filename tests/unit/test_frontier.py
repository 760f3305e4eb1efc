"""What other thresholds would find, and where claims are lost: on cases small enough to work out by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.api import CALIBRATION
from support.records import content, stored

from service.domain import Match, Why
from service.finder import Candidate

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from evaluation.corpora import Case
from evaluation.lost import BELOW, FAR, OTHER, RIGHT, UNREAD, WRONG, Looked, by_allowance, fate, separation
from evaluation.measures import Figure
from evaluation.tables import Table


def match(name: str, asserts: float, denies: float = 0.0) -> Match:
    other = round(1 - asserts - denies, 6)
    probabilities = {"asserts": asserts, "denies": denies, "other": other}
    why = Why(field="rumor", text="x", similarity=0.5, words=0.5, probabilities=probabilities)
    side = "other" if other > max(asserts, denies) else "asserts" if asserts > denies else "denies"
    return Match(rebuttal=stored(content(name)), stance=side, score=1 - other, why=why)


def looked(gold: str | None, *read: Match, found: str = "ab") -> Looked:
    """A claim whose record is ``gold``; the first stage found records in the order of their letters."""
    near = [
        Candidate(
            id=name, field=0, ordinal=0, similarity=0.5, words=0.5, evidence=1.0, records=9, nearness=0.9 - at / 10
        )
        for at, name in enumerate(found)
    ]
    case = Case("x", frozenset({gold} if gold else ()), "asserts" if gold else "other", "claim")
    return Looked(case, near, list(read), list(read))


def values(table: Table, row: int) -> list[float | None]:
    return [cell.value for cell in table.rows[row].cells if isinstance(cell, Figure)]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (looked("a", match("a", 0.9)), RIGHT),
        (looked("a", match("a", 0.0, 0.7)), RIGHT),
        (looked("a", match("a", 0.6)), BELOW),
        (looked("a", match("a", 0.2)), OTHER),
        (looked("a", match("b", 0.9), match("a", 0.7)), WRONG),
        (looked("a", match("b", 0.9)), UNREAD),
        (looked("a"), FAR),
    ],
)
def test_every_claim_is_lost_at_one_place_or_found(one: Looked, expected: str) -> None:
    assert fate(one, CALIBRATION) == expected


def test_the_lowest_threshold_that_keeps_the_false_matches_decides_what_is_found() -> None:
    present = [looked("a", match("a", asserts)) for asserts in (0.95, 0.7, 0.4)] + [looked("a", match("b", 0.99))]
    absent = [looked(None, match("a", asserts)) for asserts in (0.8, 0.5, *[0.1] * 18)]
    table = by_allowance(CALIBRATION, present, absent)
    rows = {row.name: values(table, at)[0] for at, row in enumerate(table.rows)}
    assert rows["profile `balanced` (1 of 20)"] == 0.25
    assert rows["false match ≤ 0.00 (0 of 20)"] == 0.25  # above .8, and the right record
    assert rows["false match ≤ 0.05 (1 of 20)"] == 0.5  # above .5
    assert rows["false match ≤ 0.10 (2 of 20)"] == 0.75  # above .1


def test_a_judge_without_error_is_bounded_by_what_it_is_given() -> None:
    every = [looked("a", found="ab"), looked("b", found="ab"), looked(None, found="ab"), looked("c", found="ab")]
    rows = {
        row.name: values(separation(CALIBRATION, every), at)[0]
        for at, row in enumerate(separation(CALIBRATION, every).rows)
    }
    assert rows["a judge without error of the nearest 1"] == pytest.approx((1 + 0.5 + 0.5) / 3, abs=1e-4)
    assert rows["a judge without error of the nearest 4"] == pytest.approx((1 + 1 + 0.5) / 3, abs=1e-4)
