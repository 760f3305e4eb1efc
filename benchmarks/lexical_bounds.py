"""How many postings a search by words should add up: agreement with the exact ranking at a million texts, by bound.

    python benchmarks/lexical_bounds.py --data ../shared/data [--quick]

Texts and queries are those of the chapter `words` (`benchmarks/performance/many_words.py`). The last line says what
share of the postings MaxScore could leave out without risk, if it knew the score of the 50th record from the start.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from performance.chapter import Options
from performance.many_words import Asked, index, opened, queries

from service.postings import Postings, scoring
from service.postings.scoring import K1, Listed, Norm

_BOUNDS: Final = ((100_000, 500), (150_000, 500), (200_000, 500), (200_000, 1_000))
_DEPTHS: Final = (1, 5, 10, 50)
_QUERIES: Final = 300


def agreement(postings: Postings, asked: Sequence[Asked], affordable: int, looked_up: int) -> list[float]:
    """The share of the exact list that is found, for each of the depths."""
    shares = []
    for one in asked:
        postings.affordable = sys.maxsize
        wanted = [hit.key for hit in postings.search(one.words, max(_DEPTHS))]
        postings.affordable, scoring.LOOKED_UP = affordable, looked_up
        found = [hit.key for hit in postings.search(one.words, max(_DEPTHS))]
        shares.append([len({*wanted[:depth]} & {*found[:depth]}) / max(len(wanted[:depth]), 1) for depth in _DEPTHS])
    return np.mean(shares, axis=0).tolist()


def skipped(listed: Sequence[Listed], norm: Norm, floor: float) -> float:
    """The share of postings of the most frequent words that no row could reach the floor by alone."""
    spent, left_out = 0.0, 0
    for one in sorted(listed, key=lambda one: -one.held):
        bound = 0.0
        for part in one.parts:
            counts = part.counts.astype(np.float32)
            gains = one.weight * (K1 + 1) * counts / (counts + norm.base + norm.slope * part.lengths)
            bound = max(bound, float(gains.max()))
        spent += bound
        if spent >= floor:
            break
        left_out += one.held
    return left_out / max(sum(one.held for one in listed), 1)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="42,000 texts, where every bound is exact")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options = Options(data=given.data, folder=Path(folder), quick=given.quick)
        postings = opened(index(options, 42_000 if given.quick else 1_000_000))
    for length in (8, 40):
        asked = queries(given.data, length, _QUERIES)
        for affordable, looked_up in _BOUNDS:
            shares = agreement(postings, asked, affordable, looked_up)
            named = ", ".join(f"@{depth} {share:.4f}" for depth, share in zip(_DEPTHS, shares, strict=True))
            print(f"{length} words, {affordable:,} postings, {looked_up:,} looked up: {named}")
        postings.affordable = sys.maxsize
        left_out = []
        for one in asked:
            hits = postings.search(one.words, max(_DEPTHS))
            # What the index keeps to itself is what this is about.
            listed = postings._listed(one.words)  # noqa: SLF001
            norm = Norm.of(postings._total, postings._count)  # noqa: SLF001
            left_out.append(skipped(listed, norm, hits[-1].bm25))
        print(f"{length} words: MaxScore could leave out {np.mean(left_out):.2f} of the postings")


if __name__ == "__main__":
    main()
