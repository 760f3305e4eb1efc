"""The statistics of `make eval`, on cases small enough to work out by hand, and the page that is made of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import Vectors

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from evaluation.goals import GOALS, against_goals, standing
from evaluation.kept import KeptEncoder
from evaluation.measures import (
    Figure,
    auroc,
    average_precision,
    bin_of,
    brier,
    edges,
    expected_error,
    f1_of,
    figure,
    macro_f1,
    mean,
    recall,
    reciprocal_rank,
    share,
)
from evaluation.report import as_json, merged, page, read, write
from evaluation.tables import Chapter, Row, Table, markdown

GOLD = frozenset({"b", "d"})


def test_a_ranking_is_scored_by_the_places_of_what_is_right() -> None:
    assert average_precision("abcd", GOLD) == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert reciprocal_rank("abcd", GOLD) == pytest.approx(1 / 2)
    assert [recall("abcd", GOLD, deep) for deep in (1, 2, 5)] == [0, 0.5, 1]


def test_what_is_found_past_the_fifth_place_does_not_count_for_map_at_5() -> None:
    assert average_precision("acefgb", GOLD) == 0
    assert reciprocal_rank("acefgb", GOLD) == pytest.approx(1 / 6)
    assert reciprocal_rank("ac", GOLD) == 0


def test_more_right_names_than_places_can_still_be_a_perfect_ranking() -> None:
    assert average_precision("abcde", frozenset("abcdefg")) == pytest.approx(1)


def test_auroc_counts_pairs_in_the_right_order_and_ties_half() -> None:
    rows = np.array([(0.9, 1), (0.5, 1), (0.5, 0), (0.1, 0)])
    assert auroc(rows) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert auroc(np.array([(0.2, 1), (0.4, 1)])) == 0.5


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_what_comparing_every_pair_gives(cases: list[tuple[float, bool]]) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a, yes in cases if yes for b, other in cases if not other]
    assert auroc(np.array(cases, float)) == pytest.approx(np.mean(pairs) if pairs else 0.5)


def test_f1_of_each_label_and_their_mean() -> None:
    rows = np.array([(0, 0), (0, 1), (1, 1), (1, 1), (2, 0)], float)
    assert f1_of(0)(rows) == pytest.approx(2 * 1 / (2 + 2))
    assert f1_of(1)(rows) == pytest.approx(2 * 2 / (2 + 3))
    assert f1_of(2)(rows) == 0
    assert macro_f1(3)(rows) == pytest.approx((0.5 + 0.8 + 0) / 3)


def test_brier_is_the_mean_squared_error() -> None:
    assert brier(np.array([(0.8, 1), (0.4, 0)])) == pytest.approx((0.04 + 0.16) / 2)


def test_calibration_error_is_weighted_by_the_cases_of_a_bin() -> None:
    rows = np.array([(0.1, 0), (0.3, 1), (0.9, 1)])
    assert expected_error(np.array([0, 0.5, 1.0]))(rows) == pytest.approx((2 * abs(0.2 - 0.5) + 1 * 0.1) / 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_every_probability_has_a_bin_and_every_bin_enough_cases(probabilities: list[float]) -> None:
    values = np.array(probabilities)
    borders = edges(values)
    counts = np.bincount(bin_of(values, borders), minlength=len(borders) - 1)
    assert counts.sum() == len(values)
    assert len(counts) <= 10
    assert len(counts) == 1 or counts.min() >= 20


def test_an_interval_holds_its_value_is_repeatable_and_shrinks_with_cases() -> None:
    few, many = (figure([0.0, 1.0, 1.0, 1.0] * times, mean) for times in (10, 100))
    assert few == figure([0.0, 1.0, 1.0, 1.0] * 10, mean)
    assert (few.value, few.n) == (0.75, 40)
    assert few.low is not None
    assert many.low is not None
    assert few.low < many.low < 0.75


def test_a_share_of_nothing_but_zeros_is_not_certain() -> None:
    found = share([False] * 100)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 100), abs=1e-4)
    assert share([True] * 100).low == pytest.approx(1 - found.high, abs=1e-4)


def test_no_case_is_no_figure() -> None:
    assert share([]) == Figure(None, None, None, 0)


TABLE = Table(
    title="Ranking",
    note="Of two.",
    columns=("system", "MAP@5", "R@1"),
    rows=(
        Row("a|b", (Figure(0.5, 0.25, 0.75, 8), Figure(1.0, 0.5, 1.0, 8))),
        Row("none", (Figure(0.5, 0.25, 0.75, 8), Figure(None, None, None, 0))),
    ),
)


def test_a_table_shows_intervals_and_counts() -> None:
    assert markdown(TABLE)[4:8] == [
        "| system | MAP@5 | R@1 | n |",
        "| --- | --- | --- | --- |",
        r"| a\|b | 0.500 (0.250 to 0.750) | 1.000 (0.500 to 1.000) | 8 |",
        "| none | 0.500 (0.250 to 0.750) | – | 8 / 0 |",
    ]


def chapter(name: str, model: str) -> Chapter:
    return Chapter(name=name, model=model, tables=(TABLE,))


def test_what_was_measured_anew_replaces_what_was_there_and_the_page_says_with_which_model(tmp_path: Path) -> None:
    old = [chapter("stance", "m1"), chapter("verdicts", "m1")]
    written = tmp_path / "evaluation.md"
    write(written, old)
    assert page(old).count("Measured: `m1`") == 1
    now = merged(read(written), [chapter("verdicts", "m2")], order=("verdicts", "stance"))
    assert [(one.name, one.model) for one in now] == [("verdicts", "m2"), ("stance", "m1")]
    assert "Measured: `m1`" in page(now)
    assert "Measured: `m2`" in page(now)
    assert as_json(read(written)) == as_json(old)


class Counting:
    """An encoder that remembers what it was asked."""

    name, revision, dim = "counting", "1", 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([(len(text), 1) for text in texts], np.float32)


def test_a_vector_is_made_once_and_kept_from_run_to_run(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    kept = KeptEncoder(first, tmp_path / "new")
    assert kept.encode(["a", "bcd", "a"]).tolist() == [[1, 1], [3, 1], [1, 1]]
    kept.save()
    again = KeptEncoder(second, tmp_path / "new")
    assert again.encode(["bcd", "ef"]).tolist() == [[3, 1], [2, 1]]
    assert (first.asked, second.asked) == (["a", "bcd"], ["ef"])
    assert again.encode([]).shape == (0, 2)


def test_nothing_was_measured_where_there_is_no_file(tmp_path: Path) -> None:
    assert read(tmp_path / "evaluation.md") == []


@pytest.mark.parametrize(
    ("least", "value", "low", "high", "expected"),
    [
        (True, 0.96, 0.9, 0.99, "reached"),
        (True, 0.95, 0.9, 0.99, "open"),
        (True, 0.9, 0.8, 0.95, "missed"),
        (False, 0.96, 0.9, 0.99, "reached"),
        (False, 0.97, 0.9, 0.99, "open"),
        (False, 0.99, 0.97, 1.0, "missed"),
    ],
)
def test_a_goal_is_reached_open_or_missed(*, least: bool, value: float, low: float, high: float, expected: str) -> None:
    assert standing(Figure(value, low, high, 10), GOALS[0]._replace(least=least)) == expected


def test_goals_are_looked_up_by_their_names() -> None:
    goal = GOALS[0]
    cells = (Figure(0.97, 0.9, 0.99, 10), "–")
    table = Table(title=goal.table, note="", columns=("x", goal.column, "y"), rows=(Row(goal.row, cells),))
    rows = against_goals([Chapter(name="retrieval", model="m", tables=(table,))]).rows
    assert [(row.name, row.cells) for row in rows] == [(goal.what, ("≥ 0.96", cells[0], "reached"))]
