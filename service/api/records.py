"""What the routes of records share: who sees which, ETags, and the links to what is nearly the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from embeddings.batcher import Overloaded
from service.api.auth import principal_of, sees_drafts
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer
from service.api.problems import FieldError, ProblemError
from service.domain import Rebuttal, ShortText
from service.errors import NotFoundError

_TAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"')


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameter of writes whose body is a record and has no room for it."""

    reason: Annotated[ShortText, Meta(description="Why, for the log and the list of revisions.")] | None = None


async def visible(request: Asked, states: Sequence[Rebuttal]) -> list[Rebuttal]:
    """Those of the states of records that whoever asks may see.

    To the public that is no draft, and no record that was thrown away before it was ever published.
    """
    if sees_drafts(request):
        return list(states)
    ended = sorted({state.id for state in states if state.status not in {"draft", "published"}})
    backend = backend_of(request)
    public = await backend.call(backend.runtime.store.public, ended) if ended else set()
    return [
        state for state in states if state.status == "published" or (state.status != "draft" and state.id in public)
    ]


async def check_visible(request: Asked, *states: Rebuttal) -> None:
    """Say of what whoever asks may not see that it is not there. Raises `NotFoundError`."""
    if len(await visible(request, states)) < len(states):
        raise NotFoundError(f"There is no record {states[0].id}.")


def may_publish(request: Asked) -> bool:
    """Whether whoever asks may move records in and out of use."""
    principal = principal_of(request)
    return principal is not None and principal.may("publisher")


def etag(record: Rebuttal) -> str:
    """The revision in quotes."""
    return f'"{record.revision}"'


def known_tags(header: str) -> list[str]:
    """The revisions that an `If-None-Match` names."""
    return _TAG.findall(header)


def if_match(request: Asked, *, required: bool = False) -> int | None:
    """The revision that the writer has seen; None for whatever is there.

    A weak tag counts as the strong one: proxies weaken tags when they compress; ours is the revision anyway.

    Raises:
        ProblemError: it is needed and missing, or is no tag of ours.
    """
    given = request.headers.get("if-match", "").strip()
    if not given and required:
        raise ProblemError(
            "if-match-needed", 'Send `If-Match` with the ETag of the revision you have read, e.g. `"3"`.'
        )
    if given in {"", "*"}:
        return None
    tag = _TAG.fullmatch(given)
    if tag is None or int(tag[1]) == 0:
        fault = FieldError("If-Match", 'Must be one ETag of this service, for example `"3"`, or `*`.')
        raise ProblemError("bad-request", f"If-Match: {fault.detail}", errors=(fault,))
    return int(tag[1])


def written(record: Rebuttal, status: int = 200, headers: dict[str, str] | None = None) -> ASGIResponse:
    """The answer to a write: the record as it stands now, and its tag."""
    return answer(record, status, {"ETag": etag(record), **(headers or {})})


async def similar_links(backend: Backend, record: Rebuttal) -> dict[str, str]:
    """The header `Link` (RFC 8288) with each record that this one nearly repeats.

    The record is written already: where the models have no room for the question now, there is no warning.
    """
    try:
        found = await backend.runtime.neighbours.of(record, but=record.id)
    except Overloaded:
        return {}
    links = [f'</v1/rebuttals/{one.rebuttal.id}>; rel="similar"' for one in found if one.duplicate]
    return {"Link": ", ".join(links)} if links else {}
