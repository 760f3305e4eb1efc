"""`POST /v1/check/batch` beside the encoder alone: a page full of headlines in one request.

150 headlines that match nothing, the cache of answers off, one connection. In turns with it, in this process, the same
150 texts through `encode` in one call, which sorts them by length and computes them in the batches that are quickest.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct, to_builtins

from embeddings.encoder import load_encoder
from performance.chapter import Chapter, Goal, Options, Plot, Table
from performance.server import UNCACHED, Server, serving
from performance.texts import headlines

SIZES: Final = (1, 5, 20, 50, 150, 256)
_GOAL: Final = 150
_ROUNDS, _QUICK = 15, 3


class Batch(Struct, frozen=True):
    """A batch of so many headlines, beside the encoder: medians, in milliseconds; `ratio` is the median of ratios."""

    headlines: int
    batch_ms: float
    encoder_ms: float
    ratio: float
    worst: float


def measure(options: Options) -> Chapter:
    """See the module."""
    rounds = _QUICK if options.quick else _ROUNDS
    encoder = load_encoder()
    with serving(options.folder / "starter.db", UNCACHED) as server:
        found = [beside(server, headlines(size), encoder.encode, rounds) for size in SIZES]
    return chapter(found)


def beside(server: Server, texts: list[str], encode: Callable[[list[str]], object], rounds: int) -> Batch:
    """The batch and the encoder in turns; the first turn is warming up and does not count."""
    body = {"claims": [{"id": str(at), "text": text} for at, text in enumerate(texts)], "limit": 1}
    asked, encoded = [], []
    for _ in range(rounds + 1):
        took, answer = server.post("/v1/check/batch", body)
        if len(answer["results"]) != len(texts) or any("error" in one for one in answer["results"]):
            raise RuntimeError("a claim of the batch was not answered")
        asked.append(took * 1000)
        began = time.perf_counter()
        encode(texts)
        encoded.append((time.perf_counter() - began) * 1000)
    ratios = [one / other for one, other in zip(asked[1:], encoded[1:], strict=True)]
    return Batch(
        headlines=len(texts),
        batch_ms=statistics.median(asked[1:]),
        encoder_ms=statistics.median(encoded[1:]),
        ratio=statistics.median(ratios),
        worst=max(ratios),
    )


def chapter(found: list[Batch]) -> Chapter:
    """The chapter that says it."""
    heads = ("headlines", "encoder alone = 1", "slowest turn", "batch p50, ms", "encoder p50, ms")
    goal = next(one for one in found if one.headlines == _GOAL)
    return Chapter(
        name="batches",
        title="A page full of headlines",
        text=__doc__ or "",
        goals=(Goal(f"a batch of {_GOAL} headlines", 1.2, round(goal.ratio, 2), unit="times the encoder alone"),),
        tables=(Table(heads, [(one.headlines, one.ratio, one.worst, one.batch_ms, one.encoder_ms) for one in found]),),
        plots=(
            Plot(
                "batches",
                "A batch of headlines beside the encoder alone",
                "headlines in the batch",
                "time, encoder alone = 1",
                {"median": [(one.headlines, one.ratio) for one in found]},
                log_x=True,
            ),
        ),
        figures={str(one.headlines): to_builtins(one) for one in found},
    )
