"""What a record's page shows beside the record: its ClaimReview markup, the state of its links, its history."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from service.api.backend import Backend
from service.domain import Citation, LinkState, Rebuttal, RebuttalContent
from service.store.links import CitedLink
from service.wording import day

STATES: Final[dict[LinkState, tuple[str, str]]] = {
    "fine": ("page found", "good"),
    "moved": ("page has moved", "warn"),
    "changed": ("page has changed", "warn"),
    "dead": ("page is gone", "bad"),
    "unreachable": ("page could not be reached", "warn"),
    "blocked": ("page cannot be checked", ""),
    "unchecked": ("not checked yet", ""),
}
WHY: Final[dict[str, str]] = {
    "quote-gone": "the quote is not on it any more",
    "text-changed": "its text is another one",
    "moved-for-good": "its site says so",
    "not-there": "its site has it no more",
    "host-gone": "the site is gone",
    "no-answer": "no answer",
    "server-error": "the site has a fault",
    "redirects": "it leads in circles",
    "too-slow": "too slow",
    "too-large": "too large",
    "refused": "the site refuses",
    "robots": "the site asks programs to stay away",
    "address-closed": "the address is not a public one",
    "no-text": "it holds no text",
}


class Shown(Struct, frozen=True, kw_only=True):
    """How a citation's page was last found, as a reader is told."""

    words: str
    tone: str = ""


def claim_review(record: Rebuttal, base: str) -> str:
    """The record as JSON-LD for a script element: nothing in it can end that element or begin another."""
    from service.ingest.claimreview.embed import embeddable  # noqa: PLC0415
    from service.ingest.claimreview.writing import to_jsonld  # noqa: PLC0415

    return embeddable(to_jsonld(record, base))


async def link_states(backend: Backend, record: Rebuttal) -> dict[int, Shown]:
    """What is known of the pages that a record cites, by the citation's place in it; the unchecked are left out."""
    links = backend.runtime.store.links
    found: list[CitedLink] = await backend.call(links.of, record.id)
    return {one.place: shown(one) for one in found if one.state != "unchecked"}


def shown(cited: CitedLink) -> Shown:
    """The state of a citation in words."""
    words, tone = STATES[cited.state]
    why = WHY.get(cited.why or "", "")
    when = f", {day(cited.link.checked_at.date())}" if cited.link.checked_at else ""
    return Shown(words=f"{words}{f': {why}' if why else ''}{when}", tone=tone)


def ranked(record: RebuttalContent) -> list[tuple[int, Citation]]:
    """The citations with their places in the record, primary sources first."""
    return sorted(enumerate(record.citations), key=lambda entry: entry[1].kind != "primary")
