"""What is sent: the bodies of requests and the parameters of addresses. Fields that hold their default are left out."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from msgspec import Struct, field, structs

from rejoinder_client.models.records import Authority, Citation, RebuttalContent, Speaker


class Notify(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where to tell that a verdict would now be different; without ``url`` only the watch's feed tells it."""

    url: str | None = None


class CheckBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A claim, or a longer text, to check."""

    claim: str
    language: str | None = None
    limit: int = 5
    as_of: dt.date | None = None
    mode: str = "claim"
    notify: Notify | None = None


class BatchItem(Struct, frozen=True, kw_only=True):
    """One claim of a batch."""

    id: str
    text: str


class BatchBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Claims to check together."""

    claims: tuple[BatchItem, ...]
    language: str | None = None
    limit: int = 5
    as_of: dt.date | None = None


class PairBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A claim and a rumor to compare."""

    claim: str
    rumor: str
    statement: str | None = None


class QueryBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to search for."""

    query: str
    limit: int = 10
    filters: dict[str, Any] = {}


class FeedbackBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of a verdict."""

    verdict_id: str
    rating: str
    expected: str | None = None
    about: str | None = None
    comment: str | None = None
    claim: str | None = None


class ReasonBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a step is taken."""

    reason: str | None = None


class SuccessionBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which record stands in for another."""

    by: str
    reason: str | None = None


class MergerBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which record becomes part of another."""

    other: str
    reason: str | None = None
    other_revision: int | None = None


class CitationsBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where else a statement can be read."""

    citations: tuple[Citation, ...]
    reason: str | None = None


class Sketch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record, or as much of it as there is yet: the rumor is enough."""

    rumor: str
    statement: str | None = None
    authority: Authority | None = None
    citations: tuple[Citation, ...] = ()
    id: str | None = None
    language: str = "en"
    variants: tuple[str, ...] = ()
    quote: str | None = None
    speaker: Speaker | None = None
    rating: str | None = None
    rating_words: str | None = None
    stated_on: dt.date | None = None
    topics: tuple[str, ...] = ()
    contested_with: tuple[str, ...] = ()
    status: str = "draft"
    superseded_by: str | None = None

    @classmethod
    def of(cls, content: RebuttalContent) -> Sketch:
        """A whole record as a sketch."""
        return cls(**{name: getattr(content, name) for name in RebuttalContent.__struct_fields__})


class ExtractBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An article to take drafts from, and what is known of it."""

    text: str | None = None
    html: str | None = None
    url: str | None = None
    address: str | None = None
    publisher: str | None = None
    published_on: dt.date | None = None
    title: str | None = None
    language: str | None = None
    save: bool = False


class VerificationBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose citations to check."""

    rebuttal_id: str
    save_hashes: bool = False


class Webhook(Struct, frozen=True, kw_only=True):
    """Where webhooks go."""

    url: str


class WatchBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A standing question."""

    kind: str
    text: str
    language: str | None = None
    authority: str | None = None
    webhook: Webhook | None = None


class LimitsBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The limits of a key; one that is left out is none."""

    per_minute: int | None = None
    expires_at: dt.datetime | None = None


class KeyBody(LimitsBody, frozen=True, kw_only=True, omit_defaults=True):
    """A key to make."""

    name: str
    role: str


class RotationBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Seconds for which the secret before still opens."""

    grace: int = 86_400


class PersonBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody to let in."""

    name: str
    role: str
    email: str | None = None
    password: str | None = None


class RoleBody(Struct, frozen=True, kw_only=True):
    """What somebody may do."""

    role: str


class PasswordBody(Struct, frozen=True, kw_only=True):
    """What somebody signs in with."""

    password: str


class PageQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which part of a list."""

    cursor: str | None = None
    limit: int | None = None

    def turned(self, to: Any) -> Self:  # noqa: ANN401 - what the page before has said, in its own way
        """The same for the page that begins there."""
        return structs.replace(self, cursor=to)


class RecordsQuery(PageQuery, frozen=True, kw_only=True, omit_defaults=True):
    """Which records, and which part of their list."""

    language: str | None = None
    status: str | None = None
    authority: str | None = None
    country: str | None = None
    topic: str | None = None
    stated_from: dt.date | None = None
    stated_to: dt.date | None = None


class ExportQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which records, and how they are written."""

    language: str | None = None
    status: str | None = None
    authority: str | None = None
    country: str | None = None
    topic: str | None = None
    stated_from: dt.date | None = None
    stated_to: dt.date | None = None
    format: str | None = None


class ImportQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where records come from, and what they become."""

    source: str | None = None
    as_draft: bool | None = None


class ReasonQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a record is written."""

    reason: str | None = None


class RevisionsQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which part of the list of a record's states."""

    before: int | None = None
    limit: int | None = None

    def turned(self, to: Any) -> Self:  # noqa: ANN401 - what the page before has said, in its own way
        """The same for the page that begins there."""
        return structs.replace(self, before=to)


class DiffQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which revisions to compare."""

    before: int | None = field(name="from", default=None)
    after: int | None = field(name="to", default=None)


class StateQuery(PageQuery, frozen=True, kw_only=True, omit_defaults=True):
    """Which part of a list, and in which state."""

    state: str | None = None


class LogQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From where on to read a log."""

    since: int | None = None
    limit: int | None = None


class EventsQuery(LogQuery, frozen=True, kw_only=True, omit_defaults=True):
    """From where on to read the log of changes, and of which record."""

    rebuttal_id: str | None = None


class IndexQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which part of the index."""

    since: int = 0


class DaysQuery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many days."""

    days: int | None = None
