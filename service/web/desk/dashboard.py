"""What is asked and what comes of it, in numbers; what readers said of verdicts; which links need an eye."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api.auth import needs
from service.api.backend import backend_of
from service.api.bodies import Asked
from service.api.citations import LinkChecks, Verification
from service.citations.reports import page as report_page
from service.domain import LinkState
from service.errors import RejoinderError
from service.store.tallies import DAYS_KEPT
from service.tallies import Tallies, tallies
from service.web.desk.charts import claims_by_day
from service.web.forms import read_form
from service.web.marks import PAGE
from service.web.markup import STATES, WHY
from service.web.query import fields_of
from service.web.rendering import page, redirect

_DRAWN: Final = {
    "Content-Type": "image/svg+xml",
    # Its own rules stand in it; it is an image, which runs nothing in any case.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_MOST_BYTES: Final = 10_000
_ON_A_PAGE: Final = 30


class Span(Struct, frozen=True, kw_only=True):
    """How many days the numbers are about, and how wide they are drawn: one of `charts.WIDTHS`."""

    days: Annotated[int, Meta(ge=1, le=DAYS_KEPT)] = 30
    width: Literal[880, 360] = 880


@get("/desk/dashboard", guards=[needs("editor")], opt=PAGE)
async def dashboard(request: Asked) -> ASGIResponse:
    """Claims a day, the share that found nothing, and the records matched most."""
    span, found = await _numbers(request)
    return page(request, "desk_dashboard.html", found=found, days=span.days)


@get("/desk/charts/claims.svg", guards=[needs("editor")], opt=PAGE)
async def claims_chart(request: Asked) -> ASGIResponse:
    """The claims of each day, drawn."""
    span, found = await _numbers(request)
    drawn = await backend_of(request).call(claims_by_day, found.days, span.width)
    return ASGIResponse(body=drawn, headers=_DRAWN)


@get("/desk/feedback", guards=[needs("editor")], opt=PAGE)
async def read_feedback(request: Asked) -> ASGIResponse:
    """What was said of verdicts, the newest first."""
    backend = backend_of(request)
    store = backend.runtime.store
    cursor = fields_of(request).get("cursor")
    found = await backend.call(store.feedback_page, cursor=cursor, limit=_ON_A_PAGE)
    ids = list({name for one in found.items for name in (one.rebuttal_id, one.about) if name})
    records = await backend.call(store.get_many, ids) if ids else {}
    return page(request, "desk_feedback.html", items=found.items, more=found.next_cursor, records=records)


@get("/desk/links", guards=[needs("editor")], opt=PAGE)
async def links(request: Asked) -> ASGIResponse:
    """Citations with the state of their pages; those that need an eye, unless another state is asked for."""
    backend = backend_of(request)
    given = fields_of(request)
    state: LinkState | None = given.get("state", "dead") if given.get("state") != "any" else None  # type: ignore[assignment]
    if state is not None and state not in get_args(LinkState):
        raise RejoinderError("There is no such state of a page.")
    found = await backend.call(report_page, backend.runtime.store, state, cursor=given.get("cursor"), limit=_ON_A_PAGE)
    counts = await backend.call(backend.runtime.store.links.counts)
    context: dict[str, Any] = {
        "items": found.items,
        "more": found.next_cursor,
        "state": state or "any",
        "counts": counts,
    }
    checked = {name: given.get(name, "") for name in ("checked", "left")}
    return page(request, "desk_links.html", WORDS=STATES, WHY=WHY, **checked, **context)


@post("/desk/links/{rebuttal_id:str}", status_code=200, guards=[needs("publisher")], opt=PAGE)
async def check_links(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Ask the pages that a record cites, now."""
    await read_form(request, _MOST_BYTES)
    checks: LinkChecks = request.app.state["links"]
    done = await checks.verify(Verification(rebuttal_id=rebuttal_id))
    return redirect(f"/desk/links?state=any&checked={done.checked}&left={done.left}")


async def _numbers(request: Asked) -> tuple[Span, Tallies]:
    backend = backend_of(request)
    try:
        span = msgspec.convert(fields_of(request), Span, strict=False)
    except msgspec.ValidationError:
        raise RejoinderError(f"The number of days is 1 to {DAYS_KEPT}.", field="days") from None
    today = dt.datetime.now(dt.UTC).date()
    return span, await backend.call(tallies, backend.runtime.store, span.days, today)
