"""From an article to drafts: read it, see what was found and where, keep what is right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse
from msgspec import Struct, structs

from service.api.auth import needs
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, explain
from service.api.drafts import ExtractRequest, keep_drafts, read_article
from service.api.problems import FieldError, ProblemError
from service.domain import Authority, Citation
from service.errors import AlreadyExistsError
from service.ingest.extract.model import Draft, DraftAuthority, Extraction
from service.web.desk.reading import Neighbour, near
from service.web.desk.sources import SourceText, marked, remarks
from service.web.forms import Form, read_form
from service.web.marks import PAGE
from service.web.rendering import page, redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS: Final = ("article", "address", "publisher", "published_on", "title", "language")
_MARKUP: Final = re.compile(r"<(?:!doctype|html|head|body|main|article|section|div|p)\b", re.IGNORECASE)
_PLACES: Final = {"text": "article", "html": "article", "url": "address"}
_MISSING: Final = {
    "rumor": "The text does not spell out what is denied. Write the record by hand.",
    "authority": "For whom does the speaker speak? The text does not say.",
    "citations.url": "Give the article’s address above.",
    "citations.publisher": "Give the article’s publisher above.",
    "quote": "No quotation was found.",
}


class Proposal(Struct, frozen=True, kw_only=True):
    """A draft as the page shows it.

    Attributes:
        number: its place among the drafts.
        draft: what was found.
        source: the articles with its places marked.
        missing: what has to be filled in before it can be kept.
        remarks: what an editor has to decide.
        near: records that say nearly the same.
        chosen: whether it is to be kept.
        authority: what the editor has filled in for it.
    """

    number: int
    draft: Draft
    source: tuple[SourceText, ...]
    missing: dict[str, str]
    remarks: tuple[str, ...]
    near: list[Neighbour]
    chosen: bool
    authority: str


class _Rough(Struct, frozen=True, kw_only=True):
    """As much of a record as a draft has: what its neighbours are looked for with."""

    rumor: str
    statement: str | None
    language: str
    authority: Authority | None
    citations: tuple[Citation, ...] = ()


@get("/desk/extract", guards=[needs("editor")], opt=PAGE)
async def extract_form(request: Asked) -> ASGIResponse:
    """The form, empty."""
    return _shown(request, dict.fromkeys(_FIELDS, ""))


@post("/desk/extract", status_code=200, guards=[needs("editor")], opt=PAGE)
async def extract(request: Asked) -> ASGIResponse:
    """What the article holds; kept as drafts where the button says so."""
    backend = backend_of(request)
    form = await read_form(request, backend.settings.max_body)
    given = {name: form.text(name) for name in _FIELDS}
    try:
        extraction = await read_article(backend, _asked(given))
        given["article"] = given["article"] or extraction.sources[0].text
        if form.text("action") == "keep":
            return await _kept(request, extraction, form)
    except (ProblemError, AlreadyExistsError) as error:
        return _shown(request, given, errors=_faults(error), status=422)
    return _shown(request, given, proposals=await _proposals(backend, extraction, form), notes=extraction.notes)


def _asked(given: Mapping[str, str]) -> ExtractRequest:
    """The form as what `POST /v1/drafts/extract` takes. Raises `ProblemError`."""
    article = given["article"]
    way = ("html" if _MARKUP.search(article[:20_000]) else "text") if article else "url"
    known = {name: given[name] for name in ("publisher", "published_on", "title", "language") if given[name]}
    if way != "url":
        known |= {"address": given["address"]} if given["address"] else {}
    try:
        return msgspec.convert({**known, way: article or given["address"]}, ExtractRequest, strict=False)
    except msgspec.ValidationError as error:
        fault = explain(error)
        raise ProblemError("invalid-body", fault.detail, errors=(fault,)) from None


async def _kept(request: Asked, extraction: Extraction, form: Form) -> ASGIResponse:
    chosen = _chosen(form, extraction)
    drafts = tuple(_filled(extraction.drafts[at], form.text(f"authority.{at}")) for at in chosen)
    if not drafts:
        raise ProblemError("invalid-body", "Choose at least one draft to keep.")
    saved = await keep_drafts(request, structs.replace(extraction, drafts=drafts))
    if len(saved) == 1:
        return redirect(f"/desk/records/{saved[0].id}?done=extracted")
    return redirect("/desk?done=extracted")


def _chosen(form: Form, extraction: Extraction) -> list[int]:
    """The drafts that are ticked; all of them when the article was only just read."""
    every = range(len(extraction.drafts))
    ticked = set(form.every("keep"))
    return [at for at in every if "seen" not in form or str(at) in ticked]


def _filled(draft: Draft, authority: str) -> Draft:
    """The draft with the authority that the editor has named, where the text names none."""
    if draft.authority is not None or not authority:
        return draft
    missing = tuple(name for name in draft.missing if name != "authority")
    return structs.replace(draft, authority=DraftAuthority(name=authority), missing=missing)


async def _proposals(backend: Backend, extraction: Extraction, form: Form) -> list[Proposal]:
    chosen = _chosen(form, extraction)
    return [
        Proposal(
            number=at,
            draft=draft,
            source=marked(extraction.sources, draft.offsets),
            missing={name: _MISSING.get(name, "Fill this in.") for name in draft.missing},
            remarks=remarks(draft.conflicts, draft.notes),
            near=await near(backend, _rough(draft), but=None),
            chosen=at in chosen,
            authority=form.text(f"authority.{at}"),
        )
        for at, draft in enumerate(extraction.drafts)
    ]


def _rough(draft: Draft) -> _Rough:
    authority = Authority(name=draft.authority.name) if draft.authority else None
    return _Rough(rumor=draft.rumor, statement=draft.statement, language=draft.language, authority=authority)


def _faults(error: ProblemError | AlreadyExistsError) -> tuple[FieldError, ...]:
    if isinstance(error, AlreadyExistsError) or not error.errors:
        return (FieldError("article", error.detail),)
    return tuple(_fault(one) for one in error.errors)


def _fault(one: FieldError) -> FieldError:
    """A fault of the request as one of the form."""
    name = one.field.removeprefix("$").removeprefix(".")
    if name.startswith("drafts["):
        number, _, field = name.removeprefix("drafts[").partition("].")
        place = {"citations.url": "address", "citations.publisher": "publisher"}.get(field, f"draft-{number}")
        return FieldError(place, f"Draft {int(number) + 1}: {_MISSING.get(field, one.detail)}")
    return FieldError(_PLACES.get(name, name) or "article", one.detail)


def _shown(request: Asked, given: dict[str, str], *, status: int = 200, **found: Any) -> ASGIResponse:  # noqa: ANN401
    context: dict[str, Any] = {
        "asked": given,
        "proposals": None,
        "notes": (),
        "errors": (),
        "fetches": bool(backend_of(request).settings.fetch_hosts),
        **found,
    }
    return page(request, "desk_extract.html", status=status, **context)
