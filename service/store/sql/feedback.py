"""Feedback on verdicts: a table beside the records. It is no event: nothing in it changes what is answered."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import msgspec

from service.errors import FeedbackFullError, RejoinderError
from service.feedback import Feedback, FeedbackContent
from service.store.sql.connection import Connection
from service.store.sql.filters import cursor_after, last_of
from service.store.sql.times import as_text, cut, now

PIECE: Final = 500
_COLUMNS: Final = Feedback.__struct_fields__
_LIST: Final = ", ".join(_COLUMNS)
_NEWEST: Final = 2**63 - 1
_DIGITS: Final = 18


def add(db: Connection, content: FeedbackContent, most: int) -> Feedback:
    """Keep one more. Raises `FeedbackFullError` where there are ``most`` already."""
    count, last = db.execute("SELECT count(*), coalesce(max(number), 0) FROM feedback").fetchone()
    if count >= most:
        raise FeedbackFullError(f"This service keeps {most:,} pieces of feedback, and has them.")
    feedback = Feedback(number=last + 1, at=now(), **msgspec.structs.asdict(content))
    values = tuple(msgspec.to_builtins(feedback)[name] for name in _COLUMNS)
    db.execute(f"INSERT INTO feedback ({_LIST}) VALUES ({', '.join('?' * len(_COLUMNS))})", values)  # noqa: S608 - our own names
    return feedback


def before(db: Connection, number: int, limit: int) -> list[Feedback]:
    """The newest of those below a number."""
    query = f"SELECT {_LIST} FROM feedback WHERE number < ? ORDER BY number DESC LIMIT ?"  # noqa: S608 - our own names
    return [_feedback(row) for row in db.execute(query, (number, limit))]


def after(db: Connection, number: int, limit: int) -> list[Feedback]:
    """The oldest of those above a number."""
    query = f"SELECT {_LIST} FROM feedback WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608 - our own names
    return [_feedback(row) for row in db.execute(query, (number, limit))]


def clear(db: Connection, until: dt.datetime) -> int:
    """Delete what came before a moment. Returns how many."""
    # Without its Z a moment stands before every fraction of the same second, as it does in time.
    return db.execute("DELETE FROM feedback WHERE at < ?", (as_text(cut(until)).removesuffix("Z"),)).rowcount


def place_of(cursor: str | None) -> int:
    """The number that a page stays below. Raises `RejoinderError` for a cursor that is not ours."""
    if cursor is None:
        return _NEWEST
    last = last_of(cursor)
    if not (last.isascii() and last.isdecimal() and len(last) <= _DIGITS):
        raise RejoinderError(
            "This is not a cursor of this list: take `next_cursor` of the page before.", field="cursor"
        )
    return int(last)


def cursor_below(feedback: Feedback) -> str:
    """The cursor of the page that goes on behind a piece of feedback."""
    return cursor_after(f"{feedback.number}")


def _feedback(row: tuple[Any, ...]) -> Feedback:
    return msgspec.convert(dict(zip(_COLUMNS, row, strict=True)), Feedback)
