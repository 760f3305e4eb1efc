"""Quality on the dev data, beside what an afternoon's version would reach; each with an interval.

    python benchmarks/evaluate.py --data ../shared/data [--write docs/evaluation.md]

Intervals are 95 % bootstrap intervals over cases (1,000 draws, fixed seed).
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from service.domain import Claim, Filters, RebuttalContent
from service.runtime import Runtime
from service.settings import Settings

TRAINING = Path(__file__).parents[1] / "training"
sys.path[:0] = [str(TRAINING / "cascade"), str(TRAINING / "stance")]
import cases  # noqa: E402 - scripts beside the package, found by the line above
import sources  # noqa: E402 - as above

LABELS = ("rebutted", "consistent", "neither")


def interval(values: Sequence, statistic: Callable[[Sequence], float]) -> dict:
    """A statistic of cases with its 95 % bootstrap interval."""
    draw = np.random.default_rng(20251013)
    n = len(values)
    drawn = [statistic([values[at] for at in draw.integers(0, n, n)]) for _ in range(1_000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"value": round(statistic(values), 4), "low": round(float(low), 4), "high": round(float(high), 4), "n": n}


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; 0 of nothing."""
    return float(np.mean(values)) if len(values) else 0.0


@contextmanager
def runtime_over(records: Iterable[RebuttalContent] | None):  # noqa: ANN201 - a context manager of a Runtime
    """A runtime over a store of its own; None: over the starter corpus."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime.open(Settings(db=Path(folder) / "store.db", starter=records is None, cache_size=0))

        async def fill() -> None:
            rows = list(records or ())
            for at in range(0, len(rows), 256):
                await runtime.catalog.write_chunk(rows[at : at + 256], "evaluate")

        asyncio.run(fill())
        yield runtime
        runtime.close()


def average_precision(ranked: Sequence[str], gold: frozenset[str]) -> float:
    """Average precision at 5."""
    hits = [rank for rank, name in enumerate(ranked[:5], 1) if name in gold]
    return sum((at + 1) / rank for at, rank in enumerate(hits)) / min(len(gold), 5)


def retrieval(data: Path) -> dict:
    """MAP@5 on task 2A dev: the service, words alone, vectors alone."""
    found: dict[str, list[float]] = {"service": [], "words alone": [], "vectors alone": []}
    with runtime_over(cases.tweet_records(data)) as runtime:
        for case in cases.tweet_cases(data, "dev"):
            hits = asyncio.run(runtime.checker.search(case.text, limit=20, filters=Filters()))
            near = asyncio.run(runtime.finder.find([case.text]))[0]
            rankings = {
                "service": [hit.rebuttal.id for hit in hits],
                "words alone": [c.id for c in sorted(near, key=lambda c: -c.evidence)],
                "vectors alone": [c.id for c in sorted(near, key=lambda c: -c.similarity)],
            }
            for name, ranked in rankings.items():
                found[name].append(average_precision(ranked, case.gold))
    return {name: interval(values, mean) for name, values in found.items()}


def abstention(data: Path) -> dict:
    """Task 2A dev with half of the gold removed."""
    gone = cases.removed(data)
    right, wrong = [], []
    with runtime_over(cases.tweet_records(data, without=gone)) as runtime:
        for case in cases.tweet_cases(data, "dev", without=gone):
            answer = asyncio.run(runtime.checker.check(Claim(claim=case.text, limit=1)))
            matched = answer.verdict.label in ("rebutted", "consistent")
            if case.gold:
                right.append(float(matched and answer.matches[0].rebuttal.id in case.gold))
            else:
                wrong.append(float(matched))
    return {"right when present": interval(right, mean), "false match when absent": interval(wrong, mean)}


def stance(data: Path) -> dict:
    """Debunk headlines of which the stance model saw the other half; see its card for how they were halved."""
    labels = []
    with runtime_over(()) as runtime:
        for pair in sources.debunk_headlines(data, held_out=True):
            comparison = asyncio.run(runtime.checker.compare(pair.claim, pair.rumor, None))
            labels.append(comparison.stance)
    return {
        "debunk headline read as denies": interval([float(label == "denies") for label in labels], mean),
        "called asserts": interval([float(label == "asserts") for label in labels], mean),
    }


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Macro F1 over rebutted, consistent and neither."""
    scores = []
    for label in LABELS:
        hit = sum(want == got == label for want, got in pairs)
        total = sum((want == label) + (got == label) for want, got in pairs)
        scores.append(2 * hit / total if total else 0.0)
    return mean(scores)


def settled(label: str) -> str:
    """The three classes that a reader can tell apart: the line between background and silence is soft."""
    return {"related": "neither", "unmatched": "neither", "contested": "rebutted"}.get(label, label)


def verdicts(probes: Path) -> dict:
    """Probes on the starter corpus: the service, and a cosine threshold (.70), what a user writes in an afternoon."""
    with probes.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    ours, plain = [], []
    with runtime_over(None) as runtime:
        for row in rows:
            answer = asyncio.run(runtime.checker.check(Claim(claim=row["text"], limit=3)))
            near = asyncio.run(runtime.finder.find([row["text"]]))[0]
            cosine = max((candidate.similarity for candidate in near), default=0.0)
            ours.append((settled(row["expect"]), settled(answer.verdict.label)))
            plain.append((settled(row["expect"]), "rebutted" if cosine >= 0.7 else "neither"))  # noqa: PLR2004 - see above
    return {name: _verdict_scores(pairs) for name, pairs in (("service", ours), ("cosine threshold", plain))}


def _verdict_scores(pairs: list[tuple[str, str]]) -> dict:
    innocent = [float(got == "rebutted") for want, got in pairs if want != "rebutted"]
    return {"macro F1": interval(pairs, macro_f1), "false accusations": interval(innocent, mean)}


def table(results: dict, path: tuple[str, ...] = ()) -> list[str]:
    """The rows of a Markdown table, one for each measured value."""
    if "value" in results:
        value, low, high, n = (results[key] for key in ("value", "low", "high", "n"))
        return [f"| {' · '.join(path)} | {value:.3f} | {low:.3f} to {high:.3f} | {n} |"]
    return [row for name, part in results.items() for row in table(part, (*path, name))]


def main() -> None:
    """Measure everything; print JSON, or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--write", type=Path, help="write Markdown tables here")
    args = parser.parse_args()
    probes = Path(__file__).parent / "probes"
    results = {
        "2A dev MAP@5": retrieval(args.data),
        "2A dev, half of the gold removed": abstention(args.data),
        "stance": stance(args.data),
        "verdict probes": verdicts(probes / "starter.tsv"),
        "gem-ore probes": verdicts(probes / "gem_ore.tsv"),
    }
    print(json.dumps(results, indent=2))
    if args.write:
        head = ["# Evaluation", "", "Written by `make eval`; every row is a measurement on the dev data.", ""]
        head += ["| measure | value | 95 % interval | cases |", "|---|---|---|---|"]
        args.write.write_text("\n".join([*head, *table(results), ""]))


if __name__ == "__main__":
    main()
