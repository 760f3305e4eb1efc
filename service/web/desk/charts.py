"""Charts as SVG, drawn on the server. They hold no script, and follow the reader's light or dark setting."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from service.domain import Label
from service.web.words import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.tallies import Day

_LABELS: Final[dict[Label, tuple[str, str]]] = {
    "rebutted": ("#b23a2a", "#f09a8b"),
    "contested": ("#a06c00", "#e0b95c"),
    "consistent": ("#2a7d5f", "#7fcaa8"),
    "related": ("#4a6a8f", "#9bb8d8"),
    "unmatched": ("#b9b4a8", "#5b626d"),
}
_INK: Final = ("#565c66", "#a9afb9")
_EACH_MARK: Final = 110
"""Pixels for each day that is named below the bars."""
_TICKS: Final = 4
WIDTHS: Final = (880, 360)
_HEIGHT: Final = 280


def claims_by_day(days: Sequence[Day], width: int = WIDTHS[0]) -> bytes:
    """The verdicts of each day as stacked bars, one colour a label; which is which, the page says.

    Args:
        days: in order; every day of the span.
        width: in pixels: of `WIDTHS`.
    """
    stacked_bar, style = _pygal()
    chart = stacked_bar(
        width=width,
        height=_HEIGHT,
        style=style(
            background="transparent",
            plot_background="transparent",
            foreground=_INK[0],
            foreground_strong=_INK[0],
            foreground_subtle=_INK[0],
            font_family="system-ui, sans-serif",
            opacity="1",
            guide_stroke_color="rgba(128, 128, 128, .35)",
            major_guide_stroke_color="rgba(128, 128, 128, .35)",
            guide_stroke_dasharray="0",
            major_guide_stroke_dasharray="0",
            colors=tuple(light for light, _ in _LABELS.values()),
            label_font_size=13,
            major_label_font_size=13,
        ),
        css=["file://style.css", "file://graph.css", f"inline:{_dark()}"],
        js=[],
        no_prefix=True,
        show_legend=False,
        show_x_guides=False,
        truncate_label=-1,
        margin=4,
        spacing=8,
        value_formatter=lambda number: f"{number or 0:.0f}",
        show_minor_x_labels=False,
        x_labels_major_every=max(1, len(days) * _EACH_MARK // width),
        explicit_size=False,
        disable_xml_declaration=True,
        print_values=False,
    )
    chart.y_labels = ticks(max((day.claims for day in days), default=0))
    chart.x_labels = [f"{day.day.day} {day.day:%b}" for day in days]
    for label in _LABELS:
        chart.add(VERDICTS[label], [day.labels.get(label, 0) for day in days])
    chart.add_xml_filter(_without_script)
    drawn: str = chart.render()
    return drawn.encode()


def ticks(most: int) -> list[int]:
    """Whole, round numbers from 0 to at least the most, about four steps apart."""
    step = next(digit * 10**power for power in range(20) for digit in (1, 2, 5) if digit * 10**power * _TICKS >= most)
    return list(range(0, max(most, 1) + step, step))


@cache
def _pygal() -> tuple[Any, Any]:
    """What draws. Imported late, for only the dashboard pays for it."""
    import pygal  # noqa: PLC0415
    from pygal.style import Style  # noqa: PLC0415

    # It leaves a finder for plug-ins in every import's way, in a form that Python 3.11 warns of and 3.12 ignores.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal.StackedBar, Style


def _without_script(root: Any) -> Any:  # noqa: ANN401 - an element of whichever library pygal has found
    """Take out the settings that pygal leaves for its script, which is not there."""
    for parent in root.iter():
        for child in list(parent):
            if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == "script":
                parent.remove(child)
    return root


def _dark() -> str:
    series = " ".join(
        f".color-{at} {{ fill: {dark}; stroke: {dark}; }}" for at, (_, dark) in enumerate(_LABELS.values())
    )
    ink = f"text {{ fill: {_INK[1]} !important; }} .axis > .line {{ stroke: {_INK[1]} !important; }}"
    return f"@media (prefers-color-scheme: dark) {{ {ink} {series.replace(';', ' !important;')} }}"
