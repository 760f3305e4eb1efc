"""Whether a confidence means what it says, on cases that no number was fitted on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evaluation.corpora import Case, fitted_on, known
from evaluation.matching import without_gold
from evaluation.measures import Figure, bin_of, brier, edges, expected_error, figure, share
from evaluation.tables import Row, Table
from evaluation.variants import with_thresholds
from evaluation.verdicts import WANTED, other_hands
from evaluation.workbench import Workbench, check
from service.calibration import Calibration
from service.check import Checker
from service.domain import Stance
from service.runtime import Runtime

SIDES: dict[Stance, str] = {"asserts": "rebutted", "denies": "consistent"}
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
_NEVER, _ALWAYS = math.inf, 0.0
_STATED = (
    "Claims whose nearest records the stance model has read: the calibrated probability of each side, and the share of "
    "claims that do take this side towards the record that speaks. Bins of a tenth, merged until 20 are in each."
)
_DISTANCE = (
    "ECE: mean distance of stated and observed over the bins of such a table, never 0 on few cases, for chance alone "
    "moves the shares. Brier score: mean squared error; 0 is best."
)
_ACCUSED = (
    "Called `rebutted` from this probability on. Innocent: claims that assert no rumor of the store, most of them "
    "denials and near misses, so far more dangerous than the headlines of a day."
)


class Reading(NamedTuple):
    """A claim, the record that would speak, and the calibrated probabilities of its sides; None: none was read."""

    case: Case
    record: str | None
    probabilities: dict[str, float] | None

    def event(self, side: Stance) -> tuple[float, float]:
        """The probability of a side, and whether the claim does take it towards this record."""
        stated = (self.probabilities or {}).get(side, 0.0)
        return stated, float(self.record in self.case.gold and self.case.stance == side)


def calibration(bench: Workbench) -> list[Table]:
    """Reliability, calibration error, Brier score, and what other thresholds would do."""
    gone = known.removed(bench.data) & {record.id for record in bench.tweets[0]}
    without_gold(bench.over_tweets, gone)
    tweets = [left(case, gone) for case in bench.tweets[1] if not fitted_on(left(case, gone))]
    sets = {
        "other hands, the half not fitted on": readings_of(bench, bench.over_news, other_hands(bench)),
        "tweets (2A dev, half the gold removed), the half not fitted on": readings_of(bench, bench.over_tweets, tweets),
    }
    every = [one for readings in sets.values() for one in readings]
    return [_reliability(every), _errors({**sets, "all": every}), _frontier(bench.calibration, every)]


def left(case: Case, gone: frozenset[str]) -> Case:
    """A case with records taken out of the store; without any it asserts no rumor that is left."""
    gold = case.gold - gone
    return case._replace(gold=gold, stance="asserts" if gold else "other")


def readings_of(bench: Workbench, runtime: Runtime, cases: Sequence[Case]) -> list[Reading]:
    """What the record that speaks says of each claim, whatever the thresholds make of it."""
    texts = [case.text for case in cases]
    # With these thresholds every claim that was read gets a verdict, and the record that gives it stands first.
    telling = Checker(runtime.finder, bench.stance, with_thresholds(bench.calibration, _NEVER, _ALWAYS), cache_size=0)
    answers = check(telling, texts, limit=1)
    telling.close()
    readings = []
    for case, answer in zip(cases, answers, strict=True):
        first = answer.matches[0] if answer.matches else None
        read = first.why.probabilities if first else None
        readings.append(Reading(case, first.rebuttal.id if first and read else None, read))
    return readings


def _reliability(readings: Sequence[Reading]) -> Table:
    rows = []
    for side, label in SIDES.items():
        events = np.array([one.event(side) for one in readings if one.probabilities])
        borders = edges(events[:, 0]) if len(events) else np.array([0.0, 1.0])
        place = bin_of(events[:, 0], borders) if len(events) else np.array([], np.int64)
        for at in range(len(borders) - 1):
            held = events[place == at] if len(events) else events
            if len(held):
                span = f"`{label}`, {borders[at]:.1f} to {borders[at + 1]:.1f}"
                rows.append(Row(span, (float(held[:, 0].mean()), share(held[:, 1].tolist()))))
    columns = ("verdict and stated probability", "mean stated", "observed")
    return Table(title="Reliability", note=_STATED, columns=columns, rows=tuple(rows))


def _errors(sets: dict[str, list[Reading]]) -> Table:
    rows = []
    for name, readings in sets.items():
        for side, label in SIDES.items():
            events = [one.event(side) for one in readings if one.probabilities]
            borders = edges(np.array([stated for stated, _ in events]))
            rows.append(Row(f"{name}: `{label}`", (figure(events, expected_error(borders)), figure(events, brier))))
    columns = ("claims and verdict", "ECE", "Brier score")
    return Table(title="Calibration error", note=_DISTANCE, columns=columns, rows=tuple(rows))


def _frontier(calibration: Calibration, readings: Sequence[Reading]) -> Table:
    named = {f"profile `{name}`": at.rebutted for name, at in calibration.profiles.items()}
    rows = [Row(f"{name} ({at:.3f})", accusing(readings, at)) for name, at in named.items()]
    rows += [Row(f"{at:.2f}", accusing(readings, at)) for at in THRESHOLDS]
    columns = ("threshold", "asserting claims caught, right record", "innocent claims accused")
    return Table(title="Accusations by threshold", note=_ACCUSED, columns=columns, rows=tuple(rows))


def accusing(readings: Sequence[Reading], threshold: float) -> tuple[Figure, Figure]:
    """Asserting claims that are caught with the right record, and innocent ones that are accused."""
    caught, accused = [], []
    for one in readings:
        stated, true = one.event("asserts")
        if WANTED[one.case.stance] == "rebutted":
            caught.append(stated >= threshold and true > 0)
        else:
            accused.append(stated >= threshold)
    return share(caught), share(accused)
