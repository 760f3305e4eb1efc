"""What feedback teaches: pairs for the evaluation."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec import structs

from service.feedback import HEADER, Feedback, pair, pairs

GIVEN = Feedback(
    number=1,
    at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    verdict_id="v1",
    label="rebutted",
    rebuttal_id="gem-ore",
    store_version=3,
    rating="wrong",
    expected="consistent",
    claim="Gem ores, not\trare earths,\nsays Beijing",
)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "consistent\tgem-ore\tfeedback\tGem ores, not rare earths, says Beijing"),
        ({"rating": "right", "expected": None, "claim": "x"}, "rebutted\tgem-ore\tfeedback\tx"),
        ({"about": "bakery", "claim": "x"}, "consistent\tbakery\tfeedback\tx"),
        ({"expected": "unmatched", "claim": "x"}, "unmatched\t-\tfeedback\tx"),
    ],
)
def test_a_pair_is_a_line_of_a_probes_file(changes: dict[str, object], line: str) -> None:
    made = pair(structs.replace(GIVEN, **changes))
    assert made is not None
    assert made.line() == line
    assert len(line.split("\t")) == len(HEADER.split("\t"))


@pytest.mark.parametrize(
    "changes",
    [
        {"claim": None},
        {"expected": None},
        {"label": "unmatched", "rebuttal_id": None, "expected": "rebutted"},
    ],
)
def test_what_says_too_little_is_no_pair(changes: dict[str, object]) -> None:
    assert pair(structs.replace(GIVEN, **changes)) is None


def test_a_pair_is_told_once_and_a_disagreement_twice() -> None:
    other = structs.replace(GIVEN, expected="related")
    assert [one.expect for one in pairs([GIVEN, GIVEN, other])] == ["consistent", "related"]
