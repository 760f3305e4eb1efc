"""The paths that `smoke.py` measures: each a piece of work on a starter store, done once for each call."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec
from litestar import Litestar
from msgspec import structs
from smoke_asking import asking

from embeddings.encoder import load_encoder
from embeddings.stance import load_stance
from service.api.app import create_app
from service.calibration import load_calibration
from service.catalog import content_of
from service.check import Checker
from service.domain import Claim
from service.packed import Offer, build, models_offered
from service.runtime import Runtime
from service.settings import Settings

NEWS: Final = (
    "Rain expected over the weekend as cold front moves in",
    "Central bank holds interest rates for a third month",
    "Star conductor to leave the opera after twelve years",
    "Local bakery wins prize for its sourdough loaf",
)
RUMOR: Final = "Pakistan gave the United States rare earth samples mined with Chinese technology"
RECORD: Final = "cn-mfa-pakistan-rare-earth-samples-us"
_IMPORTED: Final = 8
_BATCH: Final = [{"id": f"{at}", "text": text} for at, text in enumerate(NEWS)]

Work = Callable[[], Awaitable[object]]


class Bench(NamedTuple):
    """What the paths are measured on.

    Attributes:
        runtime: on the starter corpus; keeps no answer.
        keeping: the same with a judge that keeps answers.
        empty: on a store of its own, for imports.
        app: the API on `runtime`.
        kept: the API on `keeping`.
        offer: what the signed index says of the models.
        news: headlines, in turns.
        numbers: of new records.
    """

    runtime: Runtime
    keeping: Runtime
    empty: Runtime
    app: Litestar
    kept: Litestar
    offer: Offer
    news: Iterator[str]
    numbers: Iterator[int]


class Way(NamedTuple):
    """A path: its name, what it is measured against, and how its work is made."""

    name: str
    yardstick: Literal["network", "interpreter", "endpoint"]
    work: Callable[[Bench], Work]


@contextmanager
def opened(folder: Path) -> Iterator[Bench]:
    """Open everything in a folder that is there and empty."""
    encoder, stance = load_encoder(), load_stance()
    settings = Settings(db=folder / "starter.db", multilingual="off", cache_size=0)
    with ExitStack() as stack:
        runtime = Runtime.open(settings, encoder=encoder, stance=stance)
        stack.callback(runtime.close)
        apart = structs.replace(settings, db=folder / "empty.db", starter=False)
        empty = Runtime.open(apart, encoder=encoder, stance=stance)
        stack.callback(empty.close)
        judge = Checker(runtime.finder, stance, load_calibration(settings.profile), cache_size=4_096)
        stack.callback(judge.close)
        keeping = Runtime(settings, runtime.store, runtime.finder, judge, runtime.catalog)
        offer = models_offered(encoder, model=runtime.checker.model, profile=settings.profile)
        assert offer is not None, "the encoder that ships is offered"  # noqa: S101 - by its own name
        yield Bench(
            runtime=runtime,
            keeping=keeping,
            empty=empty,
            app=create_app(settings, runtime),
            kept=create_app(settings, keeping),
            offer=offer,
            news=itertools.cycle(NEWS),
            numbers=itertools.count(),
        )


def _encode(bench: Bench) -> Work:
    async def work() -> None:
        bench.runtime.finder.encoder.encode([next(bench.news)])

    return work


def _check(text: str | None) -> Callable[[Bench], Work]:
    """A verdict on this claim, or on a headline of the day that nothing is known of."""

    def made(bench: Bench) -> Work:
        return lambda: bench.runtime.checker.check(Claim(claim=text or next(bench.news)))

    return made


def _import(bench: Bench) -> Work:
    """Records that are new, as an editor sends them: a line for each."""
    record = content_of(bench.runtime.store.get_many([RECORD])[RECORD])

    async def lines() -> AsyncIterator[bytes]:
        for number in itertools.islice(bench.numbers, _IMPORTED):
            new = structs.replace(record, id=f"imported-{number}", rumor=f"{record.rumor} ({number})")
            yield msgspec.json.encode(new) + b"\n"

    return lambda: bench.empty.catalog.import_lines(lines(), actor="benchmark")


def _index(bench: Bench) -> Work:
    async def work() -> None:
        build(bench.runtime.store, bench.offer, 0)

    return work


def _asked(method: str, path: str, body: object = None, *, kept: bool = False) -> Callable[[Bench], Work]:
    """A request to the API, or to the one that keeps answers."""
    return lambda bench: asking(bench.kept if kept else bench.app, method, path, body)


PATHS: Final = (
    Way("encode", "network", _encode),
    Way("find", "network", lambda bench: lambda: bench.runtime.finder.find([next(bench.news)])),
    Way("unmatched", "network", _check(None)),
    Way("verdict", "network", _check(RUMOR)),
    Way("import", "network", _import),
    Way("index", "interpreter", _index),
    Way("http check", "network", _asked("POST", "/v1/check", {"claim": NEWS[0]})),
    Way("http check kept", "endpoint", _asked("POST", "/v1/check", {"claim": RUMOR}, kept=True)),
    Way("http batch", "network", _asked("POST", "/v1/check/batch", {"claims": _BATCH})),
    Way("http compare", "network", _asked("POST", "/v1/compare", {"claim": RUMOR, "rumor": RUMOR})),
    Way("http search", "network", _asked("POST", "/v1/search", {"query": RUMOR})),
    Way("http list", "endpoint", _asked("GET", "/v1/rebuttals?limit=20")),
    Way("http record", "endpoint", _asked("GET", f"/v1/rebuttals/{RECORD}")),
    Way("http revisions", "endpoint", _asked("GET", f"/v1/rebuttals/{RECORD}/revisions")),
    Way("http claims:search", "network", _asked("GET", "/v1alpha1/claims:search?query=rare+earth+samples")),
    Way("http feed", "endpoint", _asked("GET", "/feeds/rebuttals.atom")),
    Way("http version", "endpoint", _asked("GET", "/v1/version")),
    Way("http live", "endpoint", _asked("GET", "/health/live")),
    Way("http metrics", "endpoint", _asked("GET", "/metrics")),
)
