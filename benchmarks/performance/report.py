"""docs/performance.md and the figures beside it as JSON: the second is the truth, the first is made from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from performance.chapter import Cell, Chapter, Goal, Table

IMAGES = Path("images") / "performance"
HEAD = """# Performance

Written by `make bench`; the same figures, for programs: [performance.json](performance.json). `python
benchmarks/perform.py --only NAME --write docs/performance.md` measures one chapter again and leaves the others as they
were. A ratio compares two things that were measured in turns in one run; milliseconds are of the machine that ran it
and say little by themselves. *Encoder pass*: one short text through the encoder that ships, in a process that does
nothing else."""


def as_json(chapters: Sequence[Chapter]) -> bytes:
    """Chapters for programs; a number of NumPy's is one like any other."""
    return msgspec.json.format(msgspec.json.encode(chapters, enc_hook=_plain), indent=2)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value).__name__} cannot be kept as JSON")


def read(path: Path) -> list[Chapter]:
    """What was measured before, from the JSON file beside the Markdown file; nothing where there is none."""
    found = path.with_suffix(".json")
    return msgspec.json.decode(found.read_bytes(), type=list[Chapter]) if found.exists() else []


def merged(old: Sequence[Chapter], new: Sequence[Chapter], *, order: Sequence[str]) -> list[Chapter]:
    """New chapters in the place of old ones of the same name, in a fixed order; other names are dropped."""
    every = {chapter.name: chapter for chapter in (*old, *new)}
    return [every[name] for name in order if name in every]


def write(path: Path, chapters: Sequence[Chapter]) -> None:
    """Write the page, the JSON file and the pictures; pictures that no chapter has any more are removed."""
    from performance.plots import svg  # noqa: PLC0415 - a run that writes nothing does without matplotlib

    drawn = {f"{plot.name}.svg": svg(plot) for chapter in chapters for plot in chapter.plots}
    folder = path.parent / IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in drawn.items():
        (folder / name).write_text(picture, encoding="utf-8")
    for left in folder.glob("*.svg"):
        if left.name not in drawn:
            left.unlink()
    path.with_suffix(".json").write_bytes(as_json(chapters) + b"\n")
    path.write_text(page(chapters), encoding="utf-8")


def page(chapters: Sequence[Chapter]) -> str:
    """The whole Markdown page."""
    blocks = [HEAD, *_at_a_glance(chapters)]
    for chapter in chapters:
        blocks += [f"## {chapter.title}", chapter.text.strip()]
        for table in chapter.tables:
            blocks += [table.title] if table.title else []
            blocks.append(_table(table))
        blocks += [f"![{plot.title}]({(IMAGES / plot.name).as_posix()}.svg)" for plot in chapter.plots]
        blocks += [f"*Measured: {chapter.measured}.*"] if chapter.measured else []
    return "\n\n".join(blocks) + "\n"


def _at_a_glance(chapters: Sequence[Chapter]) -> Iterator[str]:
    rows = [
        (goal.measure, _aim(goal), _value(goal), "reached" if goal.reached else "**missed**", f"`{chapter.name}`")
        for chapter in chapters
        for goal in chapter.goals
    ]
    if rows:
        yield "## At a glance"
        yield "What was set out to be reached, what is, and the chapter that measured it."
        yield _table(Table(("measure", "goal", "measured", "", "chapter"), rows))


def _aim(goal: Goal) -> str:
    return f"{'≤' if goal.better == 'less' else '≥'} {number(goal.goal)}{_unit(goal)}"


def _value(goal: Goal) -> str:
    """Three digits, or as many more as it takes to tell a miss from its goal."""
    digits = 3
    while number(goal.value, digits) == number(goal.goal, digits) and goal.value != goal.goal and digits < _MOST_DIGITS:
        digits += 1
    return f"{number(goal.value, digits)}{_unit(goal)}"


_MOST_DIGITS = 9


def _unit(goal: Goal) -> str:
    return f" {goal.unit}" if goal.unit else ""


def _table(table: Table) -> str:
    lines = [table.head, ["---"] * len(table.head), *table.rows]
    return "\n".join(f"| {' | '.join(_text(cell) for cell in line)} |" for line in lines)


def _text(cell: Cell) -> str:
    text = cell if isinstance(cell, str) else number(cell)
    return text.replace("|", r"\|").replace("\n", " ")


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, none of its whole ones lost, and commas between thousands."""
    if not math.isfinite(value):
        return "–"
    if isinstance(value, int) or value == 0:
        return f"{value:,.0f}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
