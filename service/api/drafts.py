"""Articles in, drafts out; and the text that a kept draft was taken from, for whoever edits it."""

from __future__ import annotations

import asyncio
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from service.api import draft_examples as examples
from service.api.auth import actor_of, needs
from service.api.backend import Backend, backend_of
from service.api.bodies import Asked, answer, read_json
from service.api.openapi import REBUTTAL_ID, documented
from service.api.problems import FieldError, ProblemError
from service.domain import Language, Rebuttal, ShortText, WebAddress
from service.errors import OutboundError
from service.ingest.extract.model import MAX_TEXT, Draft, ExtractionError, Given
from service.store.sources import DraftSource, Source

if TYPE_CHECKING:
    from service.ingest.extract import Extraction

# One article at a time: reading one is work for the processor, and must not take the threads of the store.
_READER: Final = ThreadPoolExecutor(1, thread_name_prefix="extract")
_PAGE: Final = r"^[^\x00]*[^\x00\s][^\x00]*$"


class ExtractRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/drafts/extract``: an article as text, HTML or address, and what is known of it."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, pattern=_PAGE, description="Plain text.")] | None = (
        None
    )
    html: Annotated[str, Meta(min_length=1, description="The page's markup; it is read, never run.")] | None = None
    url: (
        Annotated[WebAddress, Meta(description="A page to fetch; its host must be in the setting `fetch_hosts`.")]
        | None
    ) = None
    address: Annotated[WebAddress, Meta(description="Where the article can be read: the citation.")] | None = None
    publisher: ShortText | None = None
    published_on: Annotated[dt.date, Meta(description='What "on Tuesday" is counted back from.')] | None = None
    title: ShortText | None = None
    language: Language | None = None
    save: Annotated[bool, Meta(description="Keep the drafts as records of status `draft`.")] = False


class Extracted(Struct, frozen=True, kw_only=True):
    """Proposed drafts, the text that their offsets count in, and what an editor should know; ``saved`` are records."""

    drafts: tuple[Draft, ...]
    source: Source
    notes: tuple[str, ...] = ()
    saved: tuple[Rebuttal, ...] = ()


_REQUEST: Final = msgspec.json.Decoder(ExtractRequest)


@post(
    "/v1/drafts/extract",
    status_code=200,
    guards=[needs("editor")],
    opt=documented("drafts", body=ExtractRequest, answers={200: Extracted}, examples=examples.EXTRACT, needs="editor"),
)
async def extract_drafts(request: Asked) -> ASGIResponse:
    """Propose drafts from an article.

    Rumor, statement, quote, speaker, authority and day are taken from the text, each with its offsets in
    `source.text`; what the text does not say is null and listed in `missing`. Nothing is published: with `save`
    complete drafts become records of status `draft`, all or none.
    """
    backend = backend_of(request)
    asked = await read_json(request, _REQUEST, backend.settings.max_body)
    extraction = await read_article(backend, asked)
    saved = await keep_drafts(request, extraction) if asked.save else []
    return answer(
        Extracted(drafts=extraction.drafts, source=extraction.sources[0], notes=extraction.notes, saved=tuple(saved))
    )


@get(
    "/v1/drafts/{rebuttal_id:str}/source",
    guards=[needs("editor")],
    opt=documented("drafts", parameters=(REBUTTAL_ID,), answers={200: DraftSource}, needs="editor"),
)
async def read_draft_source(request: Asked, rebuttal_id: FromPath[str]) -> ASGIResponse:
    """Read what a draft was taken from.

    The articles' text, the place of each field in it, and what the articles do not agree on. Kept also after the
    draft is published.
    """
    backend = backend_of(request)
    return answer(await backend.call(backend.runtime.store.sources.of, rebuttal_id))


async def read_article(backend: Backend, asked: ExtractRequest) -> Extraction:
    """The drafts that an article holds; fetched first where it is named by its address. Raises `ProblemError`."""
    given = await _given(backend, asked)
    from service.ingest.extract import extract  # noqa: PLC0415 - only editors' requests pay for its tables

    try:
        return await asyncio.get_running_loop().run_in_executor(_READER, extract, given)
    except ExtractionError as error:
        raise _refused(error.field or "$", error.detail) from None


async def _given(backend: Backend, asked: ExtractRequest) -> Given:
    """What is to be read: sent with the request, or fetched."""
    ways = [name for name in ("text", "html", "url") if getattr(asked, name) is not None]
    if len(ways) != 1:
        raise _refused("$", "Send one of `text`, `html` and `url`.")
    given = Given(text=asked.text, html=asked.html) if asked.url is None else await _fetched(backend, asked.url)
    return msgspec.structs.replace(
        given,
        address=asked.address or given.address,
        publisher=asked.publisher,
        published_on=asked.published_on,
        title=asked.title,
        language=asked.language,
    )


async def _fetched(backend: Backend, url: str) -> Given:
    settings = backend.settings
    if not settings.fetch_hosts:
        raise _refused("$.url", "This service fetches no pages: the setting `fetch_hosts` names no host. Send `html`.")
    from service.drafting import PageError, fetch  # noqa: PLC0415 - only what goes out pays for it
    from service.outbound import Outbound  # noqa: PLC0415 - as above

    try:
        return await fetch(Outbound(hosts=settings.fetch_hosts, private=settings.outbound_private), url)
    except (OutboundError, PageError) as error:
        raise _refused("$.url", error.detail) from None


async def keep_drafts(request: Asked, extraction: Extraction) -> list[Rebuttal]:
    """Keep drafts as records of status ``draft``, all or none. Raises `ProblemError`, `AlreadyExistsError`."""
    from service.drafting import IncompleteDraftError, check, save  # noqa: PLC0415 - only saving pays for it

    try:
        checked = check(extraction)
    except IncompleteDraftError as error:
        faults = tuple(FieldError(field, detail) for field, detail in error.faults)
        raise ProblemError("invalid-body", error.detail, errors=faults) from None
    runtime = backend_of(request).runtime
    return await save(checked, runtime.store, runtime.catalog, actor=actor_of(request))


def _refused(field: str, detail: str) -> ProblemError:
    return ProblemError("invalid-body", f"{field}: {detail}", errors=(FieldError(field, detail),))
