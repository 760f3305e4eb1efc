"""What is told to whoever watches: the same document in the webhook and in the feed."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec
from msgspec import Struct

from service.domain import Authority, Label, Rating, Rebuttal, Speaker, Status
from service.store.watches import Change, EventType, Kind, Notice, Stand, Watch

_SOURCES: Final = 3


class Subject(Struct, frozen=True, kw_only=True):
    """The watch that an event is about."""

    id: str
    kind: Kind
    text: str


class SourceBrief(Struct, frozen=True, kw_only=True):
    """Where a statement can be read."""

    url: str
    publisher: str


class RebuttalBrief(Struct, frozen=True, kw_only=True):
    """A record in short; ``GET /v1/rebuttals/{id}`` has all of it. Of its citations the first three."""

    id: str
    revision: int
    status: Status
    rumor: str
    statement: str
    language: str
    authority: Authority
    speaker: Speaker | None
    rating: Rating
    stated_on: dt.date | None
    topics: tuple[str, ...]
    superseded_by: str | None
    sources: tuple[SourceBrief, ...]


class VerdictBrief(Struct, frozen=True, kw_only=True):
    """A verdict in short, and the record that it stands on."""

    label: Label
    rebuttal_id: str | None
    summary: str
    according_to: str | None

    @classmethod
    def of(cls, stand: Stand) -> VerdictBrief:
        """What is told of how a claim stands."""
        return cls(
            label=stand.label, rebuttal_id=stand.rebuttal_id, summary=stand.summary, according_to=stand.according_to
        )


class WatchData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event is about.

    Attributes:
        watch: whom it is for.
        rebuttal: the record that was published, changed or withdrawn; of a verdict, the record it stands on now.
        reason: why, in the editor's words.
        before: the verdict as it was told last, of a claim or verdict.
        after: the verdict as it would be now.
        store_version: number of the store's event that brought it about.
    """

    watch: Subject
    rebuttal: RebuttalBrief | None = None
    reason: str | None = None
    before: VerdictBrief | None = None
    after: VerdictBrief | None = None
    store_version: int | None = None


class WatchMessage(Struct, frozen=True, kw_only=True):
    """The body of a webhook, and an event of the feed."""

    type: EventType
    timestamp: dt.datetime
    data: WatchData


def of_record(watch: Watch, sort: EventType, change: Change, *, now: Stand | None = None) -> Notice:
    """What happened to a record; with how the claim stands ``now``, where the watch is of a claim."""
    record = change.after
    if record.status == "draft" and change.before is not None:
        # What an editor goes on writing is nobody else's to read: the wording that was public is told.
        record = msgspec.structs.replace(change.before, status="draft")
    data = WatchData(
        watch=_subject(watch),
        rebuttal=_brief(record),
        reason=change.event.reason,
        before=_verdict(watch.stand) if now else None,
        after=_verdict(now),
        store_version=change.event.number,
    )
    return _notice(watch, sort, change.event.at, data)


def of_verdict(watch: Watch, now: Stand, record: Rebuttal | None, change: Change) -> Notice:
    """A verdict that would now be different."""
    data = WatchData(
        watch=_subject(watch),
        rebuttal=None if record is None else _brief(record),
        before=_verdict(watch.stand),
        after=_verdict(now),
        store_version=change.event.number,
    )
    return _notice(watch, "verdict.changed", change.event.at, data)


def of_test(watch: Watch, at: dt.datetime) -> Notice:
    """A message that only shows that messages come through."""
    return _notice(watch, "watch.test", at, WatchData(watch=_subject(watch)))


def _notice(watch: Watch, sort: EventType, at: dt.datetime, data: WatchData) -> Notice:
    body = msgspec.json.encode(WatchMessage(type=sort, timestamp=at, data=data)).decode()
    return Notice(watch.id, sort, body)


def _subject(watch: Watch) -> Subject:
    return Subject(id=watch.id, kind=watch.kind, text=watch.text)


def _verdict(stand: Stand | None) -> VerdictBrief | None:
    return None if stand is None else VerdictBrief.of(stand)


def _brief(record: Rebuttal) -> RebuttalBrief:
    same = {name: getattr(record, name) for name in RebuttalBrief.__struct_fields__ if name != "sources"}
    sources = tuple(SourceBrief(url=one.url, publisher=one.publisher) for one in record.citations[:_SOURCES])
    return RebuttalBrief(**same, sources=sources)
