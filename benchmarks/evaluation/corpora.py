"""What is asked and what is searched: archives of fact checks, the dev claims, the probes."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from service.domain import RebuttalContent

HERE = Path(__file__).resolve().parents[1]
TRAINING = HERE.parent / "training"
sys.path[:0] = [str(TRAINING / "cascade"), str(TRAINING / "stance")]
import cases as known  # noqa: E402 - scripts that are no package, found by the line above
import sources  # noqa: E402 - as above

__all__ = ["Case", "archive", "every", "fitted_on", "known", "probes", "questions", "small", "sources"]

Case = known.Case
T = TypeVar("T")
STANCES = {"rebutted": "asserts", "contested": "asserts", "consistent": "denies"}
_QUICK_CLAIMS, _QUICK_RECORDS = 24, 250


def archive(data: Path, name: str) -> list[RebuttalContent]:
    """The fact checks of a folder in the common layout, as a scorer over HTTP would import them."""
    found = []
    for row in known.rows(data / name / "rebuttals.jsonl"):
        rumor = (row["claim"] or row["title"] or row["text"])[:2000]
        statement = (row["text"] or row["title"] or rumor)[:2000]
        found.append(known.record(row["id"], rumor, statement, row["title"] or rumor[:200]))
    return found


def questions(data: Path, name: str, split: str) -> list[Case]:
    """The claims of a split, each with the ids of its fact checks."""
    gold: dict[str, set[str]] = defaultdict(set)
    for claim, rebuttal in sources.qrels(data / name):
        gold[claim].add(rebuttal)
    rows = [row for row in known.rows(data / name / "claims.jsonl") if row["split"] == split and row["id"] in gold]
    return [Case(row["text"], frozenset(gold[row["id"]]), "asserts", "claim") for row in rows]


def probes(name: str) -> list[Case]:
    """Verdict probes; those that no record settles are ``other`` and have no gold."""
    with (HERE / "probes" / name).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Case(
            row["text"],
            frozenset({row["about"]}) if row["expect"] in STANCES else frozenset(),
            STANCES.get(row["expect"], "other"),
            f"{row['expect']}: {row['kind']}",
        )
        for row in rows
    ]


def fitted_on(case: Case) -> bool:
    """Whether a dev tweet belongs to the half that the calibration was fitted on."""
    from calibrate import half  # noqa: PLC0415 - needs what only the training needs

    return bool(half(case))


def every(items: Sequence[T], most: int | None) -> list[T]:
    """At most about ``most`` items, taken at even steps; None for all."""
    return list(items) if most is None else list(items[:: max(1, len(items) // most)])


def small(records: Sequence[RebuttalContent], cases: Sequence[Case]) -> tuple[list[RebuttalContent], list[Case]]:
    """A few questions and a small archive that holds their answers: to try things out, not to report."""
    asked = every(cases, _QUICK_CLAIMS)
    gold = frozenset(name for case in asked for name in case.gold)
    others = {record.id for record in every(records, _QUICK_RECORDS)}
    return [record for record in records if record.id in gold | others], asked
