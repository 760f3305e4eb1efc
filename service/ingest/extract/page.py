"""What is handed over as a `Source`: markup through trafilatura, plain text without its furniture, both bounded."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final
from urllib.parse import urlsplit

from service.ingest.extract.furniture import headline_end, tidy, without_furniture
from service.ingest.extract.model import MAX_HTML, MAX_TEXT, ExtractionError, Given, Source
from service.language import language_of

_TAG: Final = re.compile(r"<(?=[a-zA-Z/!])")
_MOST_TAGS: Final = 30_000
_DEEPEST: Final = 400
_OPENS: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]{0,2000})>")
_VOID: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
    ]
)
_FIRST_YEAR: Final = 1900
_MARKUP: Final = re.compile(r"\s*(?:<\?xml|<!doctype|<html|<head|<body|<article|<div|<p[ >])", re.IGNORECASE)


def looks_like_markup(text: str) -> bool:
    """Whether a text begins as a page does."""
    return _MARKUP.match(text[:1_000]) is not None


def read(given: Given) -> Source:
    """Read an article.

    Raises:
        ExtractionError: it is empty, too long, or nested too deeply; says which.
    """
    if given.html is not None:
        return _from_markup(given)
    text = given.text or ""
    if len(text) > MAX_TEXT:
        raise ExtractionError(_too_long(given, f"{len(text):,} characters; {MAX_TEXT:,} are read"), field="$.text")
    text = without_furniture(tidy(text))
    if not text:
        raise ExtractionError(f"{given.name or 'The article'}: there is no text in it.", field="$.text")
    return _source(given, text, _own_title(text))


def _from_markup(given: Given) -> Source:
    html = given.html or ""
    _check_size(given, html)
    found = _trafilatura(html)
    if found is None or not (found.text or "").strip():
        detail = f"{given.name or 'The page'}: no article was found in the markup."
        raise ExtractionError(f"{detail} Send its text as plain text.", field="$.html")
    if len(found.text) > MAX_TEXT:
        raise ExtractionError(
            _too_long(given, f"{len(found.text):,} characters; {MAX_TEXT:,} are read"), field="$.html"
        )
    text = without_furniture(tidy(found.text))
    if not text:
        raise ExtractionError(f"{given.name or 'The page'}: there is no text in it.", field="$.html")
    known = Given(
        address=given.address or found.url,
        publisher=given.publisher or found.sitename,
        published_on=given.published_on or day_of(found.date),
        title=given.title or found.title,
        language=given.language or _declared(found.language, text),
        remark=given.remark,
        name=given.name,
    )
    return _source(known, text, None)


def _trafilatura(html: str) -> Any:  # noqa: ANN401  trafilatura's own class
    # Imported when first needed: it takes most of a second.
    import trafilatura  # noqa: PLC0415 - see above

    try:
        return trafilatura.bare_extraction(
            html, with_metadata=True, include_comments=False, include_images=False, include_formatting=False
        )
    except (ValueError, RecursionError, AssertionError):
        return None


def _check_size(given: Given, html: str) -> None:
    """Refuse what a parser would choke on, before it does."""
    if len(html) > MAX_HTML:
        raise ExtractionError(_too_long(given, f"{len(html):,} characters; {MAX_HTML:,} are read"), field="$.html")
    if sum(1 for _ in _TAG.finditer(html)) > _MOST_TAGS:
        raise ExtractionError(_too_long(given, f"more than {_MOST_TAGS:,} tags"), field="$.html")
    depth = deepest = 0
    for closing, name, rest in _OPENS.findall(html):
        if name.lower() not in _VOID and not rest.endswith("/"):
            depth = max(0, depth + (-1 if closing else 1))
            deepest = max(depth, deepest)
    if deepest > _DEEPEST:
        detail = f"{given.name or 'The page'}: elements are nested {deepest:,} deep; {_DEEPEST} are read."
        raise ExtractionError(detail, field="$.html")


def day_of(text: str | None) -> dt.date | None:
    """A date as metadata has it; None where it is none that can be (``0000-00-00``, years before 1900)."""
    try:
        day = dt.date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
    return day if day.year >= _FIRST_YEAR else None


def _declared(tag: str | None, text: str) -> str | None:
    """The language that the page names, if the text does not show another one."""
    return tag if tag and tag.split("-")[0] == language_of(text, assumed=tag.split("-")[0]) else None


def _own_title(text: str) -> str | None:
    """The first line of a text that begins with a headline."""
    return text.split("\n", 1)[0].strip() if headline_end(text) else None


def _source(given: Given, text: str, own_title: str | None) -> Source:
    host = urlsplit(given.address).hostname if given.address else None
    return Source(
        text=text,
        address=given.address,
        publisher=given.publisher or (host.removeprefix("www.") if host else None),
        published_on=given.published_on if given.published_on and given.published_on.year >= _FIRST_YEAR else None,
        title=_short(given.title or own_title),
        language=given.language or language_of(text),
        remark=given.remark,
        name=given.name,
    )


def _short(title: str | None) -> str | None:
    return " ".join(tidy(title).split())[:500] if title and title.strip() else None


def _too_long(given: Given, why: str) -> str:
    return f"{given.name or 'The article'} is too long: {why}."
