"""The port to standing questions: who watches for what, and the durable queue of what they are to be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from service.domain import ClaimText, Event, Label, Language, Rebuttal, ShortText, WebAddress

Kind = Literal["claim", "query", "topic", "verdict"]
DeliveryState = Literal["none", "pending", "delivered", "dead"]
EventType = Literal[
    "rebuttal.published",
    "rebuttal.changed",
    "rebuttal.superseded",
    "rebuttal.retracted",
    "verdict.changed",
    "watch.test",
]


class Stand(Struct, frozen=True, kw_only=True):
    """How a claim stood when it was last checked.

    Attributes:
        label: of the verdict.
        records: the record that the verdict stands on, then the one that disputes it; empty where it settles nothing.
        touches: records whose change can change the verdict: those, others that dispute them, and the background.
        summary: the verdict in a sentence.
        according_to: whose words these are.
    """

    label: Label
    records: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    summary: str = ""
    according_to: str | None = None

    @property
    def rebuttal_id(self) -> str | None:
        """The record that the verdict stands on."""
        return self.records[0] if self.records else None


class WatchContent(Struct, frozen=True, kw_only=True):
    """What somebody watches for.

    Attributes:
        owner: whose it is: ``key:NAME`` or ``person:NAME``, as the event log names them.
        kind: ``claim``: records that settle it; ``query``: records near it; ``topic``: records that carry it;
            ``verdict``: changes of the verdict that was given on a claim.
        text: the claim, the words, or the topic.
        language: of a claim or query, what language it is in; of a topic, the language of the records.
        authority: of a topic, the name of the authority.
        url: where webhooks go; None for the feed alone.
    """

    owner: str
    kind: Kind
    text: ClaimText
    language: Language | None = None
    authority: ShortText | None = None
    url: WebAddress | None = None


class Watch(WatchContent, frozen=True, kw_only=True):
    """A watch as the store holds it.

    Attributes:
        id: ``watch_`` and 128 random bits.
        created_at: when it was asked for.
        since: number of the store's event that it has seen from the start: it is told of what came later.
        stand: of a claim or verdict, how it stood last.
        disabled_at: since when nothing is sent to the address any more.
        disabled_why: the reason.
    """

    id: str
    created_at: dt.datetime
    since: int
    stand: Stand | None = None
    disabled_at: dt.datetime | None = None
    disabled_why: str | None = None


class NewWatch(NamedTuple):
    """A watch to be kept, with its secret and, where it is found by meaning, its vector (unit, shape (dim,))."""

    content: WatchContent
    secret: str
    since: int
    stand: Stand | None = None
    model: str | None = None
    vector: NDArray[np.float32] | None = None


class Watching(NamedTuple):
    """A watch as the worker sees it; ``vector`` was made by ``model``."""

    watch: Watch
    model: str | None
    vector: NDArray[np.float32] | None


class Change(NamedTuple):
    """An event of the log with the record as it was before and as it was made."""

    event: Event
    before: Rebuttal | None
    after: Rebuttal


class Notice(NamedTuple):
    """What a watch is to be told: ``body`` is the JSON document that is signed and sent."""

    watch_id: str
    type: EventType
    body: str


class WatchEvent(Struct, frozen=True, kw_only=True):
    """A notice as the store holds it, with what became of its delivery.

    Attributes:
        id: goes out as ``webhook-id``: the same for every attempt.
        number: its place in the feed.
        watch_id: the watch it belongs to.
        type: what has happened.
        at: when.
        body: the JSON document that is signed and sent.
        state: ``none`` where the watch has no address.
        attempts: how often it was sent.
        next_at: when it is sent (again); None unless ``pending``.
        delivered_at: when the receiver took it.
        error: what went wrong the last time.
    """

    id: str
    number: int
    watch_id: str
    type: EventType
    at: dt.datetime
    body: str
    state: DeliveryState
    attempts: int = 0
    next_at: dt.datetime | None = None
    delivered_at: dt.datetime | None = None
    error: str | None = None


class Due(NamedTuple):
    """A delivery whose time has come. ``secrets``: one, or after a rotation the new and the old one."""

    event: WatchEvent
    url: str
    host: str
    secrets: tuple[str, ...]


class Outcome(NamedTuple):
    """What became of an attempt.

    Attributes:
        state: ``delivered``, ``pending`` (it is tried again at ``next_at``) or ``dead``.
        next_at: when; None unless ``pending``.
        error: what went wrong.
        disable: why nothing is to be sent to this address any more; None where it may be.
    """

    state: Literal["delivered", "pending", "dead"]
    next_at: dt.datetime | None = None
    error: str | None = None
    disable: str | None = None


class Work(NamedTuple):
    """What came of working through the log.

    Attributes:
        holder: who did it, under the lease.
        to: number of the last event that was worked through.
        seen: the place of the last watch that was held against the events, as `Watches.watching` gives it.
        notices: what watches are to be told.
        stands: how claims stand now, by watch id.
    """

    holder: str
    to: int
    seen: int
    notices: Sequence[Notice]
    stands: Sequence[tuple[str, Stand]]


class Bounds(NamedTuple):
    """How many watches there may be, in all and for one owner."""

    total: int
    each: int


class Backlog(NamedTuple):
    """Whether there is work: events that no watch has been held against, and when the next delivery is due."""

    behind: bool
    due_at: dt.datetime | None


class WatchPage(NamedTuple):
    """Part of the list of watches; ``next_cursor`` is None on the last one."""

    items: list[Watch]
    next_cursor: str | None


class EventPage(NamedTuple):
    """Part of a feed, the oldest first; ``next_cursor`` is where to go on from, now or later."""

    items: list[WatchEvent]
    next_cursor: str
    more: bool


class Watches(Protocol):
    """Watches, their events and deliveries, and the lease of the one process that works on them.

    Every method may raise what those of `service.store.base.Store` may.
    """

    def add(self, new: NewWatch, *, bounds: Bounds) -> Watch | None:
        """Keep a watch. Returns None where its ``since`` is older than what has been worked through: check again.

        Raises:
            WatchesFullError: there are as many as there may be.
        """
        ...

    def find_verdict(self, content: WatchContent) -> Watch | None:
        """The owner's watch of the kind ``verdict`` with this text and address, if there is one."""
        ...

    def get(self, watch_id: str, *, owner: str | None = None) -> Watch:
        """One watch. Raises `NotFoundError`, also for one that is not the owner's."""
        ...

    def page(self, *, owner: str | None, cursor: str | None, limit: int) -> WatchPage:
        """Watches in the order in which they came, of one owner or all. Raises `RejoinderError` for a bad cursor."""
        ...

    def remove(self, watch_id: str, *, owner: str | None = None) -> None:
        """Delete a watch, its text and its events for good. Raises `NotFoundError`."""
        ...

    def rotate(self, watch_id: str, secret: str, *, owner: str | None, until: dt.datetime) -> Watch:
        """Give it a new secret; the old one signs beside it until a moment. Raises `NotFoundError`."""
        ...

    def enable(self, watch_id: str, *, owner: str | None = None) -> Watch:
        """Send to its address again. Raises `NotFoundError`."""
        ...

    def tell(self, notice: Notice) -> WatchEvent:
        """Queue a notice outside the log's order, such as a test. Raises `NotFoundError`."""
        ...

    def feed(self, *, watch_id: str | None, owner: str | None, cursor: str | None, limit: int) -> EventPage:
        """Events of one watch or of all of an owner's, the oldest first. Raises `RejoinderError` for a bad cursor."""
        ...

    def deliveries(
        self, *, watch_id: str | None, owner: str | None, state: DeliveryState | None, cursor: str | None, limit: int
    ) -> EventPage:
        """As `feed`, by the state of the delivery."""
        ...

    def retry(self, event_id: str, *, watch_id: str | None = None, owner: str | None = None) -> WatchEvent:
        """Send a delivery again, now. Raises `NotFoundError`, and `InvalidTransitionError` where it has no address."""
        ...

    def backlog(self) -> Backlog:
        """Whether there is work. One cheap read."""
        ...

    def take_lease(self, holder: str, *, seconds: float) -> bool:
        """Become, or stay, the one process that works. False where another one is."""
        ...

    def drop_lease(self, holder: str) -> None:
        """Let another process work."""
        ...

    def changes(self, limit: int) -> list[Change]:
        """Events that have not been worked through, the oldest first."""
        ...

    def watching(self, after: int, limit: int) -> list[tuple[int, Watching]]:
        """Watches whose owner may still come in, with a place to go on ``after``; 0 for the first."""
        ...

    def vectors(self, model: str, ids: Sequence[str]) -> dict[str, tuple[int, NDArray[np.float32]]]:
        """Revision and vectors of records as they stand, whatever their status; those without are left out."""
        ...

    def keep_vectors(self, made: Sequence[tuple[str, str, NDArray[np.float32]]]) -> None:
        """Remember vectors of watches made by another model: (watch id, model, vector)."""
        ...

    def advance(self, work: Work) -> bool:
        """Note in one transaction that the log was worked through to an event, and what came of it.

        Returns:
            False, with nothing noted, where the lease has gone to another process or a watch has come meanwhile that
            asks for one of these events: work through them again.
        """
        ...

    def due(self, *, sending: Mapping[str, str], each_host: int, limit: int) -> list[Due]:
        """Deliveries whose time has come, the longest due first, at most so many of one host.

        Args:
            sending: deliveries under way, as id and host; they are left out.
            each_host: how many of one host may be under way, with those that are returned.
            limit: how many to return.
        """
        ...

    def settle(self, event_id: str, outcome: Outcome) -> None:
        """Note what became of an attempt; nothing where the watch is gone."""
        ...
