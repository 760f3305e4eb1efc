"""Quality on the dev data, beside what an afternoon's version would reach; each figure with its n and an interval.

    python benchmarks/evaluate.py [--data ../shared/data] [--write docs/evaluation.md] [--only verdicts] [--quick]

Prints JSON. With ``--write`` the tables go into a Markdown file and the figures into a JSON file beside it; chapters
that ``--only`` leaves out keep what was measured before. ``languages`` is measured only when it is named.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from evaluation.ablations import ablations
from evaluation.frontier import frontier
from evaluation.languages import languages
from evaluation.matching import abstention, retrieval
from evaluation.reliability import calibration
from evaluation.report import as_json, merged, read, write
from evaluation.sides import stance
from evaluation.tables import Chapter, Table
from evaluation.verdicts import verdicts
from evaluation.workbench import Workbench, told

# In this order: abstention and what follows take records out of the store that retrieval searches.
CHAPTERS: dict[str, Callable[[Workbench], list[Table]]] = {
    "stance": stance,
    "verdicts": verdicts,
    "ablations": ablations,
    "retrieval": retrieval,
    "abstention": abstention,
    "calibration": calibration,
    "frontier": frontier,
    "languages": languages,
}
LATER = "languages"  # takes long, and needs an extra


def measure(bench: Workbench, names: Sequence[str]) -> Iterator[Chapter]:
    """The chapters that are asked for, one after the other."""
    for name, chapter in CHAPTERS.items():
        if name in names:
            told(name)
            began = time.perf_counter()
            yield Chapter(name=name, model=bench.model, tables=tuple(chapter(bench)))
            told(f"  {name}: done in {time.perf_counter() - began:.0f} s")


def main() -> None:
    """Measure; print JSON, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with the dev data")
    parser.add_argument("--write", type=Path, help="write Markdown tables here, and JSON beside them")
    usual = [name for name in CHAPTERS if name != LATER]
    parser.add_argument("--only", nargs="+", choices=list(CHAPTERS), default=usual, help="these chapters alone")
    parser.add_argument("--quick", action="store_true", help="small samples, to try things out; nothing is written")
    parser.add_argument("--cache", type=Path, help="folder that keeps vectors from run to run")
    args = parser.parse_args()
    bench = Workbench(args.data, quick=args.quick, cache=args.cache)
    chapters: list[Chapter] = []
    try:
        for chapter in measure(bench, args.only):
            chapters.append(chapter)
            if args.write and not args.quick:  # at once: what follows may fail
                write(args.write, merged(read(args.write), [chapter], order=list(CHAPTERS)))
    finally:
        bench.close()
    print(as_json(chapters).decode())


if __name__ == "__main__":
    main()
