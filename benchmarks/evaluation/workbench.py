"""Models loaded once, services over the stores that are measured, and questions asked in batches."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from embeddings.encoder import Encoder, load_encoder
from embeddings.stance import Probabilities, StanceModel, StancePair, load_stance
from evaluation.corpora import Case, archive, every, known, questions, small
from evaluation.kept import KeptEncoder
from evaluation.searching import VectorSearch, plain_encoder, published
from service.calibration import Calibration, load_calibration
from service.check import Checker, Comparison
from service.domain import CheckResult, Claim, Filters, RebuttalContent
from service.runtime import Runtime
from service.settings import Settings

THREADS = 2
TWEETS, DEBATES = "clef2022_2a_en", "clef2022_2b_en"
_TOGETHER = 32
T = TypeVar("T")


class Remembering:
    """A stance model that reads each pair once, however many variants of the service ask."""

    def __init__(self, model: StanceModel) -> None:
        self.name, self.revision, self.languages = model.name, model.revision, model.languages
        self._model = model
        self._known: dict[StancePair, Probabilities] = {}

    def predict(self, pairs: Sequence[StancePair]) -> Probabilities:
        """See `embeddings.stance.StanceModel.predict`."""
        new = list(dict.fromkeys(pair for pair in pairs if pair not in self._known))
        if new:
            self._known.update(zip(new, self._model.predict(new), strict=True))
        return np.stack([self._known[pair] for pair in pairs])


class Workbench:
    """Everything that the chapters share; each store is made when the first of them asks for it.

    Args:
        data: folder with the dev data.
        quick: small samples everywhere: to try things out.
        cache: folder that keeps vectors from run to run; None for none.
    """

    def __init__(self, data: Path, *, quick: bool, cache: Path | None = None) -> None:
        self.data = data
        self.quick = quick
        self.cache = cache
        self._open = ExitStack()

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder that ships."""
        return self._kept(load_encoder(threads=THREADS))

    @cached_property
    def stance(self) -> StanceModel:
        """The stance model that ships."""
        return Remembering(load_stance(threads=THREADS))

    @cached_property
    def calibration(self) -> Calibration:
        """The numbers that ship."""
        return load_calibration()

    @cached_property
    def plain(self) -> Encoder | None:
        """MiniLM as published."""
        found = plain_encoder(THREADS)
        if found is None:
            told("plain MiniLM is left out: install the extra `models`")
            return None
        alike = found.revision == self.encoder.revision
        return self.encoder if alike else self._kept(found)

    @property
    def model(self) -> str:
        """The names and revisions of what is measured."""
        return f"{self.encoder.name}@{self.encoder.revision}+{self.stance.name}@{self.stance.revision}"

    @cached_property
    def tweets(self) -> tuple[list[RebuttalContent], list[Case]]:
        """Task 2A: the archive, and the dev claims."""
        return self._task(TWEETS)

    @cached_property
    def debates(self) -> tuple[list[RebuttalContent], list[Case]]:
        """Task 2B: the archive, and the dev claims."""
        return self._task(DEBATES)

    @cached_property
    def over_tweets(self) -> Runtime:
        """A service over the archive of task 2A. The chapter on abstention takes records out of it: it comes last."""
        return self.runtime(self.tweets[0], what="2A archive")

    @cached_property
    def over_debates(self) -> Runtime:
        """A service over the archive of task 2B."""
        return self.runtime(self.debates[0], what="2B archive")

    @cached_property
    def over_starter(self) -> Runtime:
        """A service over the starter corpus, as it ships."""
        return self.runtime(None, what="starter corpus")

    @cached_property
    def over_news(self) -> Runtime:
        """A service over the starter corpus, the rumors of other hands and the authored ones."""
        return self.runtime(self.news, starter=True, what="starter, other-hand and authored records")

    @cached_property
    def news(self) -> list[RebuttalContent]:
        """What `over_news` holds beside the starter corpus."""
        return [
            *known.other_hand_records(),
            *every(list(known.authored_records(self.data)), 30 if self.quick else None),
        ]

    @cached_property
    def plain_over_tweets(self) -> VectorSearch | None:
        """Plain MiniLM over what `over_tweets` holds when this is first asked for."""
        return self.plainly(self.over_tweets)

    def plainly(self, runtime: Runtime) -> VectorSearch | None:
        """Plain MiniLM over the records of a service; None where there is no such model."""
        return VectorSearch.of_records(self.plain, published(runtime)) if self.plain else None

    def some(self, items: Sequence[T], most: int = 40) -> list[T]:
        """All of them, or a sample in quick runs."""
        return every(items, most if self.quick else None)

    def runtime(
        self,
        records: Iterable[RebuttalContent] | None,
        *,
        starter: bool = False,
        models: tuple[Encoder, StanceModel] | None = None,
        what: str,
    ) -> Runtime:
        """A service over a store of its own, closed with the bench.

        Args:
            records: what it holds; None for the starter corpus.
            starter: put the starter corpus beside them.
            models: instead of those of the bench.
            what: what to call it on the way.
        """
        encoder, stance = models or (self.encoder, self.stance)
        began = time.perf_counter()
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        # The same with and without the extra `multilingual`: it would encode every record once more.
        settings = Settings(
            db=folder / "store.db", starter=starter or records is None, cache_size=0, multilingual="off"
        )
        runtime = Runtime.open(settings, encoder=encoder, stance=stance)
        self._open.callback(runtime.close)
        rows = list(records or ())

        async def fill() -> None:
            for at in range(0, len(rows), 1024):
                await runtime.catalog.write_chunk(rows[at : at + 1024], "evaluate")

        asyncio.run(fill())
        told(f"  {what}: {runtime.store.count()} records ready in {time.perf_counter() - began:.0f} s")
        return runtime

    def close(self) -> None:
        """Close every service and remove its store."""
        self._open.close()

    def _kept(self, encoder: Encoder) -> Encoder:
        if self.cache is None:
            return encoder
        kept = KeptEncoder(encoder, self.cache)
        self._open.callback(kept.save)
        return kept

    def _task(self, name: str) -> tuple[list[RebuttalContent], list[Case]]:
        records, cases = archive(self.data, name), questions(self.data, name, "dev")
        return small(records, cases) if self.quick else (records, cases)


def check(checker: Checker, texts: Sequence[str], *, limit: int = 3) -> list[CheckResult]:
    """The service's answers, asked in batches."""
    claims = [Claim(claim=text, limit=limit) for text in texts]
    return _run([checker.check_many(claims[at : at + _TOGETHER]) for at in range(0, len(claims), _TOGETHER)], at_once=1)


def search(checker: Checker, texts: Sequence[str], *, limit: int) -> list[list[str]]:
    """Ids in the order in which the service ranks them."""

    async def one(text: str) -> list[list[str]]:
        found = await checker.search(text, limit=limit, filters=Filters())
        return [[hit.rebuttal.id for hit in found]]

    return _run([one(text) for text in texts], at_once=_TOGETHER)


def compare(checker: Checker, pairs: Sequence[StancePair]) -> list[Comparison]:
    """The service's reading of pairs."""

    async def one(pair: StancePair) -> list[Comparison]:
        return [await checker.compare(pair.claim, pair.rumor, pair.statement)]

    return _run([one(pair) for pair in pairs], at_once=_TOGETHER)


def told(what: str) -> None:
    """Say how far it is."""
    print(what, file=sys.stderr, flush=True)


def _run(work: Sequence[Coroutine[object, object, list[T]]], *, at_once: int) -> list[T]:
    async def run() -> list[T]:
        places = asyncio.Semaphore(at_once)

        async def one(part: Coroutine[object, object, list[T]]) -> list[T]:
            async with places:
                return await part

        return [item for part in await asyncio.gather(*map(one, work)) for item in part]

    return asyncio.run(run())
