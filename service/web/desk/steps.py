"""The steps of a record's life, each a form of its own: publish, retract, supersede, merge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from litestar import post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.api.auth import actor_of, needs
from service.api.backend import backend_of
from service.api.bodies import Asked
from service.api.problems import FieldError, ProblemError, describe
from service.catalog import Catalog
from service.domain import Rebuttal
from service.errors import (
    InvalidRecordError,
    InvalidTransitionError,
    NotAllowedError,
    NotFoundError,
    RevisionMismatchError,
)
from service.web import record_form
from service.web.desk.editing import revision_in
from service.web.desk.reading import View, show
from service.web.forms import Form, read_form
from service.web.marks import PAGE
from service.web.rendering import redirect
from service.web.visitor import visitor_of

_MOST_BYTES: Final = 20_000
_LONGEST_REASON: Final = 500
_REFUSALS: Final = (InvalidRecordError, InvalidTransitionError, NotAllowedError, NotFoundError, RevisionMismatchError)

Step = Callable[[Catalog, Form, int], Awaitable[Rebuttal]]


@post("/desk/records/{rebuttal_id:str}/publish", status_code=200, guards=[needs("publisher")], opt=PAGE)
async def publish(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Let a draft answer claims."""

    async def step(catalog: Catalog, form: Form, revision: int) -> Rebuttal:
        return await catalog.publish(
            rebuttal_id, reason=_reason(form), expected_revision=revision, actor=actor_of(request)
        )

    return await _take(request, rebuttal_id, step, "published")


@post("/desk/records/{rebuttal_id:str}/retract", status_code=200, guards=[needs("publisher")], opt=PAGE)
async def retract(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Take a record out of use, with the reason that readers will see."""

    async def step(catalog: Catalog, form: Form, revision: int) -> Rebuttal:
        reason = _reason(form)
        if reason is None:
            raise InvalidRecordError("Say why it is retracted: readers see it.", field="retract-reason")
        return await catalog.retract(rebuttal_id, reason=reason, expected_revision=revision, actor=actor_of(request))

    return await _take(request, rebuttal_id, step, "retracted")


@post("/desk/records/{rebuttal_id:str}/supersede", status_code=200, guards=[needs("publisher")], opt=PAGE)
async def supersede(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Let another record answer in this one's place."""

    async def step(catalog: Catalog, form: Form, revision: int) -> Rebuttal:
        reason, by = _reason(form), form.text("by")
        return await catalog.supersede(
            rebuttal_id, by=by, reason=reason, expected_revision=revision, actor=actor_of(request)
        )

    return await _take(request, rebuttal_id, step, "superseded")


@post("/desk/records/{rebuttal_id:str}/merge", status_code=200, guards=[needs("editor")], opt=PAGE)
async def merge(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Take another record of the same statement into this one."""

    async def step(catalog: Catalog, form: Form, revision: int) -> Rebuttal:
        return await catalog.merge(
            rebuttal_id,
            form.text("other"),
            expected_revision=revision,
            reason=_reason(form),
            actor=actor_of(request),
            may_publish=visitor_of(request).may("publisher"),
        )

    return await _take(request, rebuttal_id, step, "merged")


async def _take(request: Asked, rebuttal_id: str, step: Step, done: str) -> ASGIResponse:
    """Take a step; where it cannot be taken, the record as it stands and why not."""
    form = await read_form(request, _MOST_BYTES)
    revision = revision_in(form)
    backend = backend_of(request)
    try:
        await step(backend.runtime.catalog, form, revision)
    except _REFUSALS as error:
        record = await backend.call(backend.runtime.store.get, rebuttal_id)
        again = " Read it as it stands, and decide again." if isinstance(error, RevisionMismatchError) else ""
        name = (error.field or "").removeprefix("$.")
        fault = FieldError(name if name in ("other", "by", "retract-reason") else "life", f"{error.detail}{again}")
        status = describe(error).problem.status
        return await show(request, record, View(values=record_form.values_of(record), errors=(fault,), status=status))
    return redirect(f"/desk/records/{rebuttal_id}?done={done}")


def _reason(form: Form) -> str | None:
    reason = form.maybe("reason")
    if reason and len(reason) > _LONGEST_REASON:
        raise ProblemError("invalid-body", f"The reason may have {_LONGEST_REASON} characters.")
    return reason
