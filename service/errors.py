"""What can go wrong, in words for whoever has to put it right. The API turns each into a problem document."""

from __future__ import annotations


class RejoinderError(Exception):
    """The root of every error that a user can cause or mend.

    Attributes:
        detail: a sentence that says what is wrong and what to do.
        field: the field at fault as a JSON path, where there is one.
    """

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class InvalidRecordError(RejoinderError):
    """A record breaks a rule that its types alone cannot state."""


class NotFoundError(RejoinderError):
    """There is no record, revision or key of that name."""


class AlreadyExistsError(RejoinderError):
    """A record or key of that name exists already."""


class RevisionMismatchError(RejoinderError):
    """The record has changed since the writer read it.

    Attributes:
        current: the revision that the store holds now.
    """

    def __init__(self, detail: str, *, current: int) -> None:
        super().__init__(detail, field="If-Match")
        self.current = current


class InvalidTransitionError(RejoinderError):
    """The record's status does not allow this step, for example retracting what is retracted."""


class FeedbackFullError(RejoinderError):
    """The store keeps as much feedback as it may; an operator raises the bound or clears what was used."""


class StoreError(RejoinderError):
    """The store cannot do its work."""


class StoreLockedError(StoreError):
    """Another process holds the database; trying again later may work."""


class StoreFullError(StoreError):
    """The disk is full; nothing of the write was kept."""


class StoreCorruptError(StoreError):
    """The database file is damaged, or is not a Rejoinder store."""
