"""Quotations with their places: curly, straight, angled and East Asian marks."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_PAIRS: Final = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "‘": "’", '"': '"', "”": "”"}
_MARKS: Final = re.compile('[“”„«»「」『』‘’"]')
_LONGEST: Final = 5_000
_LETTER: Final = re.compile(r"\w")


class Quote(NamedTuple):
    """A quotation: ``text[start:end]`` is what stands between the marks, closing commas left out."""

    text: str
    start: int
    end: int


def quotes_in(text: str) -> list[Quote]:
    """The quotations of a text in their order, the outermost ones only.

    A quotation that goes on in the next paragraph is not closed before it (newspapers open it again there): it ends
    with its paragraph. One pass over the marks, so time grows with the length of the text alone.
    """
    found: list[Quote] = []
    start = 0
    for line in text.split("\n"):
        _of_line(found, text, start, start + len(line))
        start += len(line) + 1
    return found


def masked(text: str, quotes: list[Quote], start: int = 0) -> str:
    """The text with what is quoted hidden behind dots: of equal length, so that places stay."""
    pieces, last = [], 0
    for quote in quotes:
        begin, end = max(quote.start - start, 0), min(quote.end - start, len(text))
        if begin < end:
            pieces += [text[last:begin], "·" * (end - begin)]
            last = end
    return "".join([*pieces, text[last:]])


def flat(text: str) -> str:
    """The text with a space for every quotation mark: of equal length. Apostrophes stay."""
    return re.sub(r"[“”„«»「」『』\"]|(?<!\w)[‘’]|’(?!\w)", " ", text)


def _of_line(found: list[Quote], text: str, start: int, end: int) -> None:
    open_at, wanted = -1, ""
    for mark in _MARKS.finditer(text, start, end):
        at, sign = mark.start(), mark[0]
        if open_at < 0:
            if sign in _PAIRS and _opens(text, at):
                open_at, wanted = at, _PAIRS[sign]
        elif sign in wanted and not _is_apostrophe(text, at):
            _add(found, text, open_at + 1, at)
            open_at = -1
    if open_at >= 0 and wanted != "’":
        _add(found, text, open_at + 1, end)


def _is_apostrophe(text: str, at: int) -> bool:
    return text[at] == "’" and text[at + 1 : at + 2].isalnum()


def _opens(text: str, at: int) -> bool:
    """Whether a mark stands where a quotation can begin."""
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    if text[at] in "「『«„“":
        return True
    return not before.isalnum() and before not in ".,!?…" and not after.isspace()


def _add(found: list[Quote], text: str, start: int, end: int) -> None:
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip())
    inner = inner.strip().rstrip(",，")
    if inner and len(inner) <= _LONGEST and _LETTER.search(inner):
        found.append(Quote(inner, start, start + len(inner)))
