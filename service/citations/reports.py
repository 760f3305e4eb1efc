"""The state of citations as it is shown: each beside the citation itself. The API, the desk and the CLI share this."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from service.citations.verifying import Verifier
from service.domain import Citation, LinkState
from service.store import Store
from service.store.links import CitedLink, Why

AT_ONCE: Final = 20
"""Addresses that are asked while somebody waits."""
_WAIT_S: Final = 25.0
_AGAIN: Final = dt.timedelta(minutes=10)


class CitationReport(Struct, frozen=True, kw_only=True):
    """A citation and what is known of its page.

    Attributes:
        rebuttal_id: whose citation it is.
        place: in the record's list, from 0.
        citation: as the record has it.
        state: ``fine``, ``moved`` (for good), ``changed`` (quote or text), ``dead``, ``unreachable`` (this time),
            ``blocked`` (it may not be asked, or shows no text) or ``unchecked``.
        why: the reason of a state that is not ``fine``.
        checked_at: when the page was last asked.
        status: HTTP status of its last answer.
        final_url: where redirects led.
        content_sha256: of the page's text by its letters; of the bytes of a page that is no text.
    """

    rebuttal_id: str
    place: int
    citation: Citation
    state: LinkState
    why: Why | None
    checked_at: dt.datetime | None
    status: int | None
    final_url: str | None
    content_sha256: str | None


class ReportPage(NamedTuple):
    """Part of the list; ``next_cursor`` is None on the last one."""

    items: list[CitationReport]
    next_cursor: str | None


class Verified(NamedTuple):
    """What a check of one record did: addresses asked, addresses left for the next call, and the states now."""

    checked: int
    left: int
    items: list[CitationReport]


def page(store: Store, state: LinkState | None, *, cursor: str | None, limit: int) -> ReportPage:
    """Citations of published records, in the order of their ids. Raises `RejoinderError` for a wrong cursor."""
    found = store.links.page(state, cursor=cursor, limit=limit)
    return ReportPage(_reports(store, found.items), found.next_cursor)


def of_record(store: Store, rebuttal_id: str) -> list[CitationReport]:
    """The citations of a record. Raises `NotFoundError`."""
    store.get(rebuttal_id)
    return _reports(store, store.links.of(rebuttal_id))


async def verify_record(store: Store, verifier: Verifier, rebuttal_id: str, *, keep_hashes: bool) -> Verified:
    """Ask a record's pages while somebody waits: 20 at most, within half a minute.

    What was asked in the last ten minutes is not asked again, so the same call again goes on with what was left.

    Raises:
        NotFoundError: there is no such record.
    """
    await asyncio.to_thread(store.get, rebuttal_id)
    report = await verifier.run(
        limit=AT_ONCE, older_than=_AGAIN, record=rebuttal_id, keep_hashes=keep_hashes, seconds=_WAIT_S
    )
    items = await asyncio.to_thread(of_record, store, rebuttal_id)
    left = len({item.citation.url for item in items if item.state == "unchecked"})
    return Verified(report.addresses, max(left, report.postponed), items)


def _reports(store: Store, found: Sequence[CitedLink]) -> list[CitationReport]:
    records = store.get_many(list({one.rebuttal_id for one in found}))
    reports: list[CitationReport] = []
    for one in found:
        citations = records[one.rebuttal_id].citations if one.rebuttal_id in records else ()
        # A record may be edited between two looks: what was found then says nothing of another address.
        if one.place < len(citations) and citations[one.place].url == one.link.url:
            reports.append(_report(one, citations[one.place]))
    return reports


def _report(one: CitedLink, citation: Citation) -> CitationReport:
    link = one.link
    return CitationReport(
        rebuttal_id=one.rebuttal_id,
        place=one.place,
        citation=citation,
        state=one.state,
        why=one.why,
        checked_at=link.checked_at,
        status=link.status,
        final_url=link.final_url,
        content_sha256=link.content_sha256,
    )
