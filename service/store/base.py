"""The port to the store of rebuttals. Adapters implement it; nothing else knows SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, Protocol, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from service.domain import ApiKey, Event, Filters, Rebuttal, RebuttalContent, Revision, Role
from service.feedback import Feedback, FeedbackContent
from service.store.encodings import Encodings
from service.store.links import Links
from service.store.people import People
from service.store.provenance import Provenances
from service.store.sources import Sources
from service.store.standing import Standing
from service.store.tallies import Tallies
from service.store.watches import Watches

T = TypeVar("T")
Outcome = Literal["created", "updated", "unchanged"]
Action = Literal["create", "update", "import", "publish", "cite", "merge", "retract", "supersede", "starter"]


class Write(Struct, frozen=True, kw_only=True):
    """One record to be written.

    Attributes:
        content: the new state, its ``id`` set.
        action: what the event log calls it.
        reason: why, in the editor's words.
        expected_revision: the revision the writer has seen; 0: the record must not exist; None: whatever is there.
        vectors: shape (number of passages, dim), unit rows, or None where they are made later.
        model: ``name@revision`` of the encoder that made the vectors.
        unless_edited_by_others: leave the record alone (``unchanged``) if its last revision is another actor's:
            how the starter corpus is refreshed without touching what a user edited.
    """

    content: RebuttalContent
    action: Action
    reason: str | None = None
    expected_revision: int | None = None
    vectors: NDArray[np.float32] | None = None
    model: str | None = None
    unless_edited_by_others: bool = False


class Written(NamedTuple):
    """What became of a write."""

    outcome: Outcome
    rebuttal: Rebuttal


class Page(NamedTuple):
    """Part of a list; ``next_cursor`` is None on the last one."""

    items: list[Rebuttal]
    next_cursor: str | None


class FeedbackPage(NamedTuple):
    """Part of the list of feedback; ``next_cursor`` is None on the last one."""

    items: list[Feedback]
    next_cursor: str | None


class VectorChange(NamedTuple):
    """The vectors of a record as of a place in the feed of changes: None when it has none or no longer answers claims.

    ``fields`` gives for each row the place of its field in ``service.passages.FIELDS``.
    """

    position: int
    id: str
    fields: NDArray[np.uint8] | None
    vectors: NDArray[np.float32] | None


class Vectors(NamedTuple):
    """The vectors of a record, float32, shape (passages, dim); ``fields`` as in `VectorChange`."""

    fields: NDArray[np.uint8]
    rows: NDArray[np.float32]


class Store(Protocol):
    """Records with every revision, an event log and vectors. Safe to use from several threads.

    Every method may raise `StoreLockedError`, `StoreFullError` or `StoreCorruptError`.
    """

    id: str
    """Made at random with the store: tells whose index a file is."""

    def read(self, work: Callable[[Store], T], *, at_least: int = 0) -> T:
        """Do work that only reads, all of it where at least a version of the store is known: on a replica, perhaps."""
        ...

    def saw(self, version: int) -> None:
        """Somebody who asks has seen this version: nothing is answered from before it."""
        ...

    def head(self) -> int:
        """Number of the last event; 0 when there is none."""
        ...

    def position(self) -> int:
        """How far the feed of `vector_changes` has come; 0 when there is nothing in it.

        Apart from `head`, because vectors made after the fact change what an index holds but no record: they are no
        event.
        Every event moves it too, so an index at this position is up to date.
        """
        ...

    def seal(self, version: int) -> str:
        """The hash of an event of the log, which covers every event before it; empty where there is no such event.

        Of 0, before the first event: what the first one calls the one before.
        """
        ...

    def passed(self, version: int, seal: str, position: int) -> bool:
        """Whether the store has come by a place in its feed as somebody knows it who has read up to there.

        Not so where the store was put back to an earlier state, and has perhaps come as far again by other writes.

        Args:
            version: number of the last event that was read.
            seal: of that event.
            position: in the feed; every change of a later event lies behind it.
        """
        ...

    def alone(self) -> AbstractContextManager[Callable[[], None]]:
        """Be the only process that changes encoders, for the block; ends with the process, however that ends.

        Returns:
            A function that raises `StoreError` where this is so no longer, because a server is gone.

        Raises:
            StoreLockedError: another process is at it.
        """
        ...

    def count(self, filters: Filters | None = None) -> int:
        """How many records there are."""
        ...

    def ids(self, filters: Filters, limit: int) -> list[str]:
        """The ids of records that the filters let through, so many at most, in no order."""
        ...

    def get(self, rebuttal_id: str) -> Rebuttal:
        """The record as it stands. Raises `NotFoundError`."""
        ...

    def get_many(self, ids: Sequence[str]) -> dict[str, Rebuttal]:
        """The records that exist among those asked for, in one query."""
        ...

    def public(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids whose records are or were public: published here, or no draft when they came.

        A draft that is merged, superseded or retracted is out of use without ever having been public.
        """
        ...

    def page(self, filters: Filters, *, cursor: str | None, limit: int, public: bool = False) -> Page:
        """Records in the order of their ids; all, or those that the public sees: no drafts, and see `public`.

        Raises:
            RejoinderError: the cursor is not ours.
        """
        ...

    def scan(self, filters: Filters | None = None, *, public: bool = False) -> Iterator[Rebuttal]:
        """Every record in the order of ids, as `page` has them, read in pieces: memory stays flat."""
        ...

    def revisions(self, rebuttal_id: str, *, before: int | None = None, limit: int | None = None) -> list[Revision]:
        """The states of a record, the newest first: all, or so many from below a number. Raises `NotFoundError`."""
        ...

    def revision(self, rebuttal_id: str, number: int) -> Revision:
        """One state of a record. Raises `NotFoundError`."""
        ...

    def standing(self, ids: Sequence[str], day: dt.date, *, model: str) -> list[Standing]:
        """How records stood at the end of a day (UTC), by the rule of `service.store.standing.stood`.

        Args:
            ids: of any records; those that do not exist, or did not stand then, are left out.
            day: in UTC.
            model: whose vectors come with wordings that are not the published one of now, where there are some.
        """
        ...

    def withdrawn_after(self, day: dt.date, *, model: str, limit: int) -> list[Standing]:
        """Records that stood at the end of a day (UTC) and are not published now, the last changed first.

        Those that `limit` leaves out are the ones unchanged for longest.
        """
        ...

    def write(self, writes: Sequence[Write], *, actor: str) -> list[Written]:
        """Write all or nothing, in one transaction that survives ``kill -9``.

        A write whose content equals the record is ``unchanged``: no revision, no event.

        Raises:
            RevisionMismatchError: the record is not at the revision expected.
            AlreadyExistsError: ``expected_revision`` is 0 and the record exists.
        """
        ...

    def put_vectors(self, model: str, vectors: Sequence[tuple[str, int, NDArray[np.float32]]]) -> None:
        """Add vectors made after the fact: (id, revision they were made from, vectors); stale ones are passed over."""
        ...

    def without_vectors(self, model: str, limit: int) -> list[Rebuttal]:
        """Published records that this model's vectors are still missing for, those unchanged for longest first."""
        ...

    def vectors_of(self, ids: Sequence[str], *, model: str) -> dict[str, Vectors]:
        """The vectors of records in their wording of now, whatever their status; those without are left out."""
        ...

    def drafts(self, limit: int) -> list[Rebuttal]:
        """Drafts, the last changed first."""
        ...

    def vector_changes(self, model: str, since: int) -> Iterator[VectorChange]:
        """For each record changed after position ``since``, its vectors now; since 0: the whole store, published only.

        In the order of positions: the last one seen is where to go on from. A record that changes while this runs
        comes (again) further on.
        """
        ...

    def events(self, since: int, limit: int, rebuttal_id: str | None = None) -> list[Event]:
        """Events after ``since``, oldest first; of one record alone, or of all."""
        ...

    def verify_events(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Walk the chain and hold every revision and record against it.

        Args:
            on_progress: called now and then with the events walked so far and how many there are.

        Returns:
            The number of events.

        Raises:
            BrokenLogError: names the first event, or else the record, that does not fit.
        """
        ...

    def get_meta(self, name: str) -> str | None:
        """A small fact about the store itself, for example which starter corpus it has seen."""
        ...

    def set_meta(self, name: str, value: str) -> None:
        """Remember such a fact."""
        ...

    def settle_meta(self, name: str, value: str) -> str:
        """Remember such a fact unless there is one of that name, in one step that no other process divides.

        Returns:
            The fact that there is now.
        """
        ...

    @property
    def people(self) -> People:
        """People, their sessions, and the log of changes to keys and people."""
        ...

    @property
    def links(self) -> Links:
        """State of the pages that citations name."""
        ...

    @property
    def tallies(self) -> Tallies:
        """Counts of verdicts."""
        ...

    @property
    def watches(self) -> Watches:
        """Standing questions, and the queue of what is to be told about them."""
        ...

    @property
    def provenances(self) -> Provenances:
        """Where imported records came from."""
        ...

    @property
    def encodings(self) -> Encodings:
        """What there is of each encoder, and the facts about encoders."""
        ...

    @property
    def sources(self) -> Sources:
        """The texts that drafts were taken from."""
        ...

    def create_key(
        self,
        name: str,
        role: Role,
        *,
        per_minute: int | None = None,
        expires_at: dt.datetime | None = None,
        actor: str = "cli",
    ) -> str:
        """Make a key of 256 random bits and keep its hash only. Returns the key. Raises `AlreadyExistsError`.

        Args:
            name: not used before, not even by a key that was revoked.
            role: what it allows.
            per_minute: requests in a minute; 0 for no bound, None for what the operator's setting says.
            expires_at: from when it opens nothing.
            actor: how the access log names whoever makes it.
        """
        ...

    def rotate_key(self, name: str, grace: dt.timedelta, *, actor: str = "cli") -> str:
        """Give a key a new secret; the one before opens for the grace. Returns the key.

        Raises:
            NotFoundError: there is no such key.
            InvalidTransitionError: it is revoked.
        """
        ...

    def limit_key(
        self, name: str, *, per_minute: int | None, expires_at: dt.datetime | None, actor: str = "cli"
    ) -> ApiKey:
        """Replace the limits of a key, both. Raises `NotFoundError`."""
        ...

    def find_key(self, key: str, *, now: dt.datetime) -> ApiKey | None:
        """Who a key belongs to; None where it opens nothing. Notes its last use, at most once a minute."""
        ...

    def keys(self) -> list[ApiKey]:
        """Every key ever made, the oldest first."""
        ...

    def revoke_key(self, name: str, *, actor: str = "cli") -> ApiKey:
        """From now on the key opens nothing. Raises `NotFoundError`."""
        ...

    def add_feedback(self, content: FeedbackContent, *, most: int) -> Feedback:
        """Keep feedback on a verdict; it is no event. Raises `FeedbackFullError` where there are ``most`` already."""
        ...

    def feedback_page(self, *, cursor: str | None, limit: int) -> FeedbackPage:
        """Feedback, the newest first. Raises `RejoinderError` for a cursor that is not ours."""
        ...

    def scan_feedback(self) -> Iterator[Feedback]:
        """All feedback, the oldest first, read in pieces."""
        ...

    def clear_feedback(self, before: dt.datetime) -> int:
        """Delete the feedback that came before a moment. Returns how many pieces that were."""
        ...

    def close(self) -> None:
        """Finish writes and let go of the file."""
        ...
