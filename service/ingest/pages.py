"""Reviews in HTML pages: JSON-LD scripts, microdata, RDFa. Nothing is run, nothing is loaded, no entity is defined."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

MOST_BYTES: Final = 10_000_000
"""Bytes of a page: the largest articles with all their scripts have a tenth of that."""
_MOST_RDFA: Final = 2_000_000
_MOST_LENIENT: Final = 1_000_000
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE[^>\[]*\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
_NAME: Final = "claimreview"


class Markup(NamedTuple):
    """A piece of structured data as JSON-LD, or the reason why it cannot be read."""

    document: Any
    fault: str | None = None


def markup(page: bytes, content_type: str | None = None) -> list[Markup]:
    """The structured data of a page that may hold a ClaimReview.

    JSON-LD first; microdata and then RDFa only where what came before held none, for many pages say all of it twice.

    Args:
        page: at most `MOST_BYTES`.
        content_type: of the answer that brought it, for its character set.
    """
    # A document type with an inner part is XML's way to define entities, one of which can stand for a billion others.
    page = _DOCTYPE.sub(b"<!DOCTYPE html>", page)
    text = _decoded(page, content_type)
    if _NAME not in text.lower():
        return []
    found: list[Markup] = []
    for read in (_scripts, _microdata, _rdfa):
        found += read(text)
        if any(_names_review(one.document) for one in found):
            break
    return found


def _decoded(page: bytes, content_type: str | None) -> str:
    from w3lib.encoding import html_to_unicode  # noqa: PLC0415 - comes with what reads pages, and is slow to load

    _, text = html_to_unicode(content_type, page, default_encoding="utf-8")
    return str(text).replace("\0", "")


def _scripts(text: str) -> Iterator[Markup]:
    from extruct.utils import parse_html  # noqa: PLC0415 - see `_decoded`

    tree = _attempt("HTML", lambda: parse_html(text, encoding="UTF-8"))
    if tree.fault:
        yield tree
        return
    for number, script in enumerate(tree.document.iter("script"), 1):
        if "ld+json" in (script.get("type") or "").lower():
            yield _json(number, "".join(script.itertext()))


def _json(number: int, text: str) -> Markup:
    """A script's JSON, leniently: line breaks within strings, comments and trailing commas are common."""
    import jstyleson  # noqa: PLC0415 - see `_decoded`

    bare = re.sub(r"^\s*(?://)?\s*<!(?:--|\[CDATA\[)|(?://)?\s*(?:-->|\]\]>)\s*;?\s*$", "", text).strip().rstrip(";")
    readers: list[Callable[[str], Any]] = [msgspec.json.decode, lambda one: json.loads(one, strict=False)]
    if len(bare) <= _MOST_LENIENT:
        readers.append(lambda one: jstyleson.loads(one, strict=False))
    fault = "it is empty"
    for read in readers:
        try:
            return Markup(read(bare))
        except (ValueError, RecursionError) as error:  # msgspec's and json's own are ValueErrors
            fault = fault if isinstance(error, RecursionError) else f"{error}"
    return Markup(None, f"Script {number} of the page is no JSON: {fault}.")


def _microdata(text: str) -> list[Markup]:
    from extruct.w3cmicrodata import MicrodataExtractor  # noqa: PLC0415 - see `_decoded`

    found = _attempt("microdata", lambda: list(MicrodataExtractor().extract(text)))
    return [found] if found.fault else [Markup(_flat(item)) for item in found.document]


def _flat(item: object) -> object:
    """Microdata's ``{"type", "properties"}`` as JSON-LD writes the same."""
    if isinstance(item, list):
        return [_flat(part) for part in item]
    if isinstance(item, dict) and "properties" in item:
        named = {"@id": item["id"]} if "id" in item else {}
        return {"@type": item.get("type"), **named, **{name: _flat(part) for name, part in item["properties"].items()}}
    return item.get("value") if isinstance(item, dict) else item


def _rdfa(text: str) -> list[Markup]:
    if "typeof" not in text or len(text) > _MOST_RDFA:
        return []
    from extruct.rdfa import RDFaExtractor  # noqa: PLC0415 - see `_decoded`

    found = _attempt("RDFa", lambda: RDFaExtractor().extract(text, base_url="about:blank"))
    return [found]


def _attempt(what: str, work: Callable[[], Any]) -> Markup:
    """Do what a library does with somebody's page: whatever it raises is the page's fault, and named."""
    try:
        return Markup(work())
    except Exception as error:  # noqa: BLE001 - three parsers with errors of their own
        return Markup(None, f"The page's {what} cannot be read ({type(error).__name__}).")


def _names_review(document: object) -> bool:
    try:
        return _NAME in json.dumps(document, default=str).lower()
    except (ValueError, RecursionError):
        return False
