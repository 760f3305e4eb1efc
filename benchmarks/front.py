"""A news front by another hand, headline by headline: how many rumors are marked, and whom it accuses wrongly.

    python benchmarks/front.py

The headlines are tests/data/front_stories.tsv, written by somebody who has neither seen a verdict on them nor any
training text; nothing is trained or fitted on them. Prints a table; in brackets: 95 % intervals (bootstrap over
headlines, exact where a share is 0 or 1).
"""

from __future__ import annotations

import asyncio
import csv
import tempfile
from pathlib import Path
from typing import Final

from evaluation.measures import share

from service.domain import CheckResult, Claim
from service.runtime import Runtime
from service.settings import Settings

STORIES: Final = Path(__file__).resolve().parents[1] / "tests" / "data" / "front_stories.tsv"
KINDS: Final = {
    "rumor": "repeats a rumor of the store",
    "denial": "reports its denial",
    "lookalike": "another claim in the same words, or the topic",
    "ordinary": "everyday news",
}
LABELS: Final = ("rebutted", "contested", "consistent", "related", "unmatched")


async def answers(texts: list[str]) -> list[CheckResult]:
    """What the service with the starter store and the models that ship says of each."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(db=Path(folder) / "store.db", multilingual="off")
        runtime = await asyncio.to_thread(Runtime.open, settings)
        try:
            return await runtime.checker.check_many([Claim(claim=text, limit=2) for text in texts])
        finally:
            runtime.close()


def main() -> None:
    """Ask about every headline, and print the table."""
    with STORIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    said = asyncio.run(answers([row["text"] for row in rows]))
    print(f"| headline | n | marked | {' | '.join(LABELS)} |\n| --- | --- | --- |{' --- |' * len(LABELS)}")
    for kind, meaning in KINDS.items():
        labels = [answer.verdict.label for row, answer in zip(rows, said, strict=True) if row["kind"] == kind]
        marked = share([label in {"rebutted", "contested"} for label in labels])
        counts = " | ".join(f"{labels.count(label)}" for label in LABELS)
        print(f"| {meaning} | {len(labels)} | {marked.value:.3f} ({marked.low:.3f} to {marked.high:.3f}) | {counts} |")


if __name__ == "__main__":
    main()
