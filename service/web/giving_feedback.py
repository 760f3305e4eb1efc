"""Feedback from the pages: what `POST /v1/feedback` takes, from a form."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import post
from litestar.response.base import ASGIResponse

from service.api.auth import reads
from service.api.bodies import Asked, explain
from service.api.feedback import FeedbackBody, take
from service.api.problems import FieldError, ProblemError
from service.web.forms import read_form
from service.web.marks import PAGE
from service.web.rendering import page

_MOST_BYTES: Final = 100_000


@post("/feedback", status_code=200, guards=[reads], opt=PAGE)
async def give_feedback(request: Asked) -> ASGIResponse:
    """Take it, and say thanks."""
    form = await read_form(request, _MOST_BYTES)
    given = {name: form.text(name) for name in FeedbackBody.__struct_fields__ if form.text(name)}
    try:
        body = msgspec.convert(given, FeedbackBody)
    except msgspec.ValidationError as error:
        fault = explain(error)
        detail = f"{fault.field}: {fault.detail}"
        raise ProblemError("invalid-body", detail, errors=(FieldError(fault.field, fault.detail),)) from None
    await take(request, body)
    return page(request, "thanks.html", part="_thanks.html", rating=body.rating)
