"""From an answer to a state: of the page, and of each citation of it. Pure: no network, no store."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from service.citations.text import PageText, reader
from service.domain import Citation, LinkState
from service.errors import OutboundError
from service.outbound import Fetched
from service.store.links import Link, Why

GONE_AFTER: Final = 3
"""Checks in a row that reach nobody before a host counts as gone, and…"""
GONE_FOR: Final = dt.timedelta(days=2)
"""…the least time between the first and the last of them: an outage is not an end."""

_LONGEST_WAIT: Final = dt.timedelta(days=1)
_SHORT: Final = 200
"""Letters of a page that holds no article: a shell that scripts would fill, or a wall of consent."""

_OK: Final = range(200, 300)
_GONE: Final = frozenset({404, 410})
_REFUSED: Final = frozenset({401, 402, 403, 407, 429, 451})
_FOR_GOOD: Final = frozenset({301, 308})
_LONGEST_TAG: Final = 1_000

_NOTHING_SEEN: Final = {"retry_at": None, "etag": None, "last_modified": None}
"""Without the tags the next check asks for the whole page: its citations have lost the state that it gave them."""

_WHY: Final[dict[str, Why]] = {
    "too-large": "too-large",
    "too-slow": "too-slow",
    "too-many-redirects": "redirects",
    "unreachable": "no-answer",
}


def after_answer(link: Link, got: Fetched, page: PageText | None, now: dt.datetime) -> Link:
    """The address after an answer; ``page`` is what was read of it where the status is 2xx."""
    state, why = _of_answer(link.url, got)
    link = replace(
        link,
        state=state,
        why=why,
        checked_at=now,
        status=got.status,
        final_url=got.url,
        failures=0,
        failing_since=None,
        retry_at=None,
    )
    if page is None:
        return replace(link, **_NOTHING_SEEN | {"retry_at": retry_at(got, now)})
    tag, modified = (got.headers.get(name) for name in ("etag", "last-modified"))
    return replace(link, content_sha256=page.sha256, etag=_kept(tag), last_modified=_kept(modified))


def after_failure(link: Link, error: OutboundError, now: dt.datetime) -> Link:
    """The address after a check that brought no answer: one failure is no death."""
    if error.reason == "forbidden":
        return blocked(link, "address-closed", now)
    why = _WHY[error.reason]
    failures, since = link.failures + 1, link.failing_since or now
    gone = why == "no-answer" and failures >= GONE_AFTER and now - since >= GONE_FOR
    return replace(
        link,
        state="dead" if gone else "unreachable",
        why="host-gone" if gone else why,
        checked_at=now,
        status=None,
        failures=failures,
        failing_since=since,
        **_NOTHING_SEEN,
    )


def blocked(link: Link, why: Why, now: dt.datetime) -> Link:
    """The address when it must not be asked."""
    return replace(link, state="blocked", why=why, checked_at=now, status=None, **_NOTHING_SEEN)


def unchanged(link: Link, now: dt.datetime) -> Link:
    """The address after ``304 Not Modified``: what was found of its citations holds."""
    return replace(link, checked_at=now, failures=0, failing_since=None, retry_at=None)


def state_of(citation: Citation, link: Link, page: PageText | None) -> tuple[LinkState, Why | None]:
    """The state of a citation, and why: that of its page, unless the page no longer says what it is cited for."""
    if link.state not in {"fine", "moved"} or page is None:
        return link.state, link.why
    if citation.quote and page.letters is not None and not page.says(citation.quote):
        return ("changed", "quote-gone") if len(page.letters) >= _SHORT else ("blocked", "no-text")
    if citation.content_sha256:
        same = citation.content_sha256 in {page.sha256, page.bytes_sha256}
    else:
        same = link.kept_sha256 in {None, page.sha256} or link.kept_by != reader()
    return (link.state, link.why) if same else ("changed", "text-changed")


def keeping(link: Link) -> Link:
    """The address with the text of now as the one to compare with, where there is none that can be compared."""
    if link.state != "fine" or (link.kept_sha256 and link.kept_by == reader()):
        return link
    return replace(link, kept_sha256=link.content_sha256, kept_by=reader())


def retry_at(got: Fetched, now: dt.datetime) -> dt.datetime | None:
    """Until when the host asks to be left alone (RFC 9110, ``Retry-After``), a day at most; None where it does not."""
    given = got.headers.get("retry-after", "").strip()
    if not given:
        return None
    try:
        until = now + dt.timedelta(seconds=int(given)) if given.isdecimal() else parsedate_to_datetime(given)
        until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(until, now), now + _LONGEST_WAIT)


def _of_answer(url: str, got: Fetched) -> tuple[LinkState, Why | None]:
    if got.status in _GONE:
        return "dead", "not-there"
    if got.status in _REFUSED:
        return "blocked", "refused"
    if got.status not in _OK:
        return "unreachable", "server-error"
    moved = bool(got.hops) and got.hops[0][0] in _FOR_GOOD and _page(url) != _page(got.url)
    return ("moved", "moved-for-good") if moved else ("fine", None)


def _page(url: str) -> tuple[str, str, str]:
    """An address without what sites add or drop while the page stays: https, ``www.``, a last slash."""
    parts = urlsplit(url)
    return ((parts.hostname or "").removeprefix("www."), parts.path.rstrip("/"), parts.query)


def _kept(header: str | None) -> str | None:
    return header if header and len(header) <= _LONGEST_TAG and header.isascii() else None
