"""The steps of a record's life: published, cited again, merged, superseded, retracted. Each with who, when and why."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import examples
from service.api.auth import actor_of, needs
from service.api.backend import backend_of
from service.api.bodies import Asked, read_json
from service.api.openapi import IF_MATCH, REBUTTAL_ID, documented
from service.api.records import if_match, may_publish, similar_links, written
from service.domain import Citation, Rebuttal, RebuttalId, ShortText

_PLACE: Final = (REBUTTAL_ID, IF_MATCH)


class Publication(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a draft is published."""

    reason: ShortText | None = None


class Retraction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a record is taken out of use."""

    reason: ShortText


class Succession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which record stands in for another from now on, and why."""

    by: RebuttalId
    reason: ShortText | None = None


class Citations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where else a statement can be read, and why that is added."""

    citations: Annotated[tuple[Citation, ...], Meta(min_length=1, max_length=100)]
    reason: ShortText | None = None


class Merger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which record becomes part of another, and why."""

    other: RebuttalId
    reason: ShortText | None = None
    other_revision: Annotated[int, Meta(ge=1, description="The revision of it that was read; null for any.")] | None = (
        None
    )


_PUBLICATION: Final = msgspec.json.Decoder(Publication)
_RETRACTION: Final = msgspec.json.Decoder(Retraction)
_SUCCESSION: Final = msgspec.json.Decoder(Succession)
_CITATIONS: Final = msgspec.json.Decoder(Citations)
_MERGER: Final = msgspec.json.Decoder(Merger)


@post(
    "/v1/rebuttals/{rebuttal_id:str}/publish",
    status_code=200,
    guards=[needs("publisher")],
    opt=documented(
        "rebuttals",
        body=Publication,
        parameters=_PLACE,
        answers={200: Rebuttal},
        examples=examples.PUBLISH,
        needs="publisher",
    ),
)
async def publish_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Publish a draft.

    It answers claims as soon as this returns. `Link` headers of the relation `similar` name records that it nearly
    repeats.
    """
    backend = backend_of(request)
    expected = if_match(request)
    body = await read_json(request, _PUBLICATION, backend.settings.max_body)
    record = await backend.runtime.catalog.publish(
        rebuttal_id, reason=body.reason, expected_revision=expected, actor=actor_of(request)
    )
    return written(record, headers=await similar_links(backend, record))


@post(
    "/v1/rebuttals/{rebuttal_id:str}/retract",
    status_code=200,
    guards=[needs("publisher")],
    opt=documented(
        "rebuttals",
        body=Retraction,
        parameters=_PLACE,
        answers={200: Rebuttal},
        examples=examples.RETRACT,
        needs="publisher",
    ),
)
async def retract_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Retract a rebuttal.

    It answers no claim from now on; it stays readable, with every revision and the reason given here.
    """
    backend = backend_of(request)
    expected = if_match(request)
    body = await read_json(request, _RETRACTION, backend.settings.max_body)
    record = await backend.runtime.catalog.retract(
        rebuttal_id, reason=body.reason, expected_revision=expected, actor=actor_of(request)
    )
    return written(record)


@post(
    "/v1/rebuttals/{rebuttal_id:str}/supersede",
    status_code=200,
    guards=[needs("publisher")],
    opt=documented(
        "rebuttals",
        body=Succession,
        parameters=_PLACE,
        answers={200: Rebuttal},
        examples=examples.SUPERSEDE,
        needs="publisher",
    ),
)
async def supersede_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Let another published rebuttal stand in for this one, for example a later, fuller statement."""
    backend = backend_of(request)
    expected = if_match(request)
    body = await read_json(request, _SUCCESSION, backend.settings.max_body)
    record = await backend.runtime.catalog.supersede(
        rebuttal_id, by=body.by, reason=body.reason, expected_revision=expected, actor=actor_of(request)
    )
    return written(record)


@post(
    "/v1/rebuttals/{rebuttal_id:str}/citations",
    status_code=200,
    guards=[needs("editor")],
    opt=documented(
        "rebuttals",
        body=Citations,
        parameters=_PLACE,
        answers={200: Rebuttal},
        examples=examples.CITE,
        needs="editor",
    ),
)
async def cite_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Add citations: further outlets that report the statement.

    A page is cited once. Where its address is there already, whatever its tracking parameters, the citation gets the
    fields that it lacked and keeps those that it had; so sending one twice changes nothing.
    """
    backend = backend_of(request)
    expected = if_match(request)
    body = await read_json(request, _CITATIONS, backend.settings.max_body)
    record = await backend.runtime.catalog.cite(
        rebuttal_id, body.citations, reason=body.reason, expected_revision=expected, actor=actor_of(request)
    )
    return written(record)


@post(
    "/v1/rebuttals/{rebuttal_id:str}/merge",
    status_code=200,
    guards=[needs("editor")],
    opt=documented(
        "rebuttals", body=Merger, parameters=_PLACE, answers={200: Rebuttal}, examples=examples.MERGE, needs="editor"
    ),
)
async def merge_rebuttal(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Collapse two rebuttals of one statement into this one.

    The other's citations (each with its own date and quote), its wordings (its rumor becomes a variant) and its topics
    come to this one, and it becomes superseded by this one, all in one step. Where one of the two is published, this
    needs the role `publisher`. `If-Match` speaks of this record, `other_revision` of the other.
    """
    backend = backend_of(request)
    expected = if_match(request)
    body = await read_json(request, _MERGER, backend.settings.max_body)
    record = await backend.runtime.catalog.merge(
        rebuttal_id,
        body.other,
        reason=body.reason,
        expected_revision=expected,
        other_revision=body.other_revision,
        actor=actor_of(request),
        may_publish=may_publish(request),
    )
    return written(record)
