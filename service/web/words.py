"""How pages put things: probabilities, places and states in words that a reader need not look up."""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import urlsplit

from service.domain import Difference, Label, Rating, Status
from service.wording import day

_SCALE: Final = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.10, "unlikely"),
    (0.01, "very unlikely"),
)
"""The words of the IPCC's guidance on uncertainty (2010), from which probability on each holds."""

VERDICTS: Final[dict[Label, str]] = {
    "rebutted": "Denied",
    "consistent": "In line with the statement",
    "contested": "Authorities disagree",
    "related": "Background only",
    "unmatched": "Nothing found",
}
RATINGS: Final[dict[Rating, str]] = {
    "false": "called false",
    "misleading": "called misleading",
    "unproven": "called unproven",
    "missing_context": "said to lack context",
    "scam": "called a scam",
}
STATES: Final[dict[Status, str]] = {
    "draft": "Draft",
    "published": "Published",
    "superseded": "Superseded",
    "retracted": "Retracted",
}
FIELDS: Final = {
    "rumor": "the rumor",
    "variant": "another wording of the rumor",
    "statement": "the statement",
    "title": "the title of a source",
}
_DIFFERS: Final = {
    "name": "a name that the record does not have",
    "number": "a number that the record does not have",
    "negation": "a negation on one side only",
    "order": "the same names in another order",
}


def likely(probability: float) -> str:
    """A probability as words and figure: ``very likely (94 %)``."""
    words = next((words for least, words in _SCALE if probability >= least), "exceptionally unlikely")
    # A model's 1.0 is a rounded figure; nothing that is reckoned is certain.
    return f"{words} ({percent(min(max(probability, 0.001), 0.999))})"


def percent(share: float) -> str:
    """A share as a whole percentage; what is not quite nothing or everything is not rounded to it."""
    if 0 < share < 0.01:  # noqa: PLR2004 - one percent
        return "under 1 %"
    if 0.99 < share < 1:  # noqa: PLR2004
        return "over 99 %"
    return f"{share:.0%}".replace("%", " %")


def differs(difference: Difference) -> str:
    """What a claim says otherwise, as the end of a sentence."""
    ours, theirs = (", ".join(words) for words in (difference.claim, difference.record))
    said = f"{_DIFFERS[difference.kind]}: “{ours}”" if ours else _DIFFERS[difference.kind]
    return f"{said}; the record has “{theirs}”" if theirs else said


def host(address: str) -> str:
    """The site that an address belongs to, without ``www.``; an address that names none as it is."""
    try:
        name = urlsplit(address).hostname
    except ValueError:  # brackets without an address of IPv6 in them
        name = None
    return (name or address).removeprefix("www.")


def moment(at: dt.datetime | None) -> str:
    """A time as ``13 Oct 2025, 09:41 UTC``."""
    return f"{day(at.date())}, {at:%H:%M} UTC" if at else "never"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 record``, ``2 records``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
