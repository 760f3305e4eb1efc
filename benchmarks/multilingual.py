"""How well claims find records, per language: words, the English encoder, the multilingual one, fused.

    python benchmarks/multilingual.py --data ../shared/data --cache /tmp/raw.npz --write docs/reference/languages.md

Claims that assert or deny are asked in a store with the starter corpus, all authored rumors (298 in 13 languages) and
1,500 English records more. For "record in English" a rumor is stored by what its English claims say, and its other
claims and the rumor itself are asked. On ``multilingual_b`` (German, Portuguese, Russian, Turkish, Indonesian,
Japanese) nothing was fitted. On ``multilingual_a`` (Chinese, Spanish, French, Arabic, Hindi, Urdu) the whitening and
the calibration were, so it is asked under whitenings that were fitted on the other half of its rumors. CHECKED
(Chinese posts and a platform's rebuttals, for academic research only) is scored when its folder is there, and used
for nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training" / "multilingual"))
import cases as known
from calibrate import finder_over, halves, of
from raw import KeptEncoder, RawVectors

from embeddings.e5 import E5Encoder
from embeddings.encoder import Encoder, load_encoder
from service.calibration import Nearness
from service.domain import RebuttalContent
from service.finder import Candidate, Finder
from service.normalise import normalise
from service.polyglot import load_foreign

DEEP, OTHERS, RESAMPLED = 50, 1500, 1000
WAYS = ("words alone", "English encoder alone", "multilingual encoder alone", "multilingual, not whitened", "fused")
TOP = 5
START, END = "<!-- measured -->", "<!-- end -->"


class Asked(NamedTuple):
    """A claim and the rank of its record by each way; 0 where it was not found."""

    case: known.Case
    record_language: str
    ranks: dict[str, int]


def ranking(candidates: Sequence[Candidate], score: Callable[[Candidate], float], gold: str | None) -> int:
    """Rank of the record by a score; 0 where its score is nothing."""
    own = [score(one) for one in candidates if one.id == gold]
    return 0 if not own or own[0] <= 0 else 1 + sum(score(one) > own[0] for one in candidates)


def find(finder: Finder, cases: Sequence[known.Case]) -> list[list[Candidate]]:
    """Candidates of every claim."""
    texts = [normalise(case.text).text for case in cases]

    async def run() -> list[list[Candidate]]:
        return [one for at in range(0, len(texts), 64) for one in await finder.find(texts[at : at + 64], DEEP)]

    return asyncio.run(run())


def ask(
    records: Sequence[RebuttalContent], cases: Sequence[known.Case], encoders: dict[str, Encoder], fused: Nearness
) -> list[Asked]:
    """Every claim, by every way, in a store with these records."""
    languages = {record.id: record.language for record in records}
    asked = [Asked(case, languages[str(case.gold)], {}) for case in cases]
    for way, encoder in encoders.items():
        with finder_over(records, encoder) as finder:
            for one, candidates in zip(asked, find(finder, cases), strict=True):
                one.ranks[way] = ranking(candidates, lambda c: c.similarity + 1, one.case.gold)
                if way == "multilingual encoder alone":
                    one.ranks["words alone"] = ranking(candidates, lambda c: c.evidence, one.case.gold)
                    one.ranks["fused"] = ranking(
                        candidates, lambda c: fused(c.similarity, c.evidence, c.records), one.case.gold
                    )
    return asked


def authored(data: Path, name: str, encoders: dict[str, Encoder], keep: Callable[[known.Case], bool]) -> list[Asked]:
    """The claims of one authored file that `keep` takes."""
    names = (known.TUNING, known.REPORTING, *known.ENGLISH)
    records = [*known.authored(data, *names), *known.others(data, OTHERS)]
    cases = [case for case in known.claims(data, name) if keep(case)]
    return ask(records, cases, encoders, load_foreign().nearness)


def in_english(data: Path, name: str, encoders: dict[str, Encoder], keep: Callable[[known.Case], bool]) -> list[Asked]:
    """Claims in other languages, their rumors stored in English only: the case of a foreign headline."""
    other = known.REPORTING if name == known.TUNING else known.TUNING
    records = [*known.authored(data, other, *known.ENGLISH), *known.others(data, OTHERS)]
    cases: list[known.Case] = []
    for at, line in enumerate(known.rows(data / "authored" / f"{name}.jsonl")):
        own = f"{name.replace('_', '-')}-{at}"
        claims = [case for case in known.claims(data, name) if case.gold == own and keep(case)]
        english = [case.text for case in claims if case.language == "en"]
        if english:
            records.append(known.record(own, english[0], english[-1], "en"))
            cases += [known.Case(line["rumor"], line["lang"], own, "rumor")]
            cases += [case for case in claims if case.language != "en"]
    return ask(records, cases, encoders, load_foreign().nearness)


def posts(data: Path, encoders: dict[str, Encoder]) -> list[Asked]:
    """CHECKED: Chinese posts, and the rebuttals that a platform gave them."""
    folder = data / "checked_zh"
    gold = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines())
    records = [
        known.record(row["id"], row["text"][:2000], row["text"][:2000], "zh")
        for row in known.rows(folder / "rebuttals.jsonl")
    ]
    cases = [
        known.Case(row["text"], "zh", gold[row["id"]], "post")
        for row in known.rows(folder / "claims.jsonl")
        if row["id"] in gold
    ]
    return ask(records, cases, encoders, load_foreign().nearness)


def interval(values: Sequence[float]) -> str:
    """Mean and the 95% interval of a bootstrap over claims (Efron 1979)."""
    numbers = np.array(values)
    rng = np.random.default_rng(0)
    means = numbers[rng.integers(0, len(numbers), (RESAMPLED, len(numbers)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{numbers.mean():.2f} ({low:.2f}-{high:.2f})".replace("0.", ".")


def row(name: str, asked: Sequence[Asked]) -> str:
    """A line of the table: n, R@1 of the fusion, and MAP@5 of every way."""
    ranks = {way: [one.ranks[way] for one in asked] for way in WAYS if way in asked[0].ranks}
    first = interval([float(rank == 1) for rank in ranks["fused"]])
    at_five = [
        interval([1 / rank if 0 < rank <= TOP else 0.0 for rank in ranks[way]]) if way in ranks else "-" for way in WAYS
    ]
    return f"| {name} | {len(asked)} | {first} | " + " | ".join(at_five) + " |"


def tables(groups: dict[str, list[Asked]]) -> Iterable[str]:
    """The lines of the report."""
    for title, asked in groups.items():
        yield from (
            "",
            f"**{title}**",
            "",
            f"| claims in | n | R@1, fused | {' | '.join(f'MAP@5, {way}' for way in WAYS)} |",
        )
        yield "|---|---|---|" + "---|" * len(WAYS)
        parts: dict[str, list[Asked]] = defaultdict(list)
        for one in asked:
            parts[one.case.language].append(one)
        yield from (row(name, part) for name, part in sorted(parts.items()) if len(parts) > 1)
        yield row("all", asked)
        if {"en"} < parts.keys():
            yield row("all but English", [one for one in asked if one.case.language != "en"])


def in_half(case: known.Case, half: int | None) -> bool:
    """Whether a claim belongs to a half of the rumors; None is both."""
    return half is None or of(case) == half


def measure(data: Path, cache: Path | None) -> dict[str, list[Asked]]:
    """Ask everything."""
    raw = RawVectors(E5Encoder(), cache)
    unwhitened = KeptEncoder(raw, np.vstack([np.zeros(384), np.eye(384)]).astype(np.float16))
    others: dict[str, Encoder] = {"English encoder alone": load_encoder(), "multilingual, not whitened": unwhitened}
    encoders: dict[str, Encoder] = {**others, "multilingual encoder alone": KeptEncoder(raw)}
    groups: dict[str, list[Asked]] = {}
    for title, name in (("nothing was fitted on", known.REPORTING), ("of the tuning data", known.TUNING)):
        asked, english = [], []
        turns = [(None, encoders)]
        if name == known.TUNING:
            turns = [(half, {**others, "multilingual encoder alone": encoder}) for half, encoder in halves(data, raw)]
        for half, by in turns:
            keep = partial(in_half, half=half)
            asked += authored(data, name, by, keep)
            english += in_english(data, name, by, keep)
        abroad = [one for one in asked if one.case.language != one.record_language]
        at_home = [one for one in asked if one.case.language == one.record_language]
        groups[f"Record in English, claim not: six languages {title}"] = english
        groups[f"Claim and record in different languages: six languages {title}"] = abroad
        groups[f"Claim and record in the same language: six languages {title}"] = at_home
    if (data / "checked_zh").exists():
        groups["CHECKED: Chinese posts, Chinese rebuttals"] = posts(data, encoders)
    return groups


def main() -> None:
    """Measure, print, and put the tables into a page if one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, help="keeps vectors from run to run")
    parser.add_argument("--write", type=Path, help="page whose measured part is replaced")
    args = parser.parse_args()
    report = "\n".join(tables(measure(args.data, args.cache)))
    print(report)
    if args.write:
        before, _, rest = args.write.read_text(encoding="utf-8").partition(START)
        args.write.write_text(f"{before}{START}\n{report}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
