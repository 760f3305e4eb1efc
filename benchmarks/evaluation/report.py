"""docs/evaluation.md and the figures beside it as JSON: the second is the truth, the first is made from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from evaluation.goals import against_goals
from evaluation.languages import HOW
from evaluation.tables import Chapter, markdown

HEAD = """# Evaluation

Written by `make eval`; the same figures, for programs: [evaluation.json](evaluation.json). Every number is measured
on the dev data, most on cases on which nothing was trained or fitted; where that is not so, the note says it. In
brackets: the 95 % interval of a percentile bootstrap over cases (1,000 draws, fixed seed; exact where a share is 0 or
1); n: the number of cases, one for each column where they differ. Intervals speak of other cases like these, not of
other kinds of cases. Baselines: *plain MiniLM* is all-MiniLM-L6-v2 as published; *words alone* is BM25 as Rejoinder's
own postings compute it; both search claims that were cleaned as ours are. The extra `multilingual` is off, but in the
chapter on languages."""


def as_json(chapters: Sequence[Chapter]) -> bytes:
    """Chapters for programs: tables with columns and rows; a figure is an object with value, low, high and n."""
    return msgspec.json.format(msgspec.json.encode(chapters), indent=2)


def read(path: Path) -> list[Chapter]:
    """What was measured before, from the JSON file beside the Markdown file; nothing where there is none."""
    found = path.with_suffix(".json")
    return msgspec.json.decode(found.read_bytes(), type=list[Chapter]) if found.exists() else []


def merged(old: Sequence[Chapter], new: Sequence[Chapter], *, order: Sequence[str]) -> list[Chapter]:
    """New chapters in the place of old ones of the same name, in a fixed order."""
    every = {chapter.name: chapter for chapter in (*old, *new)}
    return [every[name] for name in order if name in every]


def write(path: Path, chapters: Sequence[Chapter]) -> None:
    """Write both files."""
    path.with_suffix(".json").write_bytes(as_json(chapters) + b"\n")
    path.write_text(page(chapters), encoding="utf-8")


def page(chapters: Sequence[Chapter]) -> str:
    """The whole Markdown page; each chapter says what it was measured with where that is not the same for all."""
    alike = len({chapter.model for chapter in chapters}) == 1
    lines = [HEAD, "", *([f"Measured: `{chapters[0].model}`.", ""] if alike else [])]
    lines += markdown(against_goals(chapters))
    for chapter in chapters:
        lines += [f"## {chapter.name.capitalize()}", ""]
        lines += [] if alike else [f"Measured: `{chapter.model}`.", ""]
        for table in chapter.tables:
            lines += markdown(table)
    if "languages" not in {chapter.name for chapter in chapters}:
        lines += ["## Languages", "", HOW]
    return "\n".join(lines).rstrip() + "\n"
