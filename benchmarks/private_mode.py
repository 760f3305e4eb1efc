"""Private mode against the service: the same 500 headlines, asked of both, over the starter corpus.

    python benchmarks/private_mode.py [--texts 500]

Needs Chromium and `make extension`. The service runs in this process with the models that ship; private mode runs in a
real browser that has downloaded the signed index and the models from it. The headlines: all of tests/data/headlines.txt
(123 of the news, 77 titles of pages that the corpus cites), and of benchmarks/probes as many as are missing, drawn with
a fixed seed: texts that repeat, deny or nearly miss a record, and some that have nothing to do with any. Intervals are
95 %, as benchmarks/evaluation makes them.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import httpx
from evaluation.measures import Figure, share
from support.extension import reading
from support.packed import read
from support.private import Found, Private
from support.world import World, opened_world

from service.domain import Claim
from service.normalise import normalise, sought
from service.runtime import Runtime

ROOT = Path(__file__).resolve().parents[1]
SEED = 7
DEEP = 10
FIVE = 5
AT_ONCE = 25
MARKED = {"rebutted", "contested"}


class Answered(NamedTuple):
    """What came of a text: the nearest records, their nearness, the label and how sure it is."""

    ids: list[str]
    label: str
    confidence: float
    ms: float


class Measured(NamedTuple):
    """Both sides, text by text, and what private mode costs."""

    service: list[Answered]
    private: list[Answered]
    installed_s: float
    load_ms: float
    bytes: int


def headlines(count: int) -> list[str]:
    """The texts, each once, those of no words left out: the service searches nothing for them."""
    texts = (ROOT / "tests/data/headlines.txt").read_text("utf-8").splitlines()
    probes = []
    for path in sorted((ROOT / "benchmarks/probes").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            probes += [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    random.Random(SEED).shuffle(probes)
    worth = [text for text in dict.fromkeys([*texts, *probes]) if normalise(text).junk is None]
    return worth[:count]


async def by_service(runtime: Runtime, texts: Sequence[str]) -> list[Answered]:
    """As `POST /v1/check` and the first stage of it answer."""
    found = await runtime.finder.find([sought(text) for text in texts], DEEP)
    checked = await runtime.checker.check_many([Claim(claim=text, limit=2) for text in texts])
    return [
        Answered([one.id for one in near], result.verdict.label, result.verdict.confidence, 0.0)
        for near, result in zip(found, checked, strict=True)
    ]


def by_private_mode(private: Private, texts: Sequence[str]) -> list[Answered]:
    """As the extension answers with private mode on."""
    answers: list[Answered] = []
    for at in range(0, len(texts), AT_ONCE):
        piece = texts[at : at + AT_ONCE]
        for found, answer in zip(private.search(piece, DEEP), private.ask(piece), strict=True):
            answers.append(answered(found, answer))
        print(f"{len(answers)} of {len(texts)}", file=sys.stderr)
    return answers


def answered(found: Found, answer: dict[str, Any]) -> Answered:
    """One answer of private mode."""
    verdict = answer["verdict"]
    return Answered(found.ids, verdict["label"], verdict["confidence"], found.ms)


def native_ms(runtime: Runtime, texts: Sequence[str]) -> float:
    """What the encoder of the service takes for a text, one at a time: the median."""
    times = []
    for text in texts:
        began = time.perf_counter()
        runtime.finder.encoder.encode([text])
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


def measure(world: World, profile: Path, texts: Sequence[str]) -> Measured:
    """Ask both sides."""
    with reading(world.driver, world.extension, profile) as reader:
        private = Private(reader, world.service)
        began = time.monotonic()
        private.ready()
        took = time.monotonic() - began
        here = by_private_mode(private, texts)
        load_ms = private.load_ms()
    with ThreadPoolExecutor(1) as thread:  # Playwright's event loop runs in this one
        there = thread.submit(asyncio.run, by_service(world.runtime, texts)).result()
    return Measured(there, here, took, load_ms, download_bytes(world.service))


def download_bytes(address: str) -> int:
    """What a first installation downloads: the index as it is sent, and every file that it names."""
    with httpx.stream("GET", f"{address}/v1/index", headers={"Accept-Encoding": "gzip"}) as answer:
        sent = b"".join(answer.iter_raw())
    header = read(gzip.decompress(sent)).header
    files = {file["sha256"]: file["bytes"] for model in ("encoder", "stance") for file in header[model]["files"]}
    return len(sent) + sum(files.values())


def report(texts: Sequence[str], measured: Measured, native: float) -> None:
    """Print the table."""
    both = list(zip(measured.service, measured.private, strict=True))
    marked = [(one, other) for one, other in both if one.label in MARKED]
    either = [(one, other) for one, other in both if {one.label, other.label} & MARKED]
    apart = [abs(one.confidence - other.confidence) for one, other in both if one.label == other.label]
    print(f"{len(texts)} headlines; by the service: {dict(Counter(one.label for one in measured.service))}\n")
    print("| | private mode and the service |\n| --- | --- |")
    for name, figure in (
        ("the same nearest record", share([one.ids[:1] == other.ids[:1] for one, other in both])),
        ("of the nearest five, in both", share([overlap(one.ids, other.ids) for one, other in both])),
        ("the same label", share([one.label == other.label for one, other in both])),
        ("the same label, of what the service marks", share([one.label == other.label for one, other in marked])),
        ("marked by both, of what either marks", share([{one.label, other.label} <= MARKED for one, other in either])),
    ):
        print(f"| {name} | {shown(figure)} |")
    print(f"| largest difference of confidence where the label is the same | {max(apart):.4f} |")
    print(f"| encode and search a headline, median | {median(one.ms for one in measured.private):.1f} ms |")
    print(f"| the native encoder alone, median | {native:.1f} ms |")
    print(f"| download, verify and try out | {measured.installed_s:.1f} s |")
    print(f"| bytes downloaded | {measured.bytes:,} |")
    print(f"| index and encoder ready after a restart | {measured.load_ms / 1000:.1f} s |")
    for text, (one, other) in zip(texts, both, strict=True):
        if one.label != other.label:
            print(
                f"  {one.label} {one.confidence:.3f}, here {other.label} {other.confidence:.3f}: {text}",
                file=sys.stderr,
            )


def overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Share of the nearest five that both have."""
    return len(set(one[:FIVE]) & set(other[:FIVE])) / FIVE


def shown(figure: Figure) -> str:
    """A share with its interval."""
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}], n = {figure.n}"


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=500, help="how many headlines (default 500)")
    texts = headlines(parser.parse_args().texts)
    with tempfile.TemporaryDirectory() as name, opened_world(Path(name)) as world:
        measured = measure(world, Path(name) / "profile", texts)
        native = native_ms(world.runtime, texts)
    report(texts, measured, native)


if __name__ == "__main__":
    main()
