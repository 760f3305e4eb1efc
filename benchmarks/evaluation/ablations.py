"""What each stage adds in quality and costs in time."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from msgspec import structs

from embeddings.encoder import Encoder, load_encoder
from embeddings.stance import StanceModel, load_stance
from evaluation.corpora import Case, every, known, probes
from evaluation.measures import macro_f1
from evaluation.searching import VectorSearch, cleaned
from evaluation.tables import Row, Table
from evaluation.variants import Expected, Partial, WithoutEncoder, WithoutWords, one_reading, uncalibrated
from evaluation.verdicts import LABELS, WANTED, Said, by_cosine, by_service, other_hands, scores
from evaluation.workbench import Workbench
from service.calibration import Calibration
from service.check import Checker
from service.domain import Claim
from service.finder import Candidate
from service.runtime import Runtime

WHOLE = "whole cascade, as it ships"
COSINE = "no stance model: cosine and a threshold"
_NEAR = 5  # candidates of a claim that decide anything
_TIMED = 30
_VARIANTS = (
    "the best on the other half of the rumors by other hands; what is nearer is called rebutted. *Without words*, "
    "*without the encoder*: the scores of that search are what those of the other let expect. *Taken at its word*: the "
    "model's own probabilities beside the statement, a verdict from .5 on. All other numbers stay as they ship."
)
_MEDIAN = (
    "Medians, one claim at a time, one thread a model, without HTTP: milliseconds, and how many encoder passes on the "
    "same claims that is. Milliseconds depend on the machine; the ratios hold roughly anywhere."
)
Ask = Callable[[str], object]


class Models(NamedTuple):
    """What the variants are built from."""

    encoder: Encoder
    stance: StanceModel
    calibration: Calibration


class Variants:
    """The cascade and what is left of it without a stage, over one store."""

    def __init__(self, runtime: Runtime, models: Models, expected: Expected) -> None:
        self.vectors = VectorSearch.of_store(runtime, models.encoder)
        self._finders: list[Partial] = [
            WithoutWords(runtime, models.calibration, expected, models.encoder),
            WithoutEncoder(runtime, models.calibration, expected),
        ]
        without_words, without_encoder = self._finders

        def checker(finder: Partial | None = None, calibration: Calibration | None = None) -> Checker:
            searched = finder.as_finder() if finder else runtime.finder
            return Checker(searched, models.stance, calibration or models.calibration, cache_size=0)

        self.checkers = {
            WHOLE: checker(),
            "without words": checker(without_words),
            "without the encoder": checker(without_encoder),
            "read beside the statement only": checker(calibration=one_reading(models.calibration, "beside")),
            "read with the rumor alone only": checker(calibration=one_reading(models.calibration, "alone")),
            "one record judged": checker(calibration=structs.replace(models.calibration, judged=1)),
            "stance model taken at its word": checker(calibration=uncalibrated(models.calibration)),
        }

    def close(self) -> None:
        """Stop the workers."""
        for checker in self.checkers.values():
            checker.close()
        for finder in self._finders:
            finder.close()


def ablations(bench: Workbench) -> list[Table]:
    """Quality on the starter probes and on rumors by other hands, and milliseconds a claim."""
    models = Models(bench.encoder, bench.stance, bench.calibration)
    fit = bench.some(list(known.other_hand_cases("fit")))
    expected = Expected.of(_candidates(bench.over_news, fit))
    threshold = best_threshold(VectorSearch.of_store(bench.over_news, bench.encoder), fit)
    starter, written = bench.some(probes("starter.tsv")), other_hands(bench)
    on_starter = _quality(bench.over_starter, models, expected, starter, threshold)
    on_written = _quality(bench.over_news, models, expected, written, threshold)
    note = f"*{COSINE.capitalize()}*: {threshold:.2f}, {_VARIANTS}"
    sets = ("starter probes", "other hands")
    return [
        Table(
            title="What each stage adds",
            note=note,
            columns=("variant", *(f"{name}: {what}" for name in sets for what in ("macro F1", "false accusations"))),
            rows=tuple(
                Row(name, (*scores(starter, said)[:2], *scores(written, on_written[name])[:2]))
                for name, said in on_starter.items()
            ),
        ),
        _cost(bench, expected),
    ]


def _candidates(runtime: Runtime, cases: Sequence[Case]) -> list[Candidate]:
    found = asyncio.run(runtime.finder.find([cleaned(case.text) for case in cases]))
    return [candidate for candidates in found for candidate in candidates[:_NEAR]]


def _quality(
    runtime: Runtime, models: Models, expected: Expected, cases: Sequence[Case], threshold: float
) -> dict[str, list[Said]]:
    variants = Variants(runtime, models, expected)
    given = {name: by_service(checker, cases) for name, checker in variants.checkers.items()}
    variants.close()
    return {**given, COSINE: by_cosine(variants.vectors, cases, threshold)}


def best_threshold(search: VectorSearch, cases: Sequence[Case]) -> float:
    """The cosine that gives the best macro F1 when what is nearer is called rebutted."""
    cosines = [hits[0].cosine if hits else 0.0 for hits in search.hits([cleaned(case.text) for case in cases], 1)]
    wanted = [LABELS.index(WANTED[case.stance]) for case in cases]
    rebutted, neither = LABELS.index("rebutted"), LABELS.index("neither")
    score = macro_f1(len(LABELS))

    def quality(threshold: float) -> float:
        given = [rebutted if cosine >= threshold else neither for cosine in cosines]
        return score(np.array([wanted, given], np.float64).T)

    return max((round(float(at), 2) for at in np.arange(0.3, 0.96, 0.02)), key=quality)


def _cost(bench: Workbench, expected: Expected) -> Table:
    """Every variant answers each claim before the next claim is asked, so that a noisy machine slows all alike."""
    models = Models(load_encoder(), load_stance(), bench.calibration)
    about = [case.text for case in probes("starter.tsv") if case.gold and "_" not in case.kind]
    foreign = [case.text for case in known.headlines(bench.data)]
    most = 6 if bench.quick else _TIMED
    runtime = bench.runtime(None, models=(models.encoder, models.stance), what="starter corpus, one thread a model")
    variants = Variants(runtime, models, expected)
    with asyncio.Runner() as loop:
        asked: dict[str, Ask] = {name: _asking(loop, checker) for name, checker in variants.checkers.items()}
        asked[COSINE] = lambda text: variants.vectors.hits([cleaned(text)], 1)
        asked["one encoder pass"] = lambda text: models.encoder.encode([cleaned(text)])
        claims = {"a record is about": every(about, most), "no record is about": every(foreign, most)}
        took = {what: _timed(asked, texts) for what, texts in claims.items()}
    variants.close()
    rows = []
    for name in asked:
        cells = [(took[what][name], took[what][name] / took[what]["one encoder pass"]) for what in claims]
        rows.append(Row(name, tuple(f"{ms:.1f} ms, {ratio:.1f}" for ms, ratio in cells)))
    note = f"Some {most} claims of each kind, over the starter corpus ({runtime.store.count()} records). {_MEDIAN}"
    columns = ("variant", *(f"claims that {what}" for what in claims))
    return Table(title="What each stage costs", note=note, columns=columns, rows=tuple(rows))


def _asking(loop: asyncio.Runner, checker: Checker) -> Ask:
    return lambda text: loop.run(checker.check(Claim(claim=text)))


def _timed(asked: dict[str, Ask], texts: Sequence[str]) -> dict[str, float]:
    """Median milliseconds of each way to answer."""
    took: dict[str, list[float]] = {name: [] for name in asked}
    for at, text in enumerate([texts[0], *texts]):
        for name, ask in asked.items():
            began = time.perf_counter()
            ask(text)
            if at:  # the first round warms up
                took[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(each) for name, each in took.items()}
