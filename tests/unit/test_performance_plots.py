"""Plots of the performance page: whole documents, told in words, the same every time."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

pytest.importorskip("matplotlib")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from performance.chapter import Plot
from performance.plots import description, svg

SVG = "{http://www.w3.org/2000/svg}"
PLOT = Plot(
    name="search-size",
    title="Search <by size> & more",
    x="texts",
    y="p50, ms",
    series={"exact": [(1_000_000, 19.2), (10_000, 0.3)], "lists": [(10_000, 0.31), (1_000_000, 1.9)]},
    log_x=True,
    log_y=True,
)


def test_a_picture_says_what_it_shows() -> None:
    root = ET.fromstring(svg(PLOT))  # noqa: S314 - made above
    said = {child.get("id"): child.text for child in root if child.tag in {f"{SVG}title", f"{SVG}desc"}}
    assert root.get("role") == "img"
    assert (root.get("aria-labelledby") or "").split() == list(said)
    assert list(said.values()) == [PLOT.title, description(PLOT)]


def test_the_description_has_every_point_in_order() -> None:
    assert description(PLOT) == (
        "p50, ms over texts. exact: 0.3 at 10,000, 19.2 at 1,000,000. lists: 0.31 at 10,000, 1.9 at 1,000,000."
    )


def test_labels_are_text_on_a_white_ground() -> None:
    root = ET.fromstring(svg(PLOT))  # noqa: S314 - made above
    texts = {"".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")}
    assert {"texts", "p50, ms", "exact", "lists", "10,000", "1,000,000", PLOT.title} <= texts
    ground = next(root.iter(f"{SVG}path"))
    assert "#ffffff" in (ground.get("style") or "")


def test_the_same_figures_make_the_same_bytes() -> None:
    assert svg(PLOT) == svg(PLOT)
    other = msgspec.structs.replace(PLOT, series={"exact": [(10_000, 0.4), (1_000_000, 19.2)]})
    assert svg(other) != svg(PLOT)


def test_more_lines_than_colors_are_drawn() -> None:
    many = msgspec.structs.replace(PLOT, series={f"line {at}": [(1, at + 1), (2, at + 2)] for at in range(20)})
    root = ET.fromstring(svg(many))  # noqa: S314 - made above
    assert {"".join(text.itertext()).strip() for text in root.iter(f"{SVG}text")} >= set(many.series)


@pytest.mark.parametrize("name", ["../outside", "a/b", "", "A b"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        svg(msgspec.structs.replace(PLOT, name=name))


def test_a_plot_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to plot"):
        svg(msgspec.structs.replace(PLOT, series={"exact": []}))
