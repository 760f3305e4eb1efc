"""Has a path become slow? Every path of the service against a yardstick, in a minute: `make bench-smoke`.

    python benchmarks/smoke.py [--only encode,find] [--write]

Exits with 1 and names each path that takes more than 1.5 times what `benchmarks/smoke.json` says; `--write` writes that
file anew, which belongs into the commit that has a reason for it. Prints a table of all.

What is compared is not seconds but the processor time of this process (all its threads), as a ratio to a yardstick that
is measured just before and just after, in the same run, and that no change of our code touches:

- ``network``, for what runs a model: the encoder's ONNX session alone, on token ids that never change. New weights need
  a new baseline.
- ``endpoint``, for other requests: a Litestar application that has nothing but a handler returning a dictionary.
- ``interpreter``, for everything else: msgspec decodes a fixed document, and plain Python walks through it.

Of a path's ratios the median counts, and one that is too high is measured again before it counts: what does not repeat
was noise. Counting instructions would be steadier still, but it needs `perf` or `valgrind`, which a fresh Debian has
not, and rights that a container seldom has. Processor time is there everywhere, leaves out the time that other
processes take, and a slower or faster clock moves path and yardstick alike. What it does not see is waiting: a lock or
a sleep that makes an answer late costs no processor time; `make bench` measures what a client sees.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from smoke_paths import PATHS, Bench, Way, Work, opened
from smoke_yardsticks import Yardstick, yardsticks

BASELINE: Final = Path(__file__).with_name("smoke.json")
SLOWER: Final = 1.5
_ROUNDS: Final = 3
_PAIRS: Final = 5
_FEWEST: Final = 2
_SAMPLE_S: Final = 0.01
_MOST_S: Final = 0.25
_MOST_TURNS: Final = 500


async def _taken(work: Work, times: int) -> float:
    """Processor seconds of one turn."""
    began = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - began) / times


async def _ratios(work: Work, yardstick: Yardstick) -> list[float]:
    """How many times the yardstick a path takes, in some pairs, each beside its own yardstick."""
    once = await _taken(work, 1)
    turns = max(1, min(_MOST_TURNS, int(_SAMPLE_S / once)))
    pairs = max(_FEWEST, min(_PAIRS, int(_MOST_S / (turns * once))))
    found = []
    before = await yardstick.taken(_SAMPLE_S)
    for _ in range(pairs):
        took = await _taken(work, turns)
        after = await yardstick.taken(_SAMPLE_S)
        found.append(2 * took / (before + after))
        before = after
    return found


async def _medians(works: Mapping[str, tuple[Work, Yardstick]]) -> dict[str, float]:
    """The median ratio of each path, over rounds: what slows the machine for some seconds slows a part of each."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(_ROUNDS):
        for name, (work, yardstick) in works.items():
            found[name] += await _ratios(work, yardstick)
    return {name: statistics.median(ratios) for name, ratios in found.items()}


async def measure(bench: Bench, ways: Sequence[Way], baseline: Mapping[str, float]) -> dict[str, float]:
    """The ratio of each path; the lower of two where the first is too high."""
    measures = yardsticks()
    works = {way.name: (way.work(bench), measures[way.yardstick]) for way in ways}
    async with bench.app.lifespan(), bench.kept.lifespan():
        for work, _ in works.values():
            await work()
        gc.collect()
        gc.freeze()  # as the server does
        found = await _medians(works)
        again = await _medians({name: works[name] for name in slower(found, baseline) if name in baseline})
    return {name: min(now, again.get(name, now)) for name, now in found.items()}


def slower(found: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """The paths that take too long, and those that no baseline is known of."""
    return [name for name, now in found.items() if name not in baseline or now > SLOWER * baseline[name]]


def table(found: Mapping[str, float], baseline: Mapping[str, float]) -> str:
    """Each path with its ratio, what it was, and how they compare."""
    lines = [f"{'path':<24}{'now':>9}{'was':>9}{'now/was':>9}"]
    for name, now in found.items():
        was = baseline.get(name)
        known = f"{was:>9.3f}{now / was:>9.2f}" if was else f"{'-':>9}{'-':>9}"
        lines.append(f"{name:<24}{now:>9.3f}{known}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether a path has become slow.

    Returns:
        1 where one has, 0 otherwise.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="names of paths, with commas between them")
    parser.add_argument("--write", action="store_true", help="make what is measured now the baseline")
    args = parser.parse_args(argv)
    names = [way.name for way in PATHS] if args.only is None else args.only.split(",")
    if unknown := set(names) - {way.name for way in PATHS}:
        parser.error(f"no such path: {', '.join(sorted(unknown))}")
    known = msgspec.json.decode(BASELINE.read_bytes(), type=dict[str, float]) if BASELINE.exists() else {}
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as bench:
        found = asyncio.run(measure(bench, [way for way in PATHS if way.name in names], known))
    print(table(found, known))
    if args.write:
        kept = known | {name: round(now, 3) for name, now in found.items()}
        BASELINE.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
        return 0
    for name in slower(found, known):
        print(f"SLOWER: {name}: more than {SLOWER} times what {BASELINE.name} says.", file=sys.stderr)
    return 1 if slower(found, known) else 0


if __name__ == "__main__":
    sys.exit(main())
