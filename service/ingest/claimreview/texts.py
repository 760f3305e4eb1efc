"""Values as other people's markup has them: entities, tags, odd dates, addresses without a scheme."""

from __future__ import annotations

import datetime as dt
import email.utils
import html
import re
from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec

from service.domain import Language, WebAddress

_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,1000}>|<!--.{0,1000}?-->", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DAY: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)|(\d{4})/(\d{1,2})/(\d{1,2})(?!\d)|(\d{4})(\d{2})(\d{2})(?!\d)"
)
# Before any fact check there was: year 0, year 1 and 1899 are how programs write "no date".
_FIRST_YEAR: Final = 1900
_ROUNDS: Final = 2


def clean(text: str) -> str:
    """Text without tags, entities (also those that were escaped twice), control characters and runs of white space."""
    for _ in range(_ROUNDS):
        if "&" in text:
            text = html.unescape(text)
    return " ".join(_CONTROL.sub(" ", _TAG.sub(" ", text)).split())


def day_of(text: str) -> dt.date | None:
    """The day of an ISO 8601 date or moment, or of an RFC 5322 one; None where it is none, or cannot be meant."""
    text = text.strip()
    found = _DAY.match(text)
    try:
        if found:
            year, month, day = (int(part) for part in found.groups() if part is not None)
            made = dt.date(year, month, day)
        else:
            made = email.utils.parsedate_to_datetime(text).date()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return made if made.year >= _FIRST_YEAR else None


def address_of(text: str, base: str | None = None) -> str | None:
    """A web address, made whole with the address of its page; None where it is none."""
    text = text.strip()
    try:
        whole = urljoin(base, text) if base else text
        if whole.startswith("//"):
            whole = f"https:{whole}"
        return msgspec.convert(whole.replace(" ", "%20"), WebAddress) if urlsplit(whole).hostname else None
    except (ValueError, msgspec.ValidationError):
        return None


def site_of(address: str) -> str:
    """The host of an address, without ``www.``; empty where there is none."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def tag_of(text: str) -> str | None:
    """A BCP 47 tag, also from ``en_US``; None where it is none, such as a language's English name."""
    try:
        return msgspec.convert(text.strip().replace("_", "-"), Language)
    except msgspec.ValidationError:
        return None
