"""Standing questions and what they tell: in webhooks and in feeds, the same documents."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from rejoinder_client.models.records import Authority, Speaker


class WebhookState(Struct, frozen=True, kw_only=True):
    """Where webhooks go, and since when and why nothing is sent there any more."""

    url: str
    disabled_at: dt.datetime | None = None
    disabled_why: str | None = None


class VerdictBrief(Struct, frozen=True, kw_only=True):
    """A verdict in short, and the record that it stands on."""

    label: str
    rebuttal_id: str | None = None
    summary: str
    according_to: str | None = None


class Watch(Struct, frozen=True, kw_only=True):
    """A standing question.

    Attributes:
        id: names it.
        kind: ``claim``, ``query`` or ``topic``; ``verdict`` where a check asked to be told of another verdict.
        text: the claim, the words or the topic.
        language: what it is in.
        authority: of a topic, the authority that it is limited to.
        webhook: where events are sent; None where the feed alone tells them.
        verdict: how the claim stood when it was told last.
        created_at: when it was asked.
        secret: signs its webhooks. It is there once: in the answer to asking, and to rotating the secret.
    """

    id: str
    kind: str
    text: str
    language: str | None = None
    authority: str | None = None
    webhook: WebhookState | None = None
    verdict: VerdictBrief | None = None
    created_at: dt.datetime
    secret: str | None = None


class Subject(Struct, frozen=True, kw_only=True):
    """The watch that an event is about."""

    id: str
    kind: str
    text: str


class Source(Struct, frozen=True, kw_only=True):
    """Where a statement can be read."""

    url: str
    publisher: str


class RebuttalBrief(Struct, frozen=True, kw_only=True):
    """A record in short, with the first few of its citations."""

    id: str
    revision: int
    status: str
    rumor: str
    statement: str
    language: str
    authority: Authority
    speaker: Speaker | None = None
    rating: str
    stated_on: dt.date | None = None
    topics: tuple[str, ...]
    superseded_by: str | None = None
    sources: tuple[Source, ...]


class WatchData(Struct, frozen=True, kw_only=True):
    """What an event is about: the record, and how the verdict stood before and stands after."""

    watch: Subject
    rebuttal: RebuttalBrief | None = None
    reason: str | None = None
    before: VerdictBrief | None = None
    after: VerdictBrief | None = None
    store_version: int | None = None


class WatchEvent(Struct, frozen=True, kw_only=True):
    """An event of a watch. ``id`` is that of the webhook: the same for every attempt to send it.

    ``type`` is ``rebuttal.published``, ``rebuttal.changed``, ``rebuttal.superseded``, ``rebuttal.retracted``,
    ``verdict.changed`` or ``watch.test``.
    """

    id: str = ""
    type: str
    timestamp: dt.datetime
    data: WatchData


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of an event's webhook: ``pending``, ``delivered``, ``dead``, or ``none`` without an address."""

    id: str
    watch_id: str
    type: str
    at: dt.datetime
    state: str
    attempts: int
    next_at: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    error: str | None = None
