"""The steps of a record's life: which status may follow which, and which steps a publisher alone may take.

A record is entered as a draft or, with its source, published; a draft is published; a published record is superseded
or retracted, and stays so. Entering a record is an editor's work: an import brings in what another desk has published,
and a correction to the text of a published record names its editor in the log. Moving a record that is here already in
or out of use is the publisher's: nobody has vouched for a draft before, and what leaves use changes answers.
"""

from __future__ import annotations

from typing import Final

from service.domain import Rebuttal, RebuttalContent, Status
from service.errors import InvalidRecordError, InvalidTransitionError, NotAllowedError
from service.store.base import Action

_ROUTES: Final = frozenset({"export", "import", "similar"})
FINAL: Final[frozenset[Status]] = frozenset({"retracted", "superseded"})
"""What no later edit changes back."""


def check_name(new: RebuttalContent) -> None:
    """Whether a new record may have its id. Raises `InvalidRecordError` for one that stands for a route."""
    if new.id in _ROUTES:
        raise InvalidRecordError(f"No record can be called {new.id}: its address is a route of the API.", field="$.id")


def of_update(current: Rebuttal, new: RebuttalContent, *, may_publish: bool) -> Action:
    """What the log calls an edit after which the record has this content.

    Raises:
        InvalidTransitionError: an edit cannot take this step.
        NotAllowedError: it is a publisher's.
    """
    status = new.status
    if current.status in FINAL and status != current.status:
        raise InvalidTransitionError(
            f"The record {current.id} is {current.status}; an update cannot make it {status}. Create a new record."
        )
    if current.status not in FINAL and status in FINAL:
        raise InvalidTransitionError(f"Use the route for it to make a record {status}.", field="$.status")
    _check_right(current, new, may_publish=may_publish)
    return "publish" if (current.status, status) == ("draft", "published") else "update"


def check_import(current: Rebuttal, new: RebuttalContent, *, may_publish: bool) -> None:
    """Whether an import may give this content to a record that is here: another store's withdrawal yes, a revival no.

    Raises:
        InvalidTransitionError: the record is out of use for good.
        NotAllowedError: the step is a publisher's.
    """
    status = new.status
    revived = current.status == "retracted" or status not in FINAL
    if current.status in FINAL and status != current.status and revived:
        raise InvalidTransitionError(f"The record is {current.status} here; an import cannot make it {status}.")
    _check_right(current, new, may_publish=may_publish)


def check_open(current: Rebuttal) -> None:
    """Whether a record may still be superseded. Raises `InvalidTransitionError`."""
    if current.status in FINAL:
        raise InvalidTransitionError(f"The record {current.id} is {current.status} already.")


def _check_right(current: Rebuttal, new: RebuttalContent, *, may_publish: bool) -> None:
    if may_publish:
        return
    if new.status != current.status:
        raise NotAllowedError(
            f"The record {current.id} is {current.status}; to make it {new.status} needs the role publisher or above.",
            field="$.status",
        )
    if current.status == "superseded" and new.superseded_by != current.superseded_by:
        raise NotAllowedError(
            f"To name another record that stands in for {current.id} needs the role publisher or above.",
            field="$.superseded_by",
        )
