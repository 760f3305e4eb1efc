"""What a record was: every revision, and what changed between two."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct, field

from service.api.auth import reads
from service.api.backend import backend_of
from service.api.bodies import Asked, answer, read_query
from service.api.openapi import REBUTTAL_ID, documented
from service.api.records import check_visible, visible
from service.catalog import content_of
from service.diff import Change, diff
from service.domain import Revision
from service.errors import NotFoundError

_REVISION: Final = {
    "name": "revision",
    "in": "path",
    "required": True,
    "description": "Its number, from 1.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 1,
}
Number = Annotated[int, Meta(ge=1, le=2**53)]


class RevisionsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/rebuttals/{id}/revisions``."""

    before: Annotated[Number, Meta(description="`next_before` of the page before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100, description="How many on a page.")] = 100


class Revisions(Struct, frozen=True, kw_only=True):
    """States of a record, the newest first; ``next_before`` is null where there are no older ones."""

    items: list[Revision]
    next_before: int | None = None


class DiffQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of ``GET /v1/rebuttals/{id}/diff``."""

    before: Annotated[Number, Meta(description="The revision before; the one before `to` if missing.")] | None = field(
        name="from", default=None
    )
    after: Annotated[Number, Meta(description="The revision after; the newest if missing.")] | None = field(
        name="to", default=None
    )


class Diff(Struct, frozen=True, kw_only=True):
    """What changed from one revision of a record to another."""

    rebuttal_id: str
    before: int = field(name="from")
    after: int = field(name="to")
    changes: list[Change]


@get(
    "/v1/rebuttals/{rebuttal_id:str}/revisions",
    guards=[reads],
    opt=documented("rebuttals", parameters=(REBUTTAL_ID,), query=RevisionsQuery, answers={200: Revisions}),
)
async def read_revisions(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Read every revision of a rebuttal: what it said, since when, by whose hand and why.

    Beyond a hundred they come in pages: send `next_before` as `before` until it is null. States in which it was a
    draft are shown to editors only.
    """
    backend = backend_of(request)
    query = read_query(request, RevisionsQuery)
    store = backend.runtime.store
    found = await backend.call(store.revisions, rebuttal_id, before=query.before, limit=query.limit)
    older = found[-1].revision if found[-1].revision > 1 else None
    seen = {state.revision for state in await visible(request, [revision.rebuttal for revision in found])}
    shown = [revision for revision in found if revision.revision in seen]
    if not shown and older is None:
        raise NotFoundError(f"There is no record {rebuttal_id}.")
    return answer(Revisions(items=shown, next_before=older))


@get(
    "/v1/rebuttals/{rebuttal_id:str}/revisions/{revision:int}",
    guards=[reads],
    opt=documented("rebuttals", parameters=(REBUTTAL_ID, _REVISION), answers={200: Revision}),
)
async def read_revision(request: Asked, rebuttal_id: FromPath[str], revision: FromPath[int]) -> ASGIResponse:
    """Read one revision of a rebuttal. It never changes."""
    backend = backend_of(request)
    found = await backend.call(backend.runtime.store.revision, rebuttal_id, _in_range(rebuttal_id, revision))
    await check_visible(request, found.rebuttal)
    return answer(found)


@get(
    "/v1/rebuttals/{rebuttal_id:str}/diff",
    guards=[reads],
    opt=documented("rebuttals", parameters=(REBUTTAL_ID,), query=DiffQuery, answers={200: Diff}),
)
async def read_diff(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Compare two revisions of a rebuttal, field by field.

    Each change has the JSON path of its field, what it was and what it is; of a text, `words` has the stretches that
    changed, as start and end in characters. A place in a list is counted in the later state, that of an item that was
    removed in the earlier one. Without parameters: the last change.
    """
    backend = backend_of(request)
    query = read_query(request, DiffQuery)
    store = backend.runtime.store

    def compared() -> tuple[Revision, Revision]:
        after = query.after or store.get(rebuttal_id).revision
        before = query.before or max(1, after - 1)
        return store.revision(rebuttal_id, before), store.revision(rebuttal_id, after)

    before, after = await backend.call(compared)
    await check_visible(request, before.rebuttal, after.rebuttal)
    changes = await backend.call(diff, content_of(before.rebuttal), content_of(after.rebuttal))
    return answer(Diff(rebuttal_id=rebuttal_id, before=before.revision, after=after.revision, changes=changes))


def _in_range(rebuttal_id: str, number: int) -> int:
    if not 1 <= number < 2**53:
        raise NotFoundError(f"There is no revision {number} of a record {rebuttal_id}.")
    return number
