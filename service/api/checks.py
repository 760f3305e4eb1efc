"""Claims in, verdicts out: one, a batch, or a pair of texts without the store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from service.api import examples, problems
from service.api.auth import let_read, reads
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, Encoded, answer, decode, read_json
from service.api.metrics import metrics_of
from service.api.openapi import documented
from service.api.problems import Problem, ProblemError
from service.api.watching import remembered, require_short
from service.check import Comparison
from service.document import CheckRequest, DocumentResult, check_document
from service.domain import (
    MAX_BATCH,
    AsOf,
    CheckResult,
    Claim,
    ClaimText,
    Language,
    Match,
    RumorText,
    StatementText,
    Verdict,
)

_LOGGER: Final = logging.getLogger("rejoinder.claims")
# 256 claims of full length, with every character written as an escape, are many times a single claim.
_BATCH_BODY: Final = 8

Limit = Annotated[int, Meta(ge=1, le=20, description="How many matches to return at most.")]


class BatchItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One claim of a batch, under a name of the caller's choice."""

    id: Annotated[str, Meta(min_length=1, max_length=200)]
    text: ClaimText


class _Batch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch as it is read: the items stay raw, so that each is judged by itself."""

    claims: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_BATCH)]
    language: Language | None = None
    limit: Limit = 5
    as_of: AsOf = None


class Batch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/check/batch``; the options hold for every claim in it."""

    claims: Annotated[list[BatchItem], Meta(min_length=1, max_length=MAX_BATCH)]
    language: Language | None = None
    limit: Limit = 5
    as_of: AsOf = None


class BatchResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one claim of a batch: a verdict with its matches, or the problem with it."""

    id: str | None
    verdict: Verdict | msgspec.UnsetType = msgspec.UNSET
    matches: tuple[Match, ...] | msgspec.UnsetType = msgspec.UNSET
    verdict_id: str | msgspec.UnsetType = msgspec.UNSET
    error: Problem | msgspec.UnsetType = msgspec.UNSET


class BatchResults(Struct, frozen=True, kw_only=True):
    """The answer to a batch, in the order of its claims."""

    results: list[BatchResult]
    model: str
    store_version: int | None
    took_ms: float


class Pair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/compare``."""

    claim: ClaimText
    rumor: RumorText
    statement: StatementText | None = None


_CHECK: Final = msgspec.json.Decoder(CheckRequest)
_BATCH: Final = msgspec.json.Decoder(_Batch)
_ITEM: Final = msgspec.json.Decoder(BatchItem)
_PAIR: Final = msgspec.json.Decoder(Pair)


class _NamedOnly(Struct):
    id: str


_NAME: Final = msgspec.json.Decoder(_NamedOnly)


@post(
    "/v1/check",
    status_code=200,
    opt=documented("checks", body=CheckRequest, answers={200: (CheckResult, DocumentResult)}, examples=examples.CHECK),
)
async def check(request: Asked) -> ASGIApp:
    """Check a claim.

    Returns the closest official rebuttals, the best first, and a verdict that is attributed to whoever made
    the statement: `rebutted`, `consistent`, `contested`, `related` or `unmatched`.

    With the mode `document` the text may be an article: its sentences are checked together, and the answer names
    those that a rebuttal is about, with their offsets. A sentence that repeats a rumor beside its denial is not
    accused, and neither is the text.

    With `notify`, which needs a key, the verdict is remembered as a watch: an event tells when it would be another one.
    """
    # Not as a guard: Litestar copies the handler for each, 8 µs beside the 60 that a kept answer takes in all.
    await let_read(request)
    backend = backend_of(request)
    asked = await read_json(request, _CHECK, backend.settings.max_body)
    claim = asked.as_claim()
    checker = backend.runtime.checker
    if asked.notify is not None:
        result = await remembered(request, asked)
        note(request, backend, claim, result.verdict, result.matches)
        return answer(result)
    if asked.mode == "document":
        document = await check_document(checker, claim)
        note(request, backend, claim, document.verdict, document.findings[0].matches if document.findings else ())
        return answer(document)
    require_short(claim)
    found, body = await checker.check_encoded(claim)
    note(request, backend, claim, found.verdict, found.matches)
    return Encoded(body)


@post(
    "/v1/check/batch",
    status_code=200,
    guards=[reads],
    opt=documented("checks", body=Batch, answers={200: BatchResults}, examples=examples.BATCH),
)
async def check_batch(request: Asked) -> ASGIResponse:
    """Check up to 256 claims together.

    Results stand in the order of the claims. A claim that breaks a rule gets an `error`, a problem document,
    in its place; the others are answered.
    """
    backend = backend_of(request)
    batch = await read_json(request, _BATCH, _BATCH_BODY * backend.settings.max_body)
    items = [_item(raw, at) for at, raw in enumerate(batch.claims)]
    claims = [
        Claim(claim=item.text, language=batch.language, limit=batch.limit, as_of=batch.as_of)
        for item in items
        if isinstance(item, BatchItem)
    ]
    checker = backend.runtime.checker
    checked = await checker.check_many(claims) if claims else []
    for claim, result in zip(claims, checked, strict=True):
        note(request, backend, claim, result.verdict, result.matches)
    left = iter(checked)
    results = [item if isinstance(item, BatchResult) else _result(item.id, next(left)) for item in items]
    return answer(
        BatchResults(
            results=results,
            model=checker.model,
            store_version=min((result.store_version for result in checked), default=None),
            took_ms=max((result.took_ms for result in checked), default=0.0),
        )
    )


@post(
    "/v1/compare",
    status_code=200,
    guards=[reads],
    opt=documented("checks", body=Pair, answers={200: Comparison}, examples=examples.COMPARE),
)
async def compare(request: Asked) -> ASGIResponse:
    """Compare a claim with a rumor.

    Says whether the claim asserts the rumor, denies it, or is another claim. The store plays no part. With
    the `statement` that answers the rumor, restatements of it are recognised better.
    """
    backend = backend_of(request)
    pair = await read_json(request, _PAIR, backend.settings.max_body)
    return answer(await backend.runtime.checker.compare(pair.claim, pair.rumor, pair.statement))


def _item(raw: msgspec.Raw, at: int) -> BatchItem | BatchResult:
    """Decode one claim of a batch; its fault is its own."""
    body = bytes(raw)
    try:
        return decode(body, _ITEM)
    except ProblemError as error:
        described = problems.describe(_moved(error, f"$.claims[{at}]")).problem
    try:
        name: str | None = _NAME.decode(body).id[:200]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        name = None
    return BatchResult(id=name, error=described)


def _moved(error: ProblemError, to: str) -> ProblemError:
    """The problem with its fields named from the root of the batch."""
    fields = tuple(problems.FieldError(to + fault.field.removeprefix("$"), fault.detail) for fault in error.errors)
    detail = f"{fields[0].field}: {fields[0].detail}" if fields else f"{to}: {error.detail}"
    return ProblemError(error.kind, detail, errors=fields)


def _result(name: str, result: CheckResult) -> BatchResult:
    return BatchResult(id=name, verdict=result.verdict, matches=result.matches, verdict_id=result.verdict_id)


def note(request: Asked, backend: Backend, claim: Claim, verdict: Verdict, matches: Sequence[Match] = ()) -> None:
    """Count the verdict and the record it stands on; the claim is told to nobody unless the operator wants it."""
    metrics_of(request).verdict(verdict.label)
    request.app.state["tallies"].count(verdict.label, matches)
    if backend.settings.log_claims:
        _LOGGER.info("%s: %r", verdict.label, claim.claim)
