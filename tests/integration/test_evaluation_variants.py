"""A cascade with a stage taken out really does without it, by every door that the service has."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from support.api import CALIBRATION, WordStance, open_runtime
from support.records import content

from service.check import Checker
from service.domain import Claim
from service.finder import Candidate
from service.settings import Settings

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from evaluation.variants import Expected, Partial, Query

NOTHING = Expected(similarity=(0.0,), words=(0.0,), evidence=(0.0,))


class Blind(Partial):
    """Finds nothing at all."""

    def _nearest(self, queries: Sequence[Query]) -> list[list[Candidate]]:
        return [[] for _ in queries]


def test_a_checker_finds_only_what_the_variant_finds(tmp_path: Path) -> None:
    runtime = open_runtime(Settings(db=tmp_path / "store.db", starter=False))
    asyncio.run(runtime.catalog.write_chunk([content("gem-ore")], "test"))
    blind = Blind(runtime, CALIBRATION, NOTHING)
    claim = Claim(claim=content("gem-ore").rumor)
    assert asyncio.run(runtime.checker.check(claim)).matches
    assert asyncio.run(blind.find([claim.claim])) == [[]]
    checker = Checker(blind.as_finder(), WordStance(), CALIBRATION, cache_size=0)
    assert asyncio.run(checker.check(claim)).verdict.label == "unmatched"
    for one in (checker, blind, runtime):
        one.close()
