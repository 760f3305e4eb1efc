"""Tables of figures, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from evaluation.measures import Figure

Cell = Figure | float | str


def value_of(cell: Cell) -> float:
    """The number in a cell; 0 where there is none."""
    return (cell.value or 0.0) if isinstance(cell, Figure) else 0.0 if isinstance(cell, str) else cell


class Row(Struct, frozen=True):
    """A line of a table: what it is about, and its cells."""

    name: str
    cells: tuple[Cell, ...]


class Table(Struct, frozen=True, kw_only=True):
    """Figures side by side.

    Attributes:
        title: its heading.
        note: what was measured on which cases; Markdown.
        columns: heading of the first column, then one for each cell.
        rows: the lines.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class Chapter(Struct, frozen=True, kw_only=True):
    """The tables of one part of the evaluation, and the models that they were measured with."""

    name: str
    model: str
    tables: tuple[Table, ...]


def markdown(table: Table) -> list[str]:
    """A heading, the note and the table; intervals in brackets, the number of cases in a column of its own."""
    counted = any(isinstance(cell, Figure) for row in table.rows for cell in row.cells)
    heads = [*table.columns, *(["n"] if counted else [])]
    lines = [f"### {table.title}", "", table.note, ""]
    if not table.rows:
        return lines
    lines += [_line(heads), _line(["---"] * len(heads))]
    for row in table.rows:
        cells = [row.name, *(_text(cell) for cell in row.cells)]
        lines.append(_line([*cells, *([_counts(row.cells)] if counted else [])]))
    return [*lines, ""]


def _line(cells: Sequence[str]) -> str:
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return "–" if cell.value is None else f"{cell.value:.3f} ({cell.low:.3f} to {cell.high:.3f})"


def _counts(cells: Sequence[Cell]) -> str:
    """One number where all figures are of the same cases, else one for each."""
    counts = [str(cell.n) for cell in cells if isinstance(cell, Figure)]
    return counts[0] if len(set(counts)) == 1 else " / ".join(counts)
