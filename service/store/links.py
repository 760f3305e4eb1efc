"""The port to the state of cited pages: facts of each address, and what they mean for each citation.

Records are not edited by a machine, so this stands beside them. It follows the event log: a citation that is added or
changed is ``unchecked`` until its page is asked again, one that is taken out of its record is forgotten.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from service.domain import LinkState

Why = Literal[
    "quote-gone",
    "text-changed",
    "moved-for-good",
    "not-there",
    "host-gone",
    "no-answer",
    "server-error",
    "redirects",
    "too-slow",
    "too-large",
    "refused",
    "robots",
    "address-closed",
    "no-text",
]


class Link(Struct, frozen=True, kw_only=True):
    """What is known of one address.

    Attributes:
        url: as it is cited.
        state: of the page; never ``changed``, which is a matter of the quote.
        why: the reason of a state that is not ``fine``.
        checked_at: when it was last asked; None for never.
        status: HTTP status of the last answer.
        final_url: where redirects led.
        content_sha256: of the page's text, or of its bytes where it is no text.
        kept_sha256: of the text that later ones are compared with, where somebody asked for that.
        kept_by: program and version that took the text out of the page: another one may take another text.
        etag: for a conditional request.
        last_modified: likewise.
        failures: checks in a row that reached nobody.
        failing_since: the first of them.
        retry_at: the host asked to be left alone until then.
    """

    url: str
    state: LinkState = "unchecked"
    why: Why | None = None
    checked_at: dt.datetime | None = None
    status: int | None = None
    final_url: str | None = None
    content_sha256: str | None = None
    kept_sha256: str | None = None
    kept_by: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0
    failing_since: dt.datetime | None = None
    retry_at: dt.datetime | None = None


class Due(NamedTuple):
    """An address to ask; ``whole`` when its page is needed, for there is a citation that was never compared with it."""

    link: Link
    whole: bool


class Cited(NamedTuple):
    """A citation that names an address: the record, the citation's place in it, and what was cited (`basis_of`)."""

    rebuttal_id: str
    place: int
    basis: str


class Mark(NamedTuple):
    """What was found of a citation. Written only while it still says what it said then."""

    cited: Cited
    state: LinkState
    why: Why | None


class CitedLink(NamedTuple):
    """A citation, its state, and the facts of its address."""

    rebuttal_id: str
    place: int
    state: LinkState
    why: Why | None
    link: Link


class LinkPage(NamedTuple):
    """Part of the list; ``next_cursor`` is None on the last one."""

    items: list[CitedLink]
    next_cursor: str | None


class Links(Protocol):
    """State of cited pages, always up with the event log. Safe from several threads; may raise `StoreError`."""

    def due(
        self,
        now: dt.datetime,
        *,
        before: dt.datetime,
        failed_before: dt.datetime,
        limit: int,
        record: str | None = None,
    ) -> list[Due]:
        """Addresses to ask, those never asked first, then those asked longest ago.

        Args:
            now: leaves out the ones whose host asked to be left alone.
            before: asked since then: not due.
            failed_before: the same for those that could not be reached.
            limit: of the list.
            record: the citations of this record, whatever its status; None for those of all published ones.
        """
        ...

    def citing(self, url: str) -> list[Mark]:
        """The citations that name an address, each with its state."""
        ...

    def save(self, link: Link, marks: Sequence[Mark] = ()) -> None:
        """Keep what was found; it is on the disk when this returns."""
        ...

    def of(self, rebuttal_id: str) -> list[CitedLink]:
        """The citations of a record, in its order; none where there is no such record."""
        ...

    def page(self, state: LinkState | None, *, cursor: str | None, limit: int) -> LinkPage:
        """Citations of published records. Raises `RejoinderError` for a cursor that is not ours."""
        ...

    def counts(self) -> dict[LinkState, int]:
        """How many citations of published records are in each state."""
        ...
