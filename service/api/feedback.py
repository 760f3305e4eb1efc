"""Feedback on verdicts: given by anybody, within bounds; read by editors."""

from __future__ import annotations

import math
from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import examples
from service.api.auth import needs, principal_of, reads
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer, read_json, read_query
from service.api.openapi import documented
from service.api.problems import FieldError, ProblemError
from service.api.rates import Taking
from service.domain import ClaimText, Label, RebuttalId
from service.feedback import Comment, Feedback, FeedbackContent, Rating
from service.verdict_id import LONGEST, Said

_MOST_BYTES: Final = 100_000
"""A claim and a comment of full length, with every character written as an escape."""


class FeedbackBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/feedback``."""

    verdict_id: Annotated[str, Meta(max_length=LONGEST, description="`verdict_id` of the answer that this is about.")]
    rating: Annotated[Rating, Meta(description="Whether the verdict is right.")]
    expected: Annotated[Label | None, Meta(description="The label that it should have had.")] = None
    about: Annotated[
        RebuttalId | None, Meta(description="The record that it should have stood on, where that is another.")
    ] = None
    comment: Comment | None = None
    claim: Annotated[
        ClaimText | None,
        Meta(description="The text that was checked. It is stored only because it is given here; leave it out freely."),
    ] = None


class FeedbackQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/feedback``."""

    cursor: Annotated[str, Meta(max_length=500, description="`next_cursor` of the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100, description="How many on a page.")] = 20


class FeedbackList(Struct, frozen=True, kw_only=True):
    """Part of the list; ``next_cursor`` is null on the last page."""

    items: list[Feedback]
    next_cursor: str | None


class Allowance:
    """How much feedback without a key is taken: a bucket that fills evenly, and holds a minute's worth.

    One for the service, not one for each client: behind a proxy all clients look alike. Whoever has a key passes by.
    """

    def __init__(self, per_minute: int, take: Taking) -> None:
        self._most = per_minute
        self._take = take

    async def take(self) -> float:
        """Take one. Returns 0, or the seconds until there is one again; infinity where there never is."""
        return (await self._take("feedback", self._most)).seconds if self._most else math.inf


_BODY: Final = msgspec.json.Decoder(FeedbackBody)


@post(
    "/v1/feedback",
    guards=[reads],
    opt=documented("feedback", body=FeedbackBody, answers={201: Feedback}, examples=examples.FEEDBACK),
)
async def give_feedback(request: Asked) -> ASGIResponse:
    """Say whether a verdict is right.

    The `verdict_id` of an answer tells the label and the record; the claim is not stored unless it is sent along.
    Without a key only so much is taken in a minute (429).
    """
    body = await read_json(request, _BODY, min(_MOST_BYTES, backend_of(request).settings.max_body))
    return answer(await take(request, body), 201)


@get(
    "/v1/feedback",
    guards=[needs("editor")],
    opt=documented("feedback", query=FeedbackQuery, answers={200: FeedbackList}, needs="editor"),
)
async def list_feedback(request: Asked) -> ASGIResponse:
    """List what was said of verdicts, the newest first.

    Page by page: send `next_cursor` as `cursor` until it is null.
    """
    backend = backend_of(request)
    query = read_query(request, FeedbackQuery)
    page = await backend.call(backend.runtime.store.feedback_page, cursor=query.cursor, limit=query.limit)
    return answer(FeedbackList(items=page.items, next_cursor=page.next_cursor))


async def take(request: Asked, body: FeedbackBody) -> Feedback:
    """Keep what somebody says of a verdict.

    Raises:
        ProblemError: it is not a verdict of this service, the parts contradict each other, or too much came.
        FeedbackFullError: as much is kept as may be.
    """
    backend = backend_of(request)
    sender = principal_of(request)
    said = await _checked(backend, body)
    if sender is None:
        await _allow(request.app.state["allowance"])
    content = FeedbackContent(
        verdict_id=body.verdict_id,
        label=said.label,
        rebuttal_id=said.rebuttal_id,
        store_version=said.store_version,
        rating=body.rating,
        expected=body.expected,
        about=body.about,
        comment=body.comment,
        claim=body.claim,
        actor=sender.name if sender else None,
    )
    store = backend.runtime.store
    return await backend.call(store.add_feedback, content, most=backend.settings.max_feedback)


async def _checked(backend: Backend, body: FeedbackBody) -> Said:
    """What the verdict's name tells. Raises `ProblemError` where the body does not fit it."""
    try:
        said = backend.runtime.checker.ids.read(body.verdict_id)
    except ValueError:
        raise _at_fault("$.verdict_id", "Must be the `verdict_id` of an answer that this service has given.") from None
    if body.rating == "right" and body.expected not in (None, said.label):
        raise _at_fault("$.expected", f"A verdict that is right has the label expected, which is `{said.label}`.")
    if body.about is not None:
        found = await backend.call(backend.runtime.store.get_many, [body.about])
        if body.about not in found or found[body.about].status == "draft":
            raise _at_fault("$.about", "There is no such record.")
    return said


def _at_fault(field: str, detail: str) -> ProblemError:
    return ProblemError("invalid-body", f"{field}: {detail}", errors=(FieldError(field, detail),))


async def _allow(allowance: Allowance) -> None:
    wait = await allowance.take()
    if wait:
        headers = {"Retry-After": f"{math.ceil(wait)}"} if wait < math.inf else {}
        raise ProblemError("too-many", "More feedback without a key has come than is taken.", headers=headers)
