"""Feeds of what is new, changed and withdrawn: Atom (RFC 4287) and JSON Feed 1.1, from the event log.

Each record comes once, at its last event; its entry keeps its id, so a reader's program shows a retraction in the place
of what was retracted.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from service.domain import Event, Filters, Rebuttal
from service.ingest.claimreview.writing import WORDS, page_of
from service.store import Store

MOST: Final = 50
"""Entries of a feed."""
MOST_EVENTS: Final = 10_000
"""Events that are looked through for them; older ones are left to the list of records."""
ATOM: Final = "application/atom+xml"
JSON_FEED: Final = "application/feed+json"

_PIECE: Final = 500
_NEVER: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# What XML 1.0 cannot hold at all, not even as an entity.
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Entry(NamedTuple):
    """A record and the last thing that became of it."""

    record: Rebuttal
    event: Event


class About(NamedTuple):
    """What a feed says of itself.

    Attributes:
        title: for its readers.
        base: the public address of the service.
        address: of this feed.
        author: who publishes it.
    """

    title: str
    base: str
    address: str
    author: str


def entries(store: Store, filters: Filters) -> list[Entry]:
    """The records that changed last, the newest first; no drafts.

    Args:
        store: whose event log is read.
        filters: language, authority and topic count.
    """
    found: list[Entry] = []
    seen: set[str] = set()
    end = store.head()
    oldest = max(0, end - MOST_EVENTS)
    while end > oldest and len(found) < MOST:
        start = max(oldest, end - _PIECE)
        events = [event for event in reversed(store.events(start, end - start)) if event.rebuttal_id not in seen]
        records = store.get_many(list({event.rebuttal_id for event in events}))
        for event in events:
            record = records.get(event.rebuttal_id)
            if event.rebuttal_id not in seen and record and _fits(record, filters):
                found.append(Entry(record, event))
            seen.add(event.rebuttal_id)
        end = start
    return found[:MOST]


def title_of(entry: Entry) -> str:
    """What became of the record, and which rumor it is about."""
    record = entry.record
    what = {"retracted": "Retracted", "superseded": "Superseded"}.get(record.status)
    if what is None:
        what = "New" if record.revision == 1 or entry.event.action == "publish" else "Changed"
    return f"{what}: {record.rumor}"


def content_of(entry: Entry) -> str:
    """The statement with who made it, and why the record changed, as plain text."""
    record, event = entry
    said = f"{WORDS[record.rating]}, according to {record.authority.name}: {record.statement}"
    if record.status == "retracted":
        said = "This record has been retracted and answers no claim any more."
    elif record.status == "superseded":
        said = f"The record {record.superseded_by} stands in for this one now."
    return f"{said}\n\n{event.reason}" if event.reason else said


def atom(found: Sequence[Entry], about: About) -> bytes:
    """The entries as an Atom feed."""
    from feedgenerator import Atom1Feed  # noqa: PLC0415 - only who serves a feed needs it

    newest = updated(found) or _NEVER

    class Feed(Atom1Feed):  # type: ignore[misc]  # without types
        def latest_post_date(self) -> dt.datetime:
            return newest  # the library says "now" of an empty feed, which would be another text every time

    feed = Feed(
        title=_xml(about.title),
        link=f"{about.base}/",
        description="",
        feed_url=about.address,
        feed_guid=about.address,
        author_name=_xml(about.author),
        language=None,
    )
    for entry in found:
        record, page = entry.record, page_of(about.base, entry.record.id)
        feed.add_item(
            title=_xml(title_of(entry)),
            link=page,
            description=_as_html(content_of(entry)),
            unique_id=page,
            author_name=_xml(record.authority.name),
            pubdate=record.created_at,
            updateddate=entry.event.at,
            categories=[_xml(topic) for topic in record.topics],
        )
    written = io.StringIO()
    feed.write(written, "utf-8")
    return written.getvalue().encode()


def json_feed(found: Sequence[Entry], about: About) -> dict[str, Any]:
    """The entries as a JSON Feed."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": about.title,
        "home_page_url": f"{about.base}/",
        "feed_url": about.address,
        "authors": [{"name": about.author}],
        "items": [_item(entry, about.base) for entry in found],
    }


def updated(found: Sequence[Entry]) -> dt.datetime | None:
    """When the newest entry changed."""
    return found[0].event.at if found else None


def _item(entry: Entry, base: str) -> dict[str, Any]:
    record, page = entry.record, page_of(base, entry.record.id)
    return {
        "id": page,
        "url": page,
        "external_url": record.citations[0].url,
        "title": title_of(entry),
        "content_text": content_of(entry),
        "date_published": record.created_at,
        "date_modified": entry.event.at,
        "authors": [{"name": record.authority.name}],
        "tags": list(record.topics),
        "language": record.language,
    }


def _fits(record: Rebuttal, filters: Filters) -> bool:
    language = filters.language
    return (
        record.status != "draft"
        and (filters.topic is None or filters.topic in record.topics)
        and filters.authority in (None, record.authority.name)
        and (language is None or f"{record.language}-".lower().startswith(f"{language}-".lower()))
    )


def _as_html(text: str) -> str:
    """Plain text as HTML, which is what the library calls every summary."""
    return html.escape(_xml(text)).replace("\n", "<br>")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
