"""Task 2A with half of the gold removed: what other thresholds would give, and where claims are lost."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import structs

from evaluation.corpora import Case, known
from evaluation.matching import without_gold
from evaluation.measures import Figure, auroc, figure, share
from evaluation.reliability import left
from evaluation.searching import cleaned
from evaluation.tables import Row, Table, value_of
from evaluation.variants import with_thresholds
from evaluation.workbench import Workbench, check
from service.calibration import Calibration, log_odds
from service.check import Checker
from service.domain import Match
from service.finder import Candidate

ALLOWED = (0.0, 0.01, 0.02, 0.05, 0.10)
SIDES = ("asserts", "denies")
_NEVER, _ALWAYS = math.inf, 0.0
_DEEP = 10
WAYS = {
    "by the side": "the larger probability of the two sides, as verdicts are given",
    "by the matter": "the probability of the same matter, whatever the side",
    "no gate": "the same where no record is too far off to be read",
    "nearness alone": "the first stage, without the stance model",
    "both odds": "nearness and matter together, no gate",
}


class Looked(NamedTuple):
    """A claim, what the first stage found and what the stance model read.

    Attributes:
        case: the claim; without gold where its record was taken out.
        found: the nearest candidates.
        read: the matches that passed the gate and were read, the one that speaks first.
        open: the same without a gate.
    """

    case: Case
    found: list[Candidate]
    read: list[Match]
    open: list[Match]

    def score(self, way: str) -> tuple[float, str | None]:
        """How sure a way of matching is, and of which record; 0 and None where it has nothing."""
        if way == "nearness alone":
            return (self.found[0].nearness, self.found[0].id) if self.found else (0.0, None)
        read = self.read if way in ("by the side", "by the matter") else self.open
        if not read:
            return 0.0, None
        sure = _side(read[0]) if way == "by the side" else read[0].score
        if way == "both odds":
            near = next(one.nearness for one in self.found if one.id == read[0].rebuttal.id)
            sure = 1 / (1 + math.exp(-(log_odds(sure) + log_odds(near)) / 2))
        return sure, read[0].rebuttal.id


def removed_half(bench: Workbench) -> list[Table]:
    """Matching from strict to lenient, what is lost on the way, and what the score can separate at most."""
    looked = look(bench)
    present = [one for one in looked if one.case.gold]
    absent = [one for one in looked if not one.case.gold]
    return [
        by_allowance(bench.calibration, present, absent),
        _where(bench.calibration, present),
        separation(bench.calibration, looked),
    ]


def look(bench: Workbench) -> list[Looked]:
    """Ask every claim with thresholds that show all that was read, with the gate and without it."""
    gone = known.removed(bench.data) & {record.id for record in bench.tweets[0]}
    without_gold(bench.over_tweets, gone)
    cases = [left(case, gone) for case in bench.tweets[1]]
    finder = bench.over_tweets.finder
    found = asyncio.run(finder.find([cleaned(case.text) for case in cases], _DEEP))
    matches = []
    for gate in (bench.calibration.gate, 0.0):
        fitted = with_thresholds(bench.calibration, _NEVER, _ALWAYS)
        telling = Checker(finder, bench.stance, structs.replace(fitted, gate=gate, related=gate), cache_size=0)
        answers = check(telling, [case.text for case in cases], limit=_DEEP)
        telling.close()
        matches.append([[one for one in answer.matches if one.why.probabilities] for answer in answers])
    return [Looked(*of) for of in zip(cases, found, *matches, strict=True)]


def by_allowance(calibration: Calibration, present: Sequence[Looked], absent: Sequence[Looked]) -> Table:
    """For each share of false matches the lowest threshold that keeps it, and what is then found."""
    rows = [_profile(calibration, name, present, absent) for name in calibration.profiles]
    for allowed in ALLOWED:
        cells = []
        for way in WAYS:
            wrong = sorted((one.score(way)[0] for one in absent), reverse=True)
            above = wrong[int(allowed * len(wrong))]
            cells.append(
                share([score > above and record in one.case.gold for one, score, record in _scored(present, way)])
            )
        rows.append(Row(f"false match ≤ {allowed:.2f} ({int(allowed * len(absent))} of {len(absent)})", tuple(cells)))
    ways = "; ".join(f"*{name}*: {what}" for name, what in WAYS.items())
    return Table(
        title="Half of the gold removed: right when present, by false matches allowed",
        note="Each row takes, on these very claims, the lowest threshold that keeps the false matches, so it is what a "
        f"threshold could reach, not what one fitted elsewhere would. {ways}. The profiles: their verdicts, with the "
        f"false matches they make. {_best(rows[-2])}",
        columns=("allowed", *WAYS),
        rows=tuple(rows),
    )


def _best(row: Row) -> str:
    found = {way: cell.value or 0.0 for way, cell in zip(WAYS, row.cells, strict=True) if isinstance(cell, Figure)}
    best = max(found, key=found.__getitem__)
    side = found["by the side"]
    return f"At {row.name} the side finds {side:.3f}, and the best of these ways, *{best}*, {found[best]:.3f}."


def _scored(looked: Sequence[Looked], way: str) -> list[tuple[Looked, float, str | None]]:
    return [(one, *one.score(way)) for one in looked]


def _profile(calibration: Calibration, name: str, present: Sequence[Looked], absent: Sequence[Looked]) -> Row:
    fitted = structs.replace(calibration, profile=name)
    right = share([_speaks(one, fitted) and one.read[0].rebuttal.id in one.case.gold for one in present])
    wrong = sum(_speaks(one, fitted) for one in absent)
    return Row(f"profile `{name}` ({wrong} of {len(absent)})", (right, *["–"] * (len(WAYS) - 1)))


def _speaks(one: Looked, calibration: Calibration) -> bool:
    """Whether a verdict would be given."""
    if not one.read or not (said := one.read[0].why.probabilities):
        return False
    return said["asserts"] >= calibration.rebutted or said["denies"] >= calibration.consistent


def _side(match: Match) -> float:
    return max((match.why.probabilities or {}).get(side, 0.0) for side in SIDES)


def _where(calibration: Calibration, present: Sequence[Looked]) -> Table:
    counted = Counter(fate(one, calibration) for one in present)
    rows = tuple(Row(name, (share([fate(one, calibration) == name for one in present]),)) for name in FATES)
    lost = len(present) - counted[RIGHT]
    most, how_many = Counter({name: counted[name] for name in FATES if name != RIGHT}).most_common(1)[0]
    return Table(
        title="Half of the gold removed: where the lost ones are lost",
        note=f"Claims whose record is in the store, profile `{calibration.profile}`: {lost} of {len(present)} come to "
        f"no right verdict. Most of them, {how_many}: {most}. What would move that: {MOVES[most]}.",
        columns=("fate", "share"),
        rows=rows,
    )


RIGHT, WRONG = "right record, verdict given", "another record speaks"
FAR, UNREAD = "no record passes the gate", "records pass the gate, the right one is not among those read"
OTHER, BELOW = "right record read, as another claim", "right record read, below the threshold"
FATES = (RIGHT, FAR, UNREAD, OTHER, BELOW, WRONG)
MOVES = {
    FAR: "a first stage that brings a tweet nearer to its record; no threshold of the verdict reaches them",
    UNREAD: "a search that puts the right record first, or more records read",
    OTHER: "a stance model that knows the matter again in a tweet's words",
    BELOW: "a surer reading of the side: the matter is found",
    WRONG: "telling sister records apart",
}


def fate(one: Looked, calibration: Calibration) -> str:
    """What becomes of a claim whose record is in the store: one of `FATES`."""
    if not one.read:
        return FAR
    mine = next((match for match in one.read if match.rebuttal.id in one.case.gold), None)
    if mine is None:
        return UNREAD
    if mine is not one.read[0]:
        return WRONG
    if _speaks(one, calibration):
        return RIGHT
    return OTHER if mine.stance == "other" else BELOW


def separation(calibration: Calibration, looked: Sequence[Looked]) -> Table:
    """AUROC of every way to score, and of a judge that errs on no record that it reads."""
    rows = [Row(way, (figure([(one.score(way)[0], bool(one.case.gold)) for one in looked], auroc),)) for way in WAYS]
    best = max(rows, key=lambda row: value_of(row.cells[0]))
    for deep in (1, calibration.judged, _DEEP):
        perfect = [(_among(one, deep), bool(one.case.gold)) for one in looked]
        rows.append(Row(f"a judge without error of the nearest {deep}", (figure(perfect, auroc),)))
    return Table(
        title="Half of the gold removed: AUROC by score",
        note="The ways of the table above, and the ceiling: a judge that knows the right record when it is among the "
        f"nearest few, and is sure of nothing else. The best score as it is: *{best.name}*. What lies between it and "
        "the ceiling is judging, not search.",
        columns=("score", "AUROC"),
        rows=tuple(rows),
    )


def _among(one: Looked, deep: int) -> float:
    return float(any(candidate.id in one.case.gold for candidate in one.found[:deep]))
