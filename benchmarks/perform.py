"""Speed and memory, chapter by chapter, as ratios of things measured in turns: `make bench`.

    python benchmarks/perform.py [--only answers,repeated] [--write docs/performance.md] [--quick]

Prints JSON. With ``--write`` the figures go into a JSON file, and the page and its pictures are made from that;
chapters that ``--only`` leaves out keep what was measured before. A chapter that cannot be measured on this machine
says why and is left as it was.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from performance.chapter import Chapter, Options, Unavailable
from performance.report import as_json, merged, read, write

CHAPTERS: Final = (
    "answers",
    "concurrency",
    "batches",
    "repeated",
    "imports",
    "vectors",
    "words",
    "postgres",
    "small",
    "peers",
)


def measured(name: str, options: Options) -> Chapter:
    """One chapter, and under what circumstances it was measured.

    Raises:
        Unavailable: this machine lacks what it needs.
    """
    began = time.perf_counter()
    chapter: Chapter = importlib.import_module(f"performance.{name}").measure(options)
    if chapter.name != name:
        raise ValueError(f"the chapter {name} calls itself {chapter.name}")
    when = f"{datetime.now(UTC):%Y-%m-%d}, in {time.perf_counter() - began:.0f} s, on {_machine()}"
    return msgspec.structs.replace(chapter, measured=when)


def _machine() -> str:
    """Processor, cores and Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = models[0] if models else platform.machine()
    return f"{len(os.sched_getaffinity(0))} cores ({processor}), Python {platform.python_version()}"


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in CHAPTERS]:
        raise argparse.ArgumentTypeError(f"no such chapter: {', '.join(unknown)} (there are {', '.join(CHAPTERS)})")
    return names


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; print JSON, or write the page.

    Returns:
        1 where a chapter failed, 0 otherwise.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with the dev data")
    parser.add_argument("--write", type=Path, help="write the page here, and JSON and pictures beside it")
    parser.add_argument("--only", type=_names, default=list(CHAPTERS), help="these chapters, with commas between them")
    parser.add_argument("--quick", action="store_true", help="a rough idea in a short time; nothing is written")
    args = parser.parse_args(argv)
    chapters, failed = [], False
    with tempfile.TemporaryDirectory() as folder:
        options = Options(args.data, Path(folder), args.quick)
        for name in args.only:
            print(name, file=sys.stderr, flush=True)
            try:
                chapters.append(measured(name, options))
            except Unavailable as reason:
                print(f"  skipped: {reason}", file=sys.stderr)
            except Exception:  # noqa: BLE001 - the others are measured all the same
                traceback.print_exc()
                failed = True
            else:
                if args.write and not args.quick:  # at once: what follows may fail
                    write(args.write, merged(read(args.write), chapters[-1:], order=CHAPTERS))
    print(as_json(chapters).decode())
    return int(failed)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the servers have to be stopped
    sys.exit(main())
