"""Articles, and the drafts that were taken from them."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from rejoinder_client.models.records import Rebuttal


class Article(Struct, frozen=True, kw_only=True):
    """An article as it was read: the clean text that every offset counts in, and what is known of it."""

    text: str
    address: str | None = None
    publisher: str | None = None
    published_on: dt.date | None = None
    title: str | None = None
    language: str = "en"
    remark: str | None = None
    name: str | None = None


class Place(Struct, frozen=True):
    """Where something stands: start and end in the text of an article, in Unicode code points."""

    source: int
    start: int
    end: int


class Reading(Struct, frozen=True, kw_only=True):
    """One of several values that articles give for a field."""

    source: int
    words: str
    value: str | None = None


class Conflict(Struct, frozen=True, kw_only=True):
    """Articles, or words within one, that do not agree. An editor decides."""

    field: str
    detail: str
    readings: tuple[Reading, ...] = ()


class DraftAuthority(Struct, frozen=True, kw_only=True):
    """Who speaks, as far as the text says it."""

    name: str
    kind: str = "other"
    country: str | None = None


class DraftSpeaker(Struct, frozen=True, kw_only=True):
    """The person who said it, as far as the text says it."""

    name: str | None = None
    role: str | None = None


class DraftCitation(Struct, frozen=True, kw_only=True):
    """An article as a citation; without an address or a publisher it is not one yet."""

    source: int
    url: str | None = None
    publisher: str | None = None
    title: str | None = None
    published_on: dt.date | None = None
    stated_on: dt.date | None = None
    kind: str = "report"
    language: str | None = None
    quote: str | None = None


class Draft(Struct, frozen=True, kw_only=True):
    """A proposed rebuttal: what the text does not say is None and named in ``missing``."""

    rumor: str
    statement: str
    variants: tuple[str, ...] = ()
    quote: str | None = None
    language: str = "en"
    speaker: DraftSpeaker | None = None
    authority: DraftAuthority | None = None
    stated_on: dt.date | None = None
    citations: tuple[DraftCitation, ...] = ()
    offsets: dict[str, tuple[Place, ...]] = {}
    missing: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()


class Extracted(Struct, frozen=True, kw_only=True):
    """Proposed drafts, the text that their offsets count in, and what an editor should know; ``saved`` are records."""

    drafts: tuple[Draft, ...]
    source: Article
    notes: tuple[str, ...] = ()
    saved: tuple[Rebuttal, ...] = ()


class DraftSource(Struct, frozen=True, kw_only=True):
    """What a kept draft was taken from."""

    rebuttal_id: str
    sources: tuple[Article, ...]
    offsets: dict[str, tuple[Place, ...]] = {}
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()
    at: dt.datetime
    actor: str


class Provenance(Struct, frozen=True, kw_only=True):
    """What a record was imported from, and what of it was left out."""

    rebuttal_id: str
    source: str
    format: str
    sha256: str
    original_id: str | None = None
    notes: tuple[str, ...] = ()
    at: dt.datetime
    actor: str
