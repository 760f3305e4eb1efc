"""What becomes of a rumor, and of its denial, inside a longer text: the probes set among neutral and denying sentences.

    python benchmarks/documents.py [--probes benchmarks/probes/starter.tsv] [--sample 100]

Prints a Markdown table: for each kind of text how many got which verdict.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from service.document import check_document
from service.domain import Claim
from service.runtime import Runtime
from service.settings import Settings

LABELS: Final = ("rebutted", "contested", "consistent", "related", "unmatched")
NEUTRAL: Final = (
    "The hall was full on Thursday evening.",
    "Cotton was on the table as well, for three long hours.",
    "A dinner was served at eight.",
    "Trains ran late because of the snow.",
)
DENIALS: Final = (
    "That is not true, the ministry said.",
    "Officials called the story baseless.",
    "A spokesperson denied it on Monday.",
    "It never happened, according to the agency.",
    "The claim has been debunked.",
    "There is no evidence for this.",
)
Row = dict[str, str]
Text = Callable[[int, str], str]

TEXTS: Final[dict[str, Text]] = {
    "among neutral sentences": lambda at, probe: f"{_neutral(at)} {probe} {_neutral(at + 1)} {_neutral(at + 2)}",
    "a denial behind it": lambda at, probe: f"{_neutral(at)} {probe} {_denial(at)} {_neutral(at + 2)}",
    "a denial before it": lambda at, probe: f"{_denial(at)} {probe} {_neutral(at + 2)}",
}


def probes(path: Path, expect: str) -> list[Row]:
    """The English probes of a label."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in rows if row["expect"] == expect and not row["kind"][-3:].startswith("_")]


def verdicts(runtime: Runtime, texts: Sequence[str]) -> Counter[str]:
    """Labels of whole texts."""

    async def every() -> Counter[str]:
        return Counter([(await check_document(runtime.checker, Claim(claim=text))).verdict.label for text in texts])

    return asyncio.run(every())


def far_apart(rumors: Sequence[Row], denials: Sequence[Row]) -> list[str]:
    """Texts that tell a rumor, and three sentences later report its denial."""
    pairs = [(one["text"], other["text"]) for one in rumors for other in denials if one["about"] == other["about"]]
    return [f"{_ended(rumor)} {' '.join(NEUTRAL[:3])} {_ended(denial)}" for rumor, denial in pairs]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=Path, default=Path("benchmarks/probes/starter.tsv"))
    parser.add_argument("--sample", type=int, default=100, help="texts in a row at most")
    args = parser.parse_args()
    rumors, denials = probes(args.probes, "rebutted"), probes(args.probes, "consistent")
    pick = random.Random(3)
    rows = {"rumor, a denial three sentences on": far_apart(rumors, denials)}
    for kind, found in (("rumor", rumors), ("denial", denials)):
        some = pick.sample(found, min(args.sample, len(found)))
        rows[f"{kind}, alone"] = [row["text"] for row in some]
        for name, text in TEXTS.items() if kind == "rumor" else list(TEXTS.items())[:1]:
            rows[f"{kind}, {name}"] = [text(at, _ended(row["text"])) for at, row in enumerate(some)]
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime.open(Settings(db=Path(folder) / "store.db"))
        print(f"{runtime.checker.model}\n\n| text | n | {' | '.join(LABELS)} |\n|---|---|{'---|' * len(LABELS)}")
        for name, texts in sorted(rows.items(), reverse=True):
            chosen = texts if len(texts) <= args.sample else pick.sample(texts, args.sample)
            counted = verdicts(runtime, chosen)
            print(f"| {name} | {len(chosen)} | {' | '.join(str(counted[label]) for label in LABELS)} |", flush=True)
        runtime.close()


def _neutral(at: int) -> str:
    return NEUTRAL[at % len(NEUTRAL)]


def _denial(at: int) -> str:
    return DENIALS[at % len(DENIALS)]


def _ended(text: str) -> str:
    return text if text[-1] in ".!?" else f"{text}."


if __name__ == "__main__":
    main()
