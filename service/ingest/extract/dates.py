"""Days as a text names them, and which day that was: weekdays are counted back from the day of publication."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, NamedTuple

_WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        ("monday lunes", "tuesday martes", "wednesday miércoles", "thursday jueves", "friday viernes",
         "saturday sábado", "sunday domingo")
    )
    for name in names.split()
}  # fmt: skip
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("january jan enero", "february feb febrero", "march mar marzo", "april apr abril", "may mayo",
         "june jun junio", "july jul julio", "august aug agosto", "september sept sep septiembre",
         "october oct octubre", "november nov noviembre", "december dec diciembre"), start=1
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAY: Final = rf"(?P<weekday>{'|'.join(_WEEKDAYS)})"
_MONTH: Final = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})"
_YEAR: Final = r"(?P<year>\d{4})"
_NUMBER: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b(?:{_WEEKDAY},?\s+)?(?:the\s+)?{_NUMBER}\s+(?:of\s+|de\s+)?{_MONTH}\b\.?(?:,?\s+(?:de\s+)?{_YEAR}\b)?",
        rf"\b(?:{_WEEKDAY},?\s+)?\b{_MONTH}\.?\s+{_NUMBER}\b(?!:)(?:,?\s+{_YEAR}\b)?",
        r"\b(?P<year>\d{4})-(?P<month_number>\d{2})-(?P<day>\d{2})\b",
        r"(?:(?P<year>\d{4})\s*年\s*)?(?P<month_number>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日",
        rf"\b(?:last\s+|this\s+|(?P<next>next)\s+)?{_WEEKDAY}\b",
        r"\b(?P<word>today|yesterday|earlier today|ayer|hoy)\b",
    )
)
_FIRST_YEAR: Final = 1900
_WEEK: Final = 7
_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Day(NamedTuple):
    """A day as a text names it: any part may be missing. ``text[start:end]`` are the words."""

    words: str
    start: int
    end: int
    weekday: int | None = None
    year: int | None = None
    month: int | None = None
    day: int | None = None
    back: int | None = None


class Resolved(NamedTuple):
    """Which day it was, and what speaks against it or kept it from being known."""

    day: dt.date | None
    problem: str | None = None


def days_in(text: str) -> list[Day]:
    """The days that a text names, in their order; the longest form wins where two overlap."""
    found: list[Day] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if not any(day.start < match.end() and match.start() < day.end for day in found):
                day = _day(match)
                if day is not None:
                    found.append(day)
    return sorted(found, key=lambda day: day.start)


def resolve(day: Day, published: dt.date | None) -> Resolved:
    """Which day the words mean.

    Args:
        day: as the text names it.
        published: the day of publication. A weekday is the last one until then, that day included; a date without a
            year is the last one until the day after (a page may carry the date of another time zone).
    """
    if day.back is not None or (day.weekday is not None and day.day is None):
        return _counted_back(day, published)
    if day.month is None or day.day is None:
        return Resolved(None)
    if day.year is not None:
        known = _date(day.year, day.month, day.day)
        return _checked(day, known) if known else Resolved(None, f"“{day.words}” is not a day of the calendar.")
    if published is None:
        return Resolved(None, f"“{day.words}” names no year, and the day of publication is not known.")
    latest = published + dt.timedelta(days=1)
    years = (published.year + 1, published.year, published.year - 1)
    known = next((d for year in years if (d := _date(year, day.month, day.day)) and d <= latest), None)
    return _checked(day, known) if known else Resolved(None, f"“{day.words}” is not a day of the calendar.")


def weekday_of(day: dt.date) -> str:
    """The English name of a day's weekday."""
    return _NAMES[day.weekday()]


def _counted_back(day: Day, published: dt.date | None) -> Resolved:
    if published is None:
        return Resolved(None, f"“{day.words}” cannot be resolved: the day of publication is not known.")
    if day.back is not None:
        return Resolved(published - dt.timedelta(days=day.back))
    gone = (published.weekday() - (day.weekday or 0)) % _WEEK
    if gone == 0 and day.words.lower().startswith("last"):
        gone = _WEEK
    return Resolved(published - dt.timedelta(days=gone))


def _checked(day: Day, known: dt.date) -> Resolved:
    if day.weekday is None or day.weekday == known.weekday():
        return Resolved(known)
    return Resolved(known, f"“{day.words}”: {known.isoformat()} was a {weekday_of(known)}.")


def _day(match: re.Match[str]) -> Day | None:
    parts = match.groupdict()
    if parts.get("next"):
        return None  # what was said is not said next week
    word = (parts.get("word") or "").lower()
    month = parts.get("month")
    return Day(
        words=" ".join(match[0].split()),
        start=match.start(),
        end=match.end(),
        weekday=_WEEKDAYS[parts["weekday"].lower()] if parts.get("weekday") else None,
        year=int(parts["year"]) if parts.get("year") else None,
        month=_MONTHS[month.lower()] if month else int(parts["month_number"]) if parts.get("month_number") else None,
        day=int(parts["day"]) if parts.get("day") else None,
        back=None if not word else 1 if word in {"yesterday", "ayer"} else 0,
    )


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day) if year >= _FIRST_YEAR else None
    except ValueError:
        return None
