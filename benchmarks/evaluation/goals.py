"""What Rejoinder sets out to reach, beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evaluation.measures import Figure
from evaluation.tables import Chapter, Row, Table


class Goal(NamedTuple):
    """A figure of the evaluation, and where it should be.

    Attributes:
        what: the measure in a few words.
        table: title of the table that holds it.
        row: name of its row.
        column: heading of its column.
        aim: the value to reach.
        least: whether it should be at least so high; else at most.
    """

    what: str
    table: str
    row: str
    column: str
    aim: float
    least: bool


TWEETS, DEBATES = "Retrieval, tweets (task 2A dev)", "Retrieval, debate sentences (task 2B dev)"
ABSTENTION, VERDICTS = "Abstention, tweets (task 2A dev)", "Verdicts"
HEADLINES, PAIRS = "Debunk headlines", "Stance of headlines and of pairs by other hands"
HALF = "debunk headlines, held-out half"
PROBES = {
    "starter probes, English": 0.90,
    "gem-ore probes": 0.90,
    "other hands, everyday": 0.90,
    "other hands, distant": 0.75,
}
GOALS = (
    Goal("tweets, 2A dev: MAP@5", TWEETS, "service", "MAP@5", 0.96, least=True),
    Goal("debate sentences, 2B dev: MAP@5", DEBATES, "service", "MAP@5", 0.50, least=True),
    Goal("half of the gold removed: right when present", ABSTENTION, "service", "right when present", 0.85, least=True),
    Goal("… false match when absent", ABSTENTION, "service", "false match when absent", 0.05, least=False),
    Goal("… AUROC of the score", ABSTENTION, "service", "AUROC", 0.96, least=True),
    Goal("debunk headlines read as `denies`", HEADLINES, HALF, "read as `denies`", 0.93, least=True),
    Goal("… called `asserts`", HEADLINES, HALF, "called `asserts`", 0.03, least=False),
    Goal("Emergent, *against*: F1", PAIRS, "Emergent, held-out rumors", "F1 `denies`", 0.88, least=True),
    *(
        Goal(f"{name}: macro F1", VERDICTS, f"{name}: service", "macro F1", aim, least=True)
        for name, aim in PROBES.items()
    ),
    *(
        Goal(f"{name}: accused", VERDICTS, f"{name}: service", "false accusations", 0.01, least=False)
        for name in PROBES
    ),
)


def against_goals(chapters: Sequence[Chapter]) -> Table:
    """Every goal whose figure was measured; the rest is left out."""
    return Table(
        title="At a glance",
        note="What was set out to be reached on this data, and what is. *Open*: not reached, but within the interval.",
        columns=("measure", "goal", "measured", ""),
        rows=tuple(_rows(chapters)),
    )


def _rows(chapters: Sequence[Chapter]) -> Iterator[Row]:
    cells = {
        (table.title, row.name, column): cell
        for chapter in chapters
        for table in chapter.tables
        for row in table.rows
        for column, cell in zip(table.columns[1:], row.cells, strict=True)
    }
    for goal in GOALS:
        cell = cells.get((goal.table, goal.row, goal.column))
        if isinstance(cell, Figure) and cell.value is not None:
            yield Row(goal.what, (f"{'≥' if goal.least else '≤'} {goal.aim:.2f}", cell, standing(cell, goal)))


def standing(figure: Figure, goal: Goal) -> str:
    """``reached``, ``open`` or ``missed``. Raises ValueError for a figure of no case."""
    if figure.value is None or figure.low is None or figure.high is None:
        raise ValueError("no case was measured")
    if figure.value >= goal.aim if goal.least else figure.value <= goal.aim:
        return "reached"
    return "open" if figure.low <= goal.aim <= figure.high else "missed"
