"""Plain text without what its page put around it: the lines that are the article, and where the headline ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from service.ingest.extract.lexicon import furniture
from service.normalise import normalise

_LINE_ENDS: Final = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_SENTENCE: Final = re.compile(r"[.!?。！？।۔…][\"'”’»)\]]*$")
_ENDS_BEHIND: Final = 0.4
_LONGEST_LINE: Final = 300
"""Characters of a line that may be furniture; a longer one is a paragraph, of which only disclaimers go."""
_LONGEST_TEASER: Final = 160
# NUL ends a C string; the rest cannot be shown. Soft hyphens and zero-width spaces tear words apart.
_INVISIBLE: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\u2060\ufeff\ud800-\udfff]")


class _Patterns(NamedTuple):
    lines: re.Pattern[str]
    ends: re.Pattern[str]
    disclaims: re.Pattern[str]


def tidy(text: str) -> str:
    """The text with line feeds alone as line ends, and without characters that cannot be seen."""
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))


def without_furniture(text: str) -> str:
    """The article alone: lines and disclaimers of the page are left out, paragraphs stay one blank line apart.

    Args:
        text: as `tidy` leaves it.
    """
    lines = [line.strip() for line in text.split("\n")]
    patterns = _patterns()
    kept: list[str] = []
    for at, line in enumerate(lines):
        short = len(line) <= _LONGEST_LINE
        # A heading such as LEAVE A REPLY stands behind the article: nothing of the page is read beyond it.
        if line and short and at > len(lines) * _ENDS_BEHIND and patterns.ends.fullmatch(line) and _is_tail(lines, at):
            break
        if short and line and (patterns.lines.fullmatch(line) or normalise(line).junk == "page furniture"):
            continue
        if line and patterns.disclaims.match(line[:1_000]):
            continue
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def headline_end(text: str) -> int:
    """Where the text's own sentences begin: behind the headline, the standfirst and a list of points above them.

    Returns:
        An offset; 0 where the text begins with a sentence.
    """
    start = 0
    for line in text.split("\n"):
        if _SENTENCE.search(line.rstrip()) and not line.lstrip().startswith(("•", "-", "*")):
            return start
        start += len(line) + 1
    return 0


def _is_tail(lines: list[str], at: int) -> bool:
    """Whether what follows a heading is the page's: teasers, forms, or a disclaimer's one paragraph."""
    rest = [line for line in lines[at + 1 :] if line]
    if lines[at].lower().startswith("disclaimer"):
        return len(rest) <= 3  # noqa: PLR2004 - a disclaimer and perhaps a line or two of the page
    long = [line for line in rest if len(line) > _LONGEST_TEASER]
    return len(long) <= len(rest) // 4


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    table = furniture()
    return _Patterns(*(re.compile("|".join(table[name]), re.IGNORECASE) for name in _Patterns._fields))
