"""The words of extraction as types: what is read, what is proposed, and what stays open."""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec import Struct

from service.domain import AuthorityKind, CitationKind
from service.errors import RejoinderError
from service.store.sources import Conflict, Place, Reading, Source

__all__ = [
    "MAX_HTML",
    "MAX_TEXT",
    "Conflict",
    "Draft",
    "DraftAuthority",
    "DraftCitation",
    "DraftSpeaker",
    "Extraction",
    "ExtractionError",
    "Given",
    "Place",
    "Reading",
    "Source",
]

MAX_TEXT: Final = 200_000
"""Characters of an article's text: 35,000 English words, five long briefings."""
MAX_HTML: Final = 5_000_000
"""Bytes of a page's markup."""


class ExtractionError(RejoinderError):
    """A text that cannot be read as an article: too long, empty, nested too deeply."""


class Given(Struct, frozen=True, kw_only=True):
    """An article as somebody hands it over: text or HTML, and what is known of where it stood.

    Attributes:
        text: plain text; None where there is ``html``.
        html: markup, which is never rendered or run.
        address: where it can be read.
        publisher: who published it.
        published_on: when; what "on Tuesday" is counted from.
        title: its headline.
        language: BCP 47 tag; detected where it is not known.
        remark: what somebody noted on this source; dates in it are compared with those of the text.
        name: of the file, for messages.
    """

    text: str | None = None
    html: str | None = None
    address: str | None = None
    publisher: str | None = None
    published_on: dt.date | None = None
    title: str | None = None
    language: str | None = None
    remark: str | None = None
    name: str | None = None


class DraftAuthority(Struct, frozen=True, kw_only=True):
    """Who speaks, as far as the text says it."""

    name: str
    kind: AuthorityKind = "other"
    country: str | None = None


class DraftSpeaker(Struct, frozen=True, kw_only=True):
    """The person who said it, as far as the text says it."""

    name: str | None = None
    role: str | None = None


class DraftCitation(Struct, frozen=True, kw_only=True):
    """A source as a citation; without an address or a publisher it is not one yet."""

    source: int
    url: str | None = None
    publisher: str | None = None
    title: str | None = None
    published_on: dt.date | None = None
    stated_on: dt.date | None = None
    kind: CitationKind = "report"
    language: str | None = None
    quote: str | None = None

    @property
    def complete(self) -> bool:
        """Whether it can stand in a record."""
        return bool(self.url and self.publisher)


class Draft(Struct, frozen=True, kw_only=True):
    """A proposed rebuttal. Nothing in it was made up: what the text does not say is None and named in ``missing``.

    Attributes:
        rumor: what is denied, as an affirmative sentence; empty, and in ``missing``, where none could be made.
        variants: other wordings of it in the sources.
        statement: what the authority says instead, in the words of a source.
        quote: verbatim, without the quotation marks.
        language: of rumor and statement.
        speaker: the person.
        authority: the body that the person speaks for.
        stated_on: the day of the statement.
        citations: one for each source that reports it.
        offsets: the places in the sources that fields were taken from.
        missing: fields that a record needs and an editor has to fill in.
        conflicts: what the sources do not agree on.
        notes: what an editor should know.
    """

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


class Extraction(Struct, frozen=True, kw_only=True):
    """What was found in one or several articles on one matter."""

    drafts: tuple[Draft, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()
