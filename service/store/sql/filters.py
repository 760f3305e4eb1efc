"""Filters as SQL, and the cursor that a page hands to the next one."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from service.domain import Filters
from service.errors import RejoinderError

_VERSION: Final = "1:"


def conditions(filters: Filters) -> tuple[str, list[str]]:
    """The filters as conditions on `rebuttal b`, and the values to bind.

    A language takes in its more special tags, `en` also `en-GB`: basic filtering of RFC 4647. A record whose date is
    unknown passes no filter on dates.
    """
    where, values = ["1 = 1"], []
    if filters.language is not None:
        where.append("(b.language = ? OR (b.language > ? AND b.language < ?))")
        tag = filters.language.lower()
        values += [tag, tag + "-", tag + "."]  # "." is the character after "-"
    equal = {"status": filters.status, "authority": filters.authority, "country": filters.country}
    for column, value in equal.items():
        if value is not None:
            where.append(f"b.{column} = ?")
            values.append(value)
    if filters.topic is not None:
        where.append("b.key IN (SELECT key FROM topic WHERE topic = ?)")
        values.append(filters.topic)
    for comparison, day in ((">=", filters.stated_from), ("<=", filters.stated_to)):
        if day is not None:
            where.append(f"b.stated_on {comparison} ?")
            values.append(day.isoformat())
    return " AND ".join(where), values


def cursor_after(rebuttal_id: str) -> str:
    """The cursor of the page that begins behind a record."""
    return base64.urlsafe_b64encode((_VERSION + rebuttal_id).encode()).decode().rstrip("=")


def last_of(cursor: str | None) -> str:
    """The id that a page begins behind; the empty string for the first page.

    Raises:
        RejoinderError: the cursor is not one of ours.
    """
    if cursor is None:
        return ""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        text = ""
    last = text.removeprefix(_VERSION)
    if not last or cursor_after(last) != cursor:
        raise RejoinderError("This is not a cursor of ours: take `next_cursor` of the page before.", field="cursor")
    return last
