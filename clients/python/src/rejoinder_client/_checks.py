"""Claims in, verdicts out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Sequence
from typing import Any, Final, Unpack

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call
from rejoinder_client._methods import Group, R, call
from rejoinder_client.errors import UnexpectedAnswerError
from rejoinder_client.models.bodies import BatchBody, BatchItem, CheckBody, DaysQuery, Notify, PairBody, QueryBody
from rejoinder_client.models.verdicts import (
    BatchResult,
    CheckResult,
    Comparison,
    DocumentResult,
    Health,
    Hit,
    Tallies,
    Version,
)
from rejoinder_client.models.words import Filters

BATCH: Final = 256
"""Claims that the service takes together."""


class Checks(Group[R]):
    """What anybody may ask."""

    @call
    def check(
        self, claim: str, *, language: str | None = None, limit: int = 5, as_of: dt.date | None = None
    ) -> Call[CheckResult]:
        """Check a claim: the verdict, and the rebuttals it stands on.

        Args:
            claim: a sentence or headline of up to 5,000 characters.
            language: what it is in, a BCP 47 tag.
            limit: how many matches to return at most, up to 20.
            as_of: answer as of the end of this day.
        """
        return routes.CHECK(body=CheckBody(claim=claim, language=language, limit=limit, as_of=as_of))

    @call
    def check_document(
        self, text: str, *, language: str | None = None, limit: int = 5, as_of: dt.date | None = None
    ) -> Call[DocumentResult]:
        """Check a text of up to 50,000 characters, such as an article, sentence by sentence."""
        body = CheckBody(claim=text, language=language, limit=limit, as_of=as_of, mode="document")
        return routes.CHECK_DOCUMENT(body=body)

    @call
    def check_and_watch(
        self, claim: str, *, url: str | None = None, language: str | None = None, limit: int = 5
    ) -> Call[CheckResult]:
        """Check a claim, and be told when the verdict would be another one; needs a key.

        Args:
            claim: as in `check`. It is stored until the watch is deleted.
            url: where to send a webhook; without one the feed of the watch tells.
            language: as in `check`.
            limit: as in `check`.
        """
        body = CheckBody(claim=claim, language=language, limit=limit, notify=Notify(url=url))
        return routes.CHECK_AND_WATCH(body=body)

    @call
    def check_batch(
        self, claims: Sequence[str], *, language: str | None = None, limit: int = 5, as_of: dt.date | None = None
    ) -> Generator[Call[Any], Any, list[BatchResult]]:
        """Check any number of claims, 256 at a time.

        Returns:
            A result for each claim, in their order; its `id` is the place of the claim. A claim that breaks a rule has
            an `error` in place of a verdict.
        """
        results: list[BatchResult] = []
        for first in range(0, len(claims), BATCH):
            part = claims[first : first + BATCH]
            items = tuple(BatchItem(id=str(first + at), text=text) for at, text in enumerate(part))
            body = BatchBody(claims=items, language=language, limit=limit, as_of=as_of)
            answer = yield from routes.CHECK_BATCH(body=body)
            if len(answer.results) != len(part):
                raise UnexpectedAnswerError(f"{len(part)} claims got {len(answer.results)} results.")
            results.extend(answer.results)
        return results

    @call
    def compare(self, claim: str, rumor: str, *, statement: str | None = None) -> Call[Comparison]:
        """Say whether a claim asserts a rumor, denies it, or is another claim; the store plays no part."""
        return routes.COMPARE(body=PairBody(claim=claim, rumor=rumor, statement=statement))

    @call
    def search(
        self, query: str, *, limit: int = 10, **filters: Unpack[Filters]
    ) -> Generator[Call[Any], Any, tuple[Hit, ...]]:
        """Find rebuttals near some words, the nearest first, without a verdict."""
        answer = yield from routes.SEARCH(body=QueryBody(query=query, limit=limit, filters=dict(filters)))
        return answer.results

    @call
    def tallies(self, *, days: int | None = None) -> Call[Tallies]:
        """How many claims were asked on each of the last days, and with which verdicts; for editors."""
        return routes.READ_TALLIES(query=DaysQuery(days=days))

    @call
    def version(self) -> Call[Version]:
        """What answers depend on: an answer that was kept holds until this changes."""
        return routes.VERSION()

    @call
    def live(self) -> Call[Health]:
        """Whether the process is alive."""
        return routes.LIVE()

    @call
    def ready(self) -> Call[Health]:
        """Whether it can answer claims. Raises `UnavailableError`: `problem.waiting_for` says what is missing."""
        return routes.READY()
