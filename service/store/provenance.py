"""The port to where imported records came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Protocol

from msgspec import Meta, Struct

from service.domain import RebuttalId


class ProvenanceContent(Struct, frozen=True, kw_only=True):
    """One thing that a record was imported from.

    Attributes:
        rebuttal_id: the record.
        source: name of the file, or address of the feed or page, as whoever imported it gave it; empty for an upload
            without one.
        format: of the source.
        original_id: how the source names the record.
        sha256: of the line, row or object that the record was read from.
        notes: what of it was left out, and why.
    """

    rebuttal_id: RebuttalId
    source: str
    format: str
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    original_id: str | None = None
    notes: tuple[str, ...] = ()


class Provenance(ProvenanceContent, frozen=True, kw_only=True):
    """As the store holds it.

    Attributes:
        at: when it was imported first.
        actor: who imported it.
    """

    at: dt.datetime
    actor: str


class Provenances(Protocol):
    """Where imported records came from. Nothing of it changes an answer, so it is no event."""

    def add(self, contents: Sequence[ProvenanceContent], *, actor: str) -> int:
        """Keep where records came from; what is known of the same source and object stays as it is.

        Returns:
            How many were new.
        """
        ...

    def of(self, rebuttal_id: str, *, limit: int = 100) -> list[Provenance]:
        """Everything that a record was imported from, the newest first."""
        ...
