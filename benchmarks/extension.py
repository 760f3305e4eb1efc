"""What the browser extension costs a page of 150 headlines, and how soon its marks are there, in a real Chromium.

    python benchmarks/extension.py [--runs 5]

Needs Chromium and `make extension`. Prints a table for docs/how-to/use-the-extension.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.budget import Cost, cost
from support.extension import reading
from support.world import RUMORS, SITES, opened_world, stories

HEADLINES = [*RUMORS, *stories("ordinary")[:147]]


def measure(runs: int) -> list[Cost]:
    """Read the page so many times, each time in a new browser."""
    costs = []
    with tempfile.TemporaryDirectory() as name, opened_world(Path(name)) as world:
        for run in range(runs):
            with reading(world.driver, world.extension, Path(name) / f"profile{run}") as reader:
                reader.choose(server=world.service, sites=SITES)
                costs.append(cost(world, reader, HEADLINES, list(RUMORS)))
            print(f"{run + 1} of {runs}: {costs[-1]}", file=sys.stderr)
    return costs


def main() -> None:
    """Measure as the arguments say, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="browsers to start (default 5)")
    costs = measure(parser.parse_args().runs)
    print("| | budget | median | least | most |\n| --- | --- | --- | --- | --- |")
    rows = [
        ("main thread of the page", "30 ms", [one.main_thread_ms for one in costs], "{:.1f} ms"),
        ("last mark after the page can be read", "1,000 ms", [one.marked_ms for one in costs], "{:,.0f} ms"),
        ("requests to the service", "3", [one.requests for one in costs], "{:.0f}"),
        ("layout shift", "0", [one.shift for one in costs], "{:g}"),
    ]
    for name, budget, values, form in rows:
        shown = [form.format(value) for value in (median(values), min(values), max(values))]
        print(f"| {name} | {budget} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main()
