"""How records stood on a day that is past: the rule, which every adapter of the store shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from service.domain import Rebuttal, Revision, Status


class Step(NamedTuple):
    """A revision of a record without its content; ``day`` is the day in UTC on which it was made."""

    revision: int
    day: dt.date
    status: Status


class Stood(NamedTuple):
    """What of a record's revisions counts for a day.

    Attributes:
        revision: the one that answers claims.
        ended: the one that ended it, after that day; None where the record is published now.
        published: whether the store had published the record by then.
    """

    revision: int
    ended: int | None
    published: bool


class Standing(Struct, frozen=True, kw_only=True):
    """A record that answers claims as of a day.

    Attributes:
        rebuttal: the record in the wording of that day.
        now: the revision it stands at now.
        ended: the revision by which it was withdrawn since; None where it is published now.
        vectors: of the passages of ``rebuttal``, shape (passages, dim); None where the store has none of that wording,
            and where ``now`` is the revision that answers: the index has those.
    """

    rebuttal: Rebuttal
    now: int
    ended: Revision | None = None
    vectors: NDArray[np.float32] | None = None


def stood(steps: Sequence[Step], day: dt.date) -> Stood | None:
    """Which revision counts for a day; None where the record did not stand at the end of it (UTC).

    A record that the store had published by then is taken as it stood at the end of the day: not at all if it had been
    withdrawn. Of one that it published later, its last published wording is taken, for what an authority said is public
    whether the store knows it or not: `public_by` asks for the day of the statement.

    Args:
        steps: every revision, the oldest first.
        day: in UTC.
    """
    published = [step for step in steps if step.status == "published"]
    if not published:
        return None
    known = published[0].day <= day
    chosen = [step for step in steps if step.day <= day][-1] if known else published[-1]
    if chosen.status != "published":
        return None
    last = published[-1].revision
    ended = next((step.revision for step in steps if step.revision > last), None)
    return Stood(chosen.revision, ended, known)


def public_by(record: Rebuttal, day: dt.date, *, published: bool) -> bool:
    """Whether the statement of a record was public by the end of a day.

    Args:
        record: as it stood.
        day: in UTC.
        published: whether the store had published it by then: decides where no day is known.
    """
    dated = [citation.published_on for citation in record.citations if citation.published_on]
    # A page that reports the statement proves it public; the statement's own day, where it is known, says since when.
    known = record.stated_on or min(dated, default=None)
    return published if known is None else known <= day
