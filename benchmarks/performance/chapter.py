"""What a chapter of the performance page is made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

Cell = str | int | float
Series = dict[str, list[tuple[float, float]]]


class Unavailable(Exception):  # noqa: N818 - it is a state of this machine, not a fault
    """A chapter cannot be measured here; the message says why. What was measured before is kept."""


class Options(Struct, frozen=True):
    """What a run was asked for.

    Attributes:
        data: folder with the dev data.
        folder: scratch folder, which the chapters of a run share; removed after it.
        quick: fewer rounds and less data, to try things out: nothing that is measured so is published.
    """

    data: Path
    folder: Path
    quick: bool = False


class Goal(Struct, frozen=True):
    """A figure that was set out to be reached, and what was measured.

    Attributes:
        measure: what it is, in a few words.
        goal: the value to reach, in `unit`.
        value: the value measured.
        better: ``less`` where the value should be at most the goal, ``more`` where at least.
        unit: what the two are counted in, as it stands behind them; empty for a ratio.
    """

    measure: str
    goal: float
    value: float
    better: Literal["less", "more"] = "less"
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether the value is on the right side of the goal."""
        return self.value <= self.goal if self.better == "less" else self.value >= self.goal


class Table(Struct, frozen=True):
    """Figures side by side.

    Attributes:
        head: headings, one for each column.
        rows: the lines; a number is written with three significant digits.
        title: what it shows; Markdown, may be empty.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""


class Plot(Struct, frozen=True):
    """Lines over one axis.

    Attributes:
        name: of the file, without ending: letters, digits and hyphens.
        title: what it shows.
        x: label of the horizontal axis.
        y: label of the vertical axis.
        series: points (x, y) of each line, by its name.
        log_x: whether the horizontal axis is logarithmic.
        log_y: whether the vertical axis is.
    """

    name: str
    title: str
    x: str
    y: str
    series: Series
    log_x: bool = False
    log_y: bool = False


class Chapter(Struct, frozen=True, kw_only=True):
    """One part of the page.

    Attributes:
        name: of its module.
        title: its heading.
        text: what was measured and how; Markdown.
        tables: its figures.
        plots: its pictures.
        goals: what was set out to be reached.
        figures: the raw numbers, for programs; anything that is JSON.
        measured: when, how long it took, and on what machine; the run fills it in.
    """

    name: str
    title: str
    text: str
    tables: Sequence[Table] = ()
    plots: Sequence[Plot] = ()
    goals: Sequence[Goal] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    measured: str = ""
