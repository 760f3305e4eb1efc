"""Plots as SVG files that read the same on a white page and on a dark one, and aloud."""

from __future__ import annotations

import io
import math
import re
from html import escape
from itertools import cycle
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from performance.chapter import Plot
from performance.report import number

# A line is told by its mark and its dashes as well, for who does not see colors; all have contrast 3 and more on white.
_COLORS: Final = ("#0b5cad", "#b3480f", "#1b7a3d", "#8a2f8f", "#6b5a00", "#a01c34", "#3f4a56", "#00727a")
_MARKS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
_DASHES: Final = ("-", "--", "-.", ":")
_PICTURE: Final = re.compile(r"<svg\b[^>]*>", re.DOTALL)


def svg(plot: Plot) -> str:
    """The plot as a document of its own, with a title and a description; the same bytes for the same plot.

    Raises:
        ValueError: its name is no file name, or it has no points.
    """
    if not re.fullmatch(r"[a-z0-9-]+", plot.name):
        raise ValueError(f"{plot.name!r}: a plot's name has small letters, digits and hyphens")
    if not any(plot.series.values()):
        raise ValueError(f"{plot.name}: nothing to plot")
    with mpl.rc_context({"svg.hashsalt": plot.name, "svg.fonttype": "none", "font.size": 11}):
        text = io.StringIO()
        _figure(plot).savefig(
            text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    return _told(text.getvalue(), plot)


def _figure(plot: Plot) -> Figure:
    figure = Figure(figsize=(8, 4.5), layout="constrained", facecolor="white")
    axes = figure.subplots()
    looks = zip(cycle(_COLORS), cycle(_MARKS), cycle(_DASHES), strict=False)
    for (name, points), (color, mark, dash) in zip(plot.series.items(), looks, strict=False):
        axes.plot(*zip(*points, strict=True), color=color, marker=mark, linestyle=dash, label=name)
    axes.set(xlabel=plot.x, ylabel=plot.y, title=plot.title)
    if plot.log_x:
        axes.set_xscale("log")
        axes.set_xticks(sorted({x for points in plot.series.values() for x, _ in points}), minor=False)
        axes.set_xticks([], minor=True)
    if plot.log_y:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.grid(color="#d5d9de", linewidth=0.6)
    if len(plot.series) > 1:
        axes.legend(frameon=False)
    return figure


def _told(document: str, plot: Plot) -> str:
    """The same document with what a screen reader says of it."""
    begin = _PICTURE.search(document)
    if begin is None:
        raise ValueError("the picture has no root element")
    names = f'role="img" aria-labelledby="{plot.name}-title {plot.name}-desc"'
    said = f'<title id="{plot.name}-title">{escape(plot.title)}</title>'
    said += f'<desc id="{plot.name}-desc">{escape(description(plot))}</desc>'
    lines = (line.rstrip() for line in (document[begin.start() : begin.end() - 1], f" {names}>", said))
    return "\n".join(lines) + "\n".join(line.rstrip() for line in document[begin.end() :].split("\n"))


def description(plot: Plot) -> str:
    """The points in words: axes, and each line from its first point to its last."""
    lines = [f"{name}: {_points(points)}." for name, points in plot.series.items() if points]
    return f"{plot.y} over {plot.x}. {' '.join(lines)}"


def _points(points: list[tuple[float, float]]) -> str:
    ordered = sorted(points)
    return ", ".join(f"{number(y)} at {number(x)}" for x, y in ordered if math.isfinite(y))
