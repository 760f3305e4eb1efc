"""What a page says: its text by letters alone, so that layout, advertisements and typography do not count."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from functools import cache
from importlib.metadata import version
from typing import Final, NamedTuple

from service.outbound.bodies import is_charset

_NO_LETTER: Final = re.compile(r"[\W_]+")
_CHARSET: Final = re.compile(r"charset=[\"']?([A-Za-z0-9._-]+)", re.IGNORECASE)
_META_WITHIN: Final = 2_048
_MOST_HTML: Final = 3_000_000
_MOST_ELEMENTS: Final = 10_000
"""Telling the article from the rest takes time that grows faster than the page: beyond this the whole page counts."""
_HIDDEN: Final = ("script", "style", "noscript", "template")
_CUT: Final = re.compile(r"\[?(?:\.\s?\.\s?\.|…)\]?|\[[^\]]{0,40}\]")
"""Where whoever quotes left words out, or put own ones in: "the [Chinese] samples … are gem ores"."""


class PageText(NamedTuple):
    """What was read of a page.

    Attributes:
        sha256: of the main text's letters; of the bytes where the page is no text, a PDF for example.
        bytes_sha256: of the bytes as they came.
        letters: every letter and digit of the whole page, in order; None where the page is no text.
        article: those of the article alone, which no advertisement interrupts.
    """

    sha256: str
    bytes_sha256: str
    letters: str | None
    article: str = ""

    def says(self, quote: str) -> bool:
        """Whether the quote is there, each part that it kept behind the one before."""
        parts = [letters(part) for part in _CUT.split(quote)]
        return any(_in_order(parts, text) for text in (self.article, self.letters or ""))


def read_page(body: bytes, content_type: str) -> PageText:
    """The text of a page: the article for the hash, everything for finding a quote.

    trafilatura tells the article from menus, advertisements and the date of today, so those do not change the hash.
    """
    bytes_sha256 = hashlib.sha256(body).hexdigest()
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/plain":
        known = letters(decode(body, content_type))
        return PageText(_sha256(known), bytes_sha256, known)
    if kind not in {"", "text/html", "application/xhtml+xml"} or (not kind and not body.lstrip().startswith(b"<")):
        return PageText(bytes_sha256, bytes_sha256, None)
    try:
        article, everything = _read_html(decode(body[:_MOST_HTML], content_type))
    except Exception:  # noqa: BLE001 - a page is anybody's: whatever it does to the parser, it is not our text
        return PageText(bytes_sha256, bytes_sha256, None)
    return PageText(_sha256(article or everything), bytes_sha256, everything, article)


def _read_html(html: str) -> tuple[str, str]:
    """The letters of the article, and those of the whole page."""
    from trafilatura import extract, load_html  # noqa: PLC0415 - 0.7 s that only a check of pages has to spend

    # What it has to say of a stranger's page is no news to the operator.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    tree = load_html(html)
    if tree is None:  # a piece of a page
        tree = load_html(f"<html><body><div>{html}</div></body></html>")
    if tree is None:
        return "", ""
    for hidden in list(tree.iter(*_HIDDEN)):
        hidden.drop_tree()
    everything = letters(tree.text_content())
    small = sum(1 for _ in tree.iter()) <= _MOST_ELEMENTS
    return letters(extract(tree, include_comments=False) or "") if small else "", everything


@cache
def reader() -> str:
    """What takes the article out of a page, with its version: another one may take another text."""
    return f"trafilatura {version('trafilatura')}"


def letters(text: str) -> str:
    """Letters and digits alone, without case: what is left of a text in any script when its typography is not."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).casefold())


def decode(body: bytes, content_type: str) -> str:
    """A page's bytes as text: by its header, by its own word, as UTF-8, else with marks for what cannot be read.

    Always text and never bytes for what comes next: trafilatura would unpack a compressed page without a bound.
    """
    own = _CHARSET.search(body[:_META_WITHIN].decode("latin-1"))
    for named in (_CHARSET.search(content_type), own):
        if named and is_charset(named[1]):
            try:
                return body.decode(named[1])
            except (LookupError, UnicodeError):
                continue
    return body.decode("utf-8", errors="replace")


def _in_order(parts: list[str], text: str) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _sha256(known: str) -> str:
    return hashlib.sha256(known.encode()).hexdigest()
