"""What answers cost on this machine, and how many nodes a load takes, by a simulation that is held against a real run.

    python benchmarks/simulate.py [--price 0.05] [--write docs/scaling.md] [--again]

Needs no data. A server on one core of its own is asked by clients on another core, for some seconds with each kind of
answer and number of clients: that is what the model is calibrated on. Two further runs, with kinds mixed and other
numbers of clients, are what it is held against. Prints JSON. With ``--write`` that goes into a file beside the page
(docs/scaling.json) and the page's tables are made from it; ``--again`` makes them from what that file holds.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from performance.server import UNCACHED, Server, serving
from performance.texts import NEWS, probes
from simulation.measuring import Run, asked, pinned
from simulation.plan import MIX, PAGE, Measured, Plan, planned, tables

_BETWEEN: Final = re.compile(r"(<!-- simulated -->\n).*?(<!-- end -->)", re.DOTALL)
_CHECKED_WITH: Final = (8, 64)
_MIXED: Final = 640


def measured(folder: Path, seconds: float) -> Measured:
    """Ask a server on one core; see the module."""
    new, rumors = _single(NEWS), _single(probes())
    pages = [{"claims": [{"id": f"{at}", "text": f"{NEWS[at % len(NEWS)]} ({at})"} for at in range(PAGE)]}]
    chance = random.Random(1)
    kinds = chance.choices([new, rumors], [MIX["unmatched"], MIX["verdict"]], k=_MIXED)
    mixed = [chance.choice(bodies) for bodies in kinds]
    runs: dict[str, list[Run]] = {}
    checks: list[Run] = []

    def uncached(server: Server) -> None:
        for kind, bodies, clients in (("unmatched", new, (1, 32)), ("verdict", rumors, (1, 32))):
            runs[kind] = [asked(server, "/v1/check", bodies, count, seconds) for count in clients]
        runs["page"] = [asked(server, "/v1/check/batch", pages, count, seconds) for count in (1, 4)]
        checks.extend(asked(server, "/v1/check", mixed, count, seconds) for count in _CHECKED_WITH)

    def cached(server: Server) -> None:
        runs["kept"] = [asked(server, "/v1/check", new, count, seconds) for count in (1, 32)]
        runs["page-kept"] = [asked(server, "/v1/check/batch", pages, count, seconds) for count in (1, 4)]

    _on_one_core(folder / "starter.db", UNCACHED, uncached)
    _on_one_core(folder / "starter.db", {}, cached)
    return Measured(runs, checks)


def _single(texts: Sequence[str]) -> list[dict[str, object]]:
    return [{"claim": text, "limit": 1} for text in texts]


def _on_one_core(db: Path, environment: dict[str, str], work: Callable[[Server], None]) -> None:
    ours, *_, theirs = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {ours, theirs})
    with serving(db, environment) as server:
        pinned(server.process.pid, theirs)
        os.sched_setaffinity(0, {ours})
        work(server)
    os.sched_setaffinity(0, {ours, theirs})


def main() -> None:
    """Measure, simulate, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--price", type=float, default=0.05, help="what a core-hour costs you, in any currency")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    parser.add_argument("--write", type=Path, help="the page whose tables are made again")
    parser.add_argument("--again", action="store_true", help="with what was measured before")
    args = parser.parse_args()
    if args.again and not args.write:
        parser.error("--again needs --write")
    if len(os.sched_getaffinity(0)) < 2:  # noqa: PLR2004 - the server's and the clients'
        sys.exit("This needs two cores: one for the server, one for the clients.")
    kept = args.write.with_suffix(".json") if args.write else None
    if args.again and kept:
        found = msgspec.json.decode(kept.read_bytes(), type=Plan).measured
    else:
        with tempfile.TemporaryDirectory() as name:
            found = measured(Path(name), args.seconds)
    plan = planned(found)
    text = msgspec.json.format(msgspec.json.encode(plan), indent=2).decode()
    print(text)
    if args.write and kept:
        kept.write_text(text + "\n", encoding="utf-8")
        page = args.write.read_text(encoding="utf-8")
        args.write.write_text(
            _BETWEEN.sub(lambda m: f"{m[1]}\n{tables(plan, args.price)}\n\n{m[2]}", page), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
