"""A record at the desk: written, read, changed. Nobody's change is lost to another's."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import structs

from service.api.auth import actor_of, needs
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked
from service.api.problems import FieldError, ProblemError
from service.domain import Rebuttal, RebuttalContent
from service.errors import (
    AlreadyExistsError,
    InvalidRecordError,
    InvalidTransitionError,
    NotAllowedError,
    RevisionMismatchError,
)
from service.web import changes, record_form
from service.web.desk.reading import Conflict, Spare, View, show
from service.web.forms import Form, read_form
from service.web.marks import PAGE
from service.web.query import fields_of
from service.web.record_form import Values
from service.web.rendering import page, redirect
from service.web.visitor import visitor_of

_MORE: Final = {"more-variants": Spare(variants=4), "more-sources": Spare(citations=1)}


@get("/desk/new", guards=[needs("editor")], opt=PAGE)
async def new_record(request: Asked) -> ASGIResponse:
    """An empty form."""
    return await show(request, None, View(values=record_form.blank(), spare=Spare(citations=1)))


@post("/desk/new", status_code=200, guards=[needs("editor")], opt=PAGE)
async def create_record(request: Asked) -> ASGIResponse:
    """Keep a new record as a draft; publish it where that was asked for."""
    backend = backend_of(request)
    form = await read_form(request, backend.settings.max_body)
    values = record_form.values_in(form)
    if form.text("action") in _MORE:
        return await show(request, None, View(values=values, spare=_MORE[form.text("action")]))
    made = record_form.read(values, None)
    if made.content is None:
        view = View(values=values, errors=made.errors, spare=_spare(values), status=422)
        return await show(request, None, view)
    try:
        record = await backend.runtime.catalog.create(made.content, actor=actor_of(request))
    except (AlreadyExistsError, InvalidRecordError) as error:
        fault = FieldError("id", error.detail)
        return await show(request, None, View(values=values, errors=(fault,), spare=_spare(values), status=409))
    return await _further(request, backend, form, record)


@get("/desk/records/{rebuttal_id:str}", guards=[needs("editor")], opt=PAGE)
async def edit_record(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """A record in the form, beside the text that it was taken from."""
    backend = backend_of(request)
    record = await backend.call(backend.runtime.store.get, rebuttal_id)
    done = fields_of(request).get("done", "")
    return await show(request, record, View(values=record_form.values_of(record), done=done))


@post("/desk/records/{rebuttal_id:str}", status_code=200, guards=[needs("editor")], opt=PAGE)
async def save_record(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Write the next revision, if the record is still the one that the form was made from."""
    backend = backend_of(request)
    form = await read_form(request, backend.settings.max_body)
    current = await backend.call(backend.runtime.store.get, rebuttal_id)
    values = record_form.values_in(form)
    view = View(values=values, reason=form.text("reason"), revision=revision_in(form), spare=_spare(values))
    if form.text("action") in _MORE:
        return await show(request, current, structs.replace(view, spare=_MORE[form.text("action")]))
    made = record_form.read(values, current)
    if made.content is None:
        return await show(request, current, structs.replace(view, errors=made.errors, status=422))
    try:
        record = await backend.runtime.catalog.update(
            rebuttal_id,
            made.content,
            expected_revision=view.revision,
            actor=actor_of(request),
            reason=form.maybe("reason"),
            may_publish=visitor_of(request).may("publisher"),
        )
    except RevisionMismatchError:
        return await _both(request, backend, rebuttal_id, made.content, view)
    except (InvalidRecordError, InvalidTransitionError, NotAllowedError) as error:
        fault = FieldError((error.field or "").removeprefix("$.") or "rumor", error.detail)
        return await show(request, current, structs.replace(view, errors=(fault,), status=409))
    return await _further(request, backend, form, record)


@get("/desk/records/{rebuttal_id:str}/revisions", guards=[needs("editor")], opt=PAGE)
async def read_revisions(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Every state that a record was in, drafts included, with who made it so and what they changed."""
    backend = backend_of(request)
    found = await backend.call(backend.runtime.store.revisions, rebuttal_id)
    return page(request, "revisions.html", record=found[0].rebuttal, steps=changes.steps(found), inside=True)


def revision_in(form: Form) -> int:
    """The revision that a form was made from. Raises `ProblemError` where it does not say."""
    text = form.text("revision")
    if not text.isdecimal() or not 0 < len(text) < 19:  # noqa: PLR2004 - fits into 64 bits
        raise ProblemError("bad-request", "The form does not say which revision it was made from; open it again.")
    return int(text)


async def _further(request: Asked, backend: Backend, form: Form, record: Rebuttal) -> ASGIResponse:
    """Publish what was just saved, where the button said so."""
    done = "saved"
    if form.text("action") == "publish" and record.status == "draft":
        if not visitor_of(request).may("publisher"):
            raise ProblemError("not-allowed", "Saved as a draft. Publishing it needs the role publisher or above.")
        await backend.runtime.catalog.publish(
            record.id, reason=form.maybe("reason"), expected_revision=record.revision, actor=actor_of(request)
        )
        done = "published"
    return redirect(f"/desk/records/{record.id}?done={done}")


async def _both(request: Asked, backend: Backend, rebuttal_id: str, mine: RebuttalContent, view: View) -> ASGIResponse:
    """Both versions, where somebody was quicker; the form keeps what was typed, and may now replace theirs."""
    revisions = await backend.call(backend.runtime.store.revisions, rebuttal_id)
    last = revisions[0]
    opened = next((one.rebuttal for one in revisions if one.revision == view.revision), last.rebuttal)
    conflict = Conflict(
        current=last.rebuttal,
        actor=last.actor,
        reason=last.reason,
        theirs=changes.between(opened, last.rebuttal),
        yours=changes.between(last.rebuttal, mine),
    )
    view = structs.replace(view, conflict=conflict, revision=last.revision, status=409)
    return await show(request, last.rebuttal, view)


def _spare(values: Values) -> Spare:
    return Spare(citations=0 if values["citations"] else 1)
