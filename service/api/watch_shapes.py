"""What goes in and out of the routes of the watches."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from service.domain import ClaimText, Language, ShortText, WebAddress
from service.store.watches import DeliveryState, EventType, Kind
from service.watches.messages import VerdictBrief, WatchData

LONGEST_WORDS: Final = 500
"""Characters of a query or a topic."""


class WebhookBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where webhooks go."""

    url: WebAddress


class WatchBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/watches``."""

    kind: Annotated[
        Literal["claim", "query", "topic"],
        Meta(
            description="`claim`: records that the verdict on this claim stands on. `query`: records near these words. "
            "`topic`: records that carry exactly this topic, in any case."
        ),
    ]
    text: Annotated[
        ClaimText, Meta(description=f"The claim; or the words, or the topic, of up to {LONGEST_WORDS} characters.")
    ]
    language: Annotated[
        Language | None, Meta(description="What the claim or query is in; of a topic, the records' language.")
    ] = None
    authority: Annotated[ShortText | None, Meta(description="Of a topic: the name of the authority.")] = None
    webhook: Annotated[WebhookBody | None, Meta(description="Where to send events; the feed has them in any case.")] = (
        None
    )


class WebhookState(Struct, frozen=True, kw_only=True):
    """Where webhooks go, and since when and why nothing is sent there any more."""

    url: str
    disabled_at: dt.datetime | None = None
    disabled_why: str | None = None


class WatchAnswer(Struct, frozen=True, kw_only=True):
    """A watch. ``secret`` signs its webhooks; it is there once, in the answer to asking or rotating."""

    id: str
    kind: Kind
    text: str
    language: str | None
    authority: str | None
    webhook: WebhookState | None
    verdict: VerdictBrief | None
    created_at: dt.datetime
    secret: str | UnsetType = UNSET


class WatchList(Struct, frozen=True, kw_only=True):
    """Part of the list; ``next_cursor`` is null on the last page."""

    items: list[WatchAnswer]
    next_cursor: str | None


class FeedEvent(Struct, frozen=True, kw_only=True):
    """An event: what the webhook carries, with the id that it is sent under."""

    id: str
    type: EventType
    timestamp: dt.datetime
    data: WatchData


class Feed(Struct, frozen=True, kw_only=True):
    """Events, the oldest first. ``next_cursor`` is never null: keep it, and ask with it again later."""

    items: list[FeedEvent]
    next_cursor: str
    more: bool


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of an event's webhook. ``state`` is `none` where the watch has no address."""

    id: str
    watch_id: str
    type: EventType
    at: dt.datetime
    state: DeliveryState
    attempts: int
    next_at: dt.datetime | None
    delivered_at: dt.datetime | None
    error: str | None


class Deliveries(Struct, frozen=True, kw_only=True):
    """Deliveries, the oldest first; ``next_cursor`` goes on from the last."""

    items: list[Delivery]
    next_cursor: str
    more: bool


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list."""

    cursor: Annotated[str, Meta(max_length=500, description="`next_cursor` of the answer before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100, description="How many.")] = 20


class DeliveryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries."""

    state: DeliveryState | None = None
