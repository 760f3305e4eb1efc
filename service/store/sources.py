"""The port to the texts that drafts were taken from, with the places of each field in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from service.domain import RebuttalId


class Source(Struct, frozen=True, kw_only=True):
    """An article as it was read: the clean text that every offset counts in, and what is known of it.

    Attributes:
        text: without what the page put around it.
        address: where it can be read.
        publisher: who published it.
        published_on: when.
        title: its headline.
        language: BCP 47 tag.
        remark: what somebody noted on this source.
        name: of the file that it came in.
    """

    text: str
    address: str | None = None
    publisher: str | None = None
    published_on: dt.date | None = None
    title: str | None = None
    language: str = "en"
    remark: str | None = None
    name: str | None = None


class Place(Struct, frozen=True):
    """Where something stands: ``sources[source].text[start:end]``, in Unicode code points."""

    source: int
    start: int
    end: int


class Reading(Struct, frozen=True, kw_only=True):
    """One of several values that sources give for a field."""

    source: int
    words: str
    value: str | None = None


class Conflict(Struct, frozen=True, kw_only=True):
    """Sources, or words within one, that do not agree. An editor decides."""

    field: str
    detail: str
    readings: tuple[Reading, ...] = ()


class DraftSourceContent(Struct, frozen=True, kw_only=True):
    """What one draft was taken from.

    Attributes:
        rebuttal_id: the draft.
        sources: the articles.
        offsets: for each field, as ``speaker.name``, where it stands.
        conflicts: what the articles do not agree on.
        notes: what an editor should know.
    """

    rebuttal_id: RebuttalId
    sources: tuple[Source, ...]
    offsets: dict[str, tuple[Place, ...]] = {}
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()


class DraftSource(DraftSourceContent, frozen=True, kw_only=True):
    """As the store holds it.

    Attributes:
        at: when it was kept.
        actor: who kept it.
    """

    at: dt.datetime
    actor: str


class Sources(Protocol):
    """Texts that drafts were taken from. Nothing of them changes an answer, so they are no event."""

    def keep(self, contents: Sequence[DraftSourceContent], *, actor: str) -> None:
        """Keep what drafts are taken from, all or nothing, before the drafts themselves are written.

        Raises:
            AlreadyExistsError: there is a record of one of these ids: what it was taken from stays as it is.
        """
        ...

    def of(self, rebuttal_id: str) -> DraftSource:
        """What a record was taken from. Raises `NotFoundError`: it was written by hand, or is not there."""
        ...
