"""From raw scores to probabilities, and the file of fitted numbers that ships."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import load_encoder
from embeddings.stance import load_stance
from service.calibration import Nearness, SecondLook, load_calibration

P = st.floats(0, 1)


@given(P, P, P, P)
def test_probabilities_sum_to_one(asserts: float, denies: float, other: float, nearness: float) -> None:
    raw = np.array([asserts, denies, other], np.float32)
    found = load_calibration().stance_probabilities(raw, nearness)
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 <= probability <= 1 for probability in found.values())


@pytest.mark.parametrize("side", ["asserts", "denies"])
def test_what_the_model_is_surer_of_becomes_more_probable(side: str) -> None:
    at = ("asserts", "denies", "other").index(side)
    raws = [np.array([0.05, 0.05, 0.05], np.float32) for _ in range(2)]
    raws[0][at], raws[1][at] = 0.5, 0.95
    low, high = (load_calibration().stance_probabilities(raw, 0.7)[side] for raw in raws)
    assert high > low


@given(st.floats(-1, 1), st.floats(0, 100))
def test_nearness_is_a_probability_that_grows_with_similarity(similarity: float, evidence: float) -> None:
    nearness = load_calibration().nearness
    assert 0 <= nearness(similarity, evidence, 400) <= nearness(similarity + 0.1, evidence, 400) <= 1


def test_what_comes_near_among_many_records_means_less() -> None:
    nearness = load_calibration().nearness
    assert nearness(0.6, 2.0, 100_000) < nearness(0.6, 2.0, 100)


def test_extreme_scores_do_not_overflow() -> None:
    assert Nearness(bias=0, similarity=1e4, evidence=0, size=0)(-1, 0, 1) == pytest.approx(0)
    assert Nearness(bias=0, similarity=1e4, evidence=0, size=0)(1, 0, 1) == pytest.approx(1)


def test_the_numbers_that_ship_were_fitted_for_the_models_that_ship() -> None:
    calibration = load_calibration()
    assert calibration.encoder == load_encoder().name
    assert calibration.stance == load_stance().name


@given(P, st.lists(P, min_size=3, max_size=3), st.lists(P, min_size=3, max_size=3))
def test_two_readings_together_are_probabilities_between_the_two(
    weight: float, first: list[float], second: list[float]
) -> None:
    one, two = (np.array(raw, np.float32) + np.float32(1e-3) for raw in (first, second))
    one, two = one / one.sum(), two / two.sum()
    both = SecondLook(least=0.1, weight=weight).together(one, two)
    assert both.sum() == pytest.approx(1, abs=1e-5)
    odds = [np.log(raw[0] / raw[2]) for raw in (one, both, two)]
    assert min(odds[0], odds[2]) - 1e-3 <= odds[1] <= max(odds[0], odds[2]) + 1e-3


def test_an_impossible_reading_does_not_overflow() -> None:
    sure, never = np.array([1, 0, 0], np.float32), np.array([0, 0, 1], np.float32)
    both = SecondLook(least=0.1, weight=0.5).together(sure, never)
    assert both == pytest.approx([0.5, 0.0, 0.5], abs=1e-2)
