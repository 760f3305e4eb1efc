"""Articles in, draft records out: fetched, read, proposed, and kept with the text that they were taken from.

The API, the command line and the desk do the same through here. Nothing is ever published.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from service.catalog import Catalog
from service.domain import Rebuttal, RebuttalContent
from service.errors import AlreadyExistsError, InvalidRecordError, RejoinderError
from service.ingest.extract import Extraction, Given
from service.ingest.extract.model import MAX_HTML
from service.ingest.extract.record import faults_of, to_record, to_source
from service.outbound import Outbound
from service.outbound.bodies import is_charset
from service.store import Store

_CHARSET: Final = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w-]{2,40})""", re.IGNORECASE)
_IN_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_HEAD: Final = 4_096
_READABLE: Final = ("text/html", "application/xhtml+xml", "text/plain")
_OK: Final = 200
_BOM: Final = "\ufeff"


class IncompleteDraftError(InvalidRecordError):
    """Drafts that cannot be kept.

    Attributes:
        faults: for each field its path, and what to do.
    """

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        first, detail = faults[0]
        super().__init__(f"{first}: {detail} Nothing was saved.", field=first)
        self.faults = tuple(faults)


class PageError(RejoinderError):
    """A page was answered that is no article: an error of the other server, or another kind of file."""


class Checked(NamedTuple):
    """Drafts that can be kept, as records."""

    extraction: Extraction
    records: tuple[RebuttalContent, ...]


def check(extraction: Extraction) -> Checked:
    """The drafts as records.

    Raises:
        IncompleteDraftError: names every field that is missing or does not fit, of every draft.
    """
    faults: list[tuple[str, str]] = []
    records = []
    for number, draft in enumerate(extraction.drafts):
        own = [(f"$.drafts[{number}].{field}", detail) for field, detail in faults_of(draft)]
        if not own:
            try:
                records.append(to_record(draft))
            except msgspec.ValidationError as error:
                own = [(f"$.drafts[{number}]", f"{error}.")]
        faults += own
    if faults:
        raise IncompleteDraftError(faults)
    return Checked(extraction, tuple(records))


async def save(checked: Checked, store: Store, catalog: Catalog, *, actor: str) -> list[Rebuttal]:
    """Keep drafts as records of status ``draft``, and what they were taken from.

    The text is kept first: a crash in between leaves a text without its record, which nobody sees and which saving
    again replaces, and never a record without its text.

    Raises:
        AlreadyExistsError: one of them is there already; nothing was saved.
    """
    names = [record.id or "" for record in checked.records]
    if len(set(names)) < len(names):
        raise AlreadyExistsError("Two of the drafts have one rumor and one authority; nothing was saved.")
    sources = [
        to_source(draft, checked.extraction, name) for draft, name in zip(checked.extraction.drafts, names, strict=True)
    ]
    await asyncio.to_thread(store.sources.keep, sources, actor=actor)
    return [await catalog.create(record, actor=actor) for record in checked.records]


async def fetch(outbound: Outbound, url: str) -> Given:
    """Get an article's page.

    Raises:
        OutboundError: the address may not be asked, or could not be.
        PageError: what came is no page of text, or an error of the other server.
    """
    fetched = await outbound.fetch(url, most=MAX_HTML)
    kind = fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
    if fetched.status != _OK:
        raise PageError(f"The page answers with the status {fetched.status}.", field="$.url")
    if kind not in _READABLE:
        raise PageError(f"The page is no text or HTML but {kind or 'of an unnamed type'}.", field="$.url")
    text = decoded(fetched.body, fetched.headers.get("content-type", ""))
    return Given(html=None if kind == "text/plain" else text, text=text if kind == "text/plain" else None, address=url)


def decoded(body: bytes, content_type: str = "") -> str:
    """The bytes of a page as text: by its header, its markup, else as UTF-8; what does not fit is replaced."""
    named = _IN_HEADER.search(content_type)
    found = _CHARSET.search(body[:_HEAD])
    charset = named[1] if named else found[1].decode("ascii") if found else "utf-8"
    try:
        charset = charset if is_charset(charset) else "utf-8"
        return body.decode(charset, errors="replace").removeprefix(_BOM)
    except (LookupError, ValueError):
        return body.decode("utf-8", errors="replace").removeprefix(_BOM)
