"""The port to what a store holds for each encoder, and to the facts that its processes share about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from service.domain import Rebuttal

Made = tuple[str, int, NDArray[np.float32]]
"""Vectors of a record: its id, the revision that they were made from, and the rows, shape (passages, dim)."""


class Kept(NamedTuple):
    """What the store holds of one encoder: for how many published records and drafts, and how many bytes."""

    records: int
    size: int


class Encodings(Protocol):
    """Vectors by the encoder that made them, and the facts about encoders. All of it is safe from any thread."""

    def state(self) -> str | None:
        """The fact that says which encoder answers; None where nobody has ever chosen one."""
        ...

    def exchange(self, before: str | None, after: str, *, told: tuple[str, str, str] | None = None) -> bool:
        """Replace the fact, if it is still the one that was read.

        Args:
            before: as it was read.
            after: what it becomes.
            told: who, which model and what there is to say, for the access log, in the same transaction.

        Returns:
            False where somebody was quicker: nothing has changed then.
        """
        ...

    def missing(self, model: str, since: int, limit: int) -> list[tuple[int, Rebuttal]]:
        """Published records and drafts that this model's vectors are missing for.

        Args:
            model: ``name@revision``.
            since: the number that the last one of the piece before came with; 0 to begin.
            limit: how many at most.

        Returns:
            Each with its number, in their order.
        """
        ...

    def put(self, model: str, made: Sequence[Made], *, quiet: bool) -> int:
        """Keep vectors made after the fact; those of a revision that is not the current one are passed over.

        Args:
            model: ``name@revision``.
            made: of distinct records.
            quiet: leave the records where they are in the feed: no index follows this model yet.

        Returns:
            How many were kept.
        """
        ...

    def quiet(self, model: str) -> str:
        """Another text whenever vectors of the model were put quietly; empty where they never were.

        An index that was begun before lacks them, and the feed does not say so.
        """
        ...

    def due(self) -> int:
        """How many records there are that want vectors: published ones and drafts."""
        ...

    def kept(self) -> dict[str, Kept]:
        """What the store holds, by model."""
        ...

    def drop(self, model: str, limit: int) -> int:
        """Let go of a model's vectors of at most so many records; 0 only says that they will go.

        Returns:
            Of how many records it was.
        """
        ...

    def dropped(self, model: str) -> str:
        """Another text whenever vectors of the model were let go of; empty where they never were.

        Whoever searches with them compares it with the one of before: what is missing would not be found.
        """
        ...

    def report(self, process: str, text: str | None) -> None:
        """What a process has to say of a change that is under way; None: nothing any more."""
        ...

    def reports(self) -> dict[str, str]:
        """What processes have said, by process."""
        ...
