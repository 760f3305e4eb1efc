"""Records: what an authority said about a rumor, and what became of the record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import Struct, field


class Authority(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who speaks: a ministry, an agency, a company, a court. ``country`` is an ISO 3166-1 alpha-2 code."""

    name: str
    kind: str = "other"
    country: str | None = None


class Speaker(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person who said it; either part may be unknown."""

    name: str | None = None
    role: str | None = None


class Citation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a statement can be read. ``kind`` is ``primary`` or ``report``."""

    url: str
    publisher: str
    title: str | None = None
    published_on: dt.date | None = None
    kind: str = "report"
    language: str | None = None
    quote: str | None = None
    archived_url: str | None = None
    content_sha256: str | None = None
    last_checked: dt.datetime | None = None


class RebuttalContent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an editor writes: one authority's denial or correction of one rumor."""

    rumor: str
    statement: str
    authority: Authority
    citations: tuple[Citation, ...]
    id: str | None = None
    variants: tuple[str, ...] = ()
    quote: str | None = None
    language: str = "en"
    speaker: Speaker | None = None
    rating: str = "false"
    rating_words: str | None = None
    stated_on: dt.date | None = None
    topics: tuple[str, ...] = ()
    contested_with: tuple[str, ...] = ()
    status: str = "published"
    superseded_by: str | None = None


class Rebuttal(RebuttalContent, frozen=True, kw_only=True, omit_defaults=True):
    """A record as the service holds it. ``revision`` is its ETag, without the quotes."""

    id: str
    revision: int
    created_at: dt.datetime
    updated_at: dt.datetime

    @property
    def content(self) -> RebuttalContent:
        """What an editor wrote, without what the service says of it."""
        return RebuttalContent(**{name: getattr(self, name) for name in RebuttalContent.__struct_fields__})


class Revision(Struct, frozen=True, kw_only=True):
    """One state of a record, and who made it so."""

    revision: int
    at: dt.datetime
    actor: str
    action: str
    reason: str | None = None
    rebuttal: Rebuttal


class Revisions(Struct, frozen=True, kw_only=True):
    """States of a record, the newest first; ``next_before`` is None where there are no older ones."""

    items: tuple[Revision, ...]
    next_before: int | None = None

    @property
    def following(self) -> int | None:
        """The revision that older ones are read from."""
        return self.next_before


class WordChange(Struct, frozen=True):
    """A stretch of a text that was replaced: start and end in characters, before and after."""

    before: tuple[int, int]
    after: tuple[int, int]


class Change(Struct, frozen=True, kw_only=True):
    """A field that is not what it was. ``path`` is a JSON path, ``kind`` is ``added``, ``removed`` or ``changed``."""

    path: str
    kind: str
    before: Any = None
    after: Any = None
    words: tuple[WordChange, ...] = ()


class Diff(Struct, frozen=True, kw_only=True):
    """What changed from one revision of a record to another."""

    rebuttal_id: str
    before: int = field(name="from")
    after: int = field(name="to")
    changes: tuple[Change, ...]


class Similar(Struct, frozen=True, kw_only=True):
    """A record near one that is being written; ``duplicate`` where saving that would warn of it."""

    rebuttal: Rebuttal
    duplicate: bool
    same_rumor: float | None = None
    near: float
    statement_near: float
    same_authority: bool
    same_page: bool


class Event(Struct, frozen=True, kw_only=True):
    """One entry of the log of changes. ``hash`` covers every other field, ``previous`` included."""

    number: int
    at: dt.datetime
    actor: str
    action: str
    rebuttal_id: str
    revision: int
    reason: str | None = None
    content_sha256: str
    previous: str
    hash: str


class Events(Struct, frozen=True, kw_only=True):
    """A piece of the log, oldest first; ``head`` is the number of the last event that there is."""

    items: tuple[Event, ...]
    head: int


class RejectedLine(Struct, frozen=True, kw_only=True):
    """A line of an import that was refused, and why."""

    line: int
    error: str
    id: str | None = None


class ImportReport(Struct, frozen=True, kw_only=True):
    """What an import did. ``rejected`` names the first lines that were refused, ``rejected_total`` counts them all."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: tuple[RejectedLine, ...] = ()
    rejected_total: int = 0


class CitationReport(Struct, frozen=True, kw_only=True):
    """A citation and what is known of its page."""

    rebuttal_id: str
    place: int
    citation: Citation
    state: str
    why: str | None = None
    checked_at: dt.datetime | None = None
    status: int | None = None
    final_url: str | None = None
    content_sha256: str | None = None


class VerifiedCitations(Struct, frozen=True, kw_only=True):
    """Addresses that were asked, addresses that are left for the same call again, and the states as they are now."""

    checked: int
    left: int
    items: tuple[CitationReport, ...]
