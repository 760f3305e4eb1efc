"""What can go wrong, in words for whoever has to put it right. The API turns each into a problem document."""

from __future__ import annotations

from typing import Literal


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


class UnreadableFileError(RejoinderError):
    """A file that is imported is not what it may be, for example an archive."""


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


class NotAllowedError(RejoinderError):
    """The step needs a role that whoever asks for it does not have."""


class FeedbackFullError(RejoinderError):
    """The store keeps as much feedback as it may; an operator raises the bound or clears what was used."""


class WatchesFullError(RejoinderError):
    """The store keeps as many watches as it may; some are deleted, or an operator raises the bound."""


class StoreError(RejoinderError):
    """The store cannot do its work."""


class StoreLockedError(StoreError):
    """Another process holds the database; trying again later may work."""


class StoreUnreachableError(StoreError):
    """The server of the store does not answer, or takes no writes; trying again later may work."""


class StoreSlowError(StoreUnreachableError):
    """The server of the store gave up on a statement that took too long; the same again would take as long."""


class StoreFullError(StoreError):
    """The disk is full; nothing of the write was kept."""


class StoreCorruptError(StoreError):
    """The database file is damaged, or is not a Rejoinder store."""


class BrokenLogError(StoreCorruptError):
    """The event log, or what it has sealed, is not what was written.

    Attributes:
        event: number of the first event that does not fit; None where the log is whole and a record is not.
        rebuttal_id: the record at fault, where it is known.
    """

    def __init__(self, detail: str, *, event: int | None, rebuttal_id: str | None = None) -> None:
        super().__init__(detail)
        self.event = event
        self.rebuttal_id = rebuttal_id


class OutboundError(RejoinderError):
    """Another server could not be asked, or may not be.

    Attributes:
        reason: which rule or bound was met.
    """

    def __init__(
        self,
        detail: str,
        *,
        reason: Literal["forbidden", "too-large", "too-slow", "unreachable", "too-many-redirects"],
    ) -> None:
        super().__init__(detail)
        self.reason = reason
