"""The statistics: each takes an array with one row for each case, and gives one number.

`figure` puts a 95 % percentile-bootstrap interval around any of them (Efron and Tibshirani 1993): 1,000 draws over
cases, with a fixed seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

DRAWS = 1_000
SEED = 20251013
_CHANCE = 0.025
Rows = NDArray[np.float64]
Statistic = Callable[[Rows], float]


class Figure(Struct, frozen=True):
    """A statistic of ``n`` cases with its interval; all None where there was no case."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def figure(cases: Sequence[object] | Rows, statistic: Statistic) -> Figure:
    """A statistic with its 95 % bootstrap interval over cases.

    Args:
        cases: one row a case: numbers, or tuples of numbers.
        statistic: from the rows to one number.
    """
    rows = np.asarray(cases, np.float64)
    if not len(rows):
        return Figure(None, None, None, 0)
    draws = np.random.default_rng(SEED).integers(0, len(rows), (DRAWS, len(rows)))
    low, high = np.quantile([statistic(rows[draw]) for draw in draws], [0.025, 0.975])
    return Figure(round(statistic(rows), 4), round(float(low), 4), round(float(high), 4), len(rows))


def share(hits: Sequence[bool] | Sequence[float]) -> Figure:
    """The mean of numbers in 0..1, or the share of what is true.

    Where all cases are alike, resampling them says nothing: the interval ends where so many alike cases become
    improbable (Clopper and Pearson 1934).
    """
    found = figure([float(hit) for hit in hits], mean)
    if found.value in (0.0, 1.0):
        bound = round(_CHANCE ** (1 / found.n), 4)
        low, high = (bound, 1.0) if found.value else (0.0, round(1 - bound, 4))
        return Figure(found.value, low, high, found.n)
    return found


def mean(rows: Rows) -> float:
    """Arithmetic mean."""
    return float(rows.mean())


def average_precision(ranked: Sequence[str], gold: frozenset[str], *, deep: int = 5) -> float:
    """Average precision of a ranking cut after ``deep`` places; its mean is MAP@5."""
    hits = [rank for rank, name in enumerate(ranked[:deep], 1) if name in gold]
    return sum((at + 1) / rank for at, rank in enumerate(hits)) / min(len(gold), deep)


def reciprocal_rank(ranked: Sequence[str], gold: frozenset[str]) -> float:
    """One over the place of the first right name; 0 where there is none. Its mean is MRR."""
    return next((1 / rank for rank, name in enumerate(ranked, 1) if name in gold), 0.0)


def recall(ranked: Sequence[str], gold: frozenset[str], deep: int) -> float:
    """Share of the right names among the first ``deep``."""
    return len(gold.intersection(ranked[:deep])) / len(gold)


def auroc(rows: Rows) -> float:
    """Area under the ROC curve, ties counted half (Hanley and McNeil 1982).

    Args:
        rows: shape (n, 2): a score, and 1 for a positive case or 0.

    Returns:
        0..1; 0.5 where a class is missing and nothing can be ranked.
    """
    scores, positive = rows[:, 0], rows[:, 1] > 0
    wanted, others = int(positive.sum()), int((~positive).sum())
    if not wanted or not others:
        return 0.5
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - wanted * (wanted + 1) / 2) / (wanted * others))


def f1_of(label: int) -> Statistic:
    """F1 of one label. Rows of shape (n, 2): the label wanted, the label given; 0 where neither occurs."""

    def f1(rows: Rows) -> float:
        wanted, given = rows[:, 0] == label, rows[:, 1] == label
        total = int(wanted.sum() + given.sum())
        return 2 * int((wanted & given).sum()) / total if total else 0.0

    return f1


def macro_f1(labels: int) -> Statistic:
    """Mean of the F1 of labels 0 to ``labels`` - 1; rows as for `f1_of`."""
    each = [f1_of(label) for label in range(labels)]
    return lambda rows: sum(f1(rows) for f1 in each) / labels


def brier(rows: Rows) -> float:
    """Mean squared error of probabilities (Brier 1950). Rows of shape (n, 2): probability, and 1 or 0."""
    return float(np.mean((rows[:, 0] - rows[:, 1]) ** 2))


def edges(probabilities: Rows, *, bins: int = 10, least: int = 20) -> Rows:
    """Borders of at most ``bins`` bins of equal width over 0..1, merged upwards until each holds ``least`` cases."""
    borders, waiting = [0.0], 0
    for low, high in zip(np.linspace(0, 1, bins + 1)[:-1], np.linspace(0, 1, bins + 1)[1:], strict=True):
        waiting += int(((probabilities >= low) & ((probabilities < high) | (high == 1.0))).sum())
        if waiting >= least:
            borders.append(float(high))
            waiting = 0
    if len(borders) > 1:
        borders.pop()  # what was left over at the top joins the last bin
    return np.array([*borders, 1.0])


def expected_error(borders: Rows) -> Statistic:
    """Expected calibration error over given bins (Naeini et al. 2015). Rows (n, 2): probability, and 1 or 0."""

    def ece(rows: Rows) -> float:
        place = bin_of(rows[:, 0], borders)
        held = [rows[place == at] for at in range(len(borders) - 1)]
        return sum(len(part) * abs(float(np.diff(part.mean(axis=0))[0])) for part in held if len(part)) / len(rows)

    return ece


def bin_of(probabilities: Rows, borders: Rows) -> NDArray[np.int64]:
    """Number of the bin of each probability; 1 belongs to the last."""
    return np.clip(np.searchsorted(borders, probabilities, side="right") - 1, 0, len(borders) - 2)
