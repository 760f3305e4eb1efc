"""Moments as text: the JSON of the API, the columns and the hashes of the log have the same string."""

from __future__ import annotations

import datetime as dt

import msgspec


def now() -> dt.datetime:
    """This moment in UTC, cut to milliseconds."""
    return cut(dt.datetime.now(dt.UTC))


def cut(moment: dt.datetime) -> dt.datetime:
    """A moment with a time zone as UTC, cut to milliseconds."""
    moment = moment.astimezone(dt.UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def as_text(moment: dt.datetime) -> str:
    """RFC 3339, as msgspec writes it into JSON."""
    return str(msgspec.to_builtins(moment))


def as_moment(text: str) -> dt.datetime:
    """The way back from `as_text`."""
    return msgspec.convert(text, dt.datetime)


def now_text() -> str:
    """This moment as it is stored."""
    return as_text(now())


def ms(moment: dt.datetime) -> int:
    """A moment as milliseconds since 1970, which columns can be compared by."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> dt.datetime:
    """The way back from `ms`."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
