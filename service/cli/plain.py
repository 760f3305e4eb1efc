"""Texts of strangers made safe for a terminal, and an authority's name made part of a sentence."""

from __future__ import annotations

import unicodedata
from typing import Final

from service.domain import Authority

# Cc holds ESC, which begins commands to the terminal; Cs no encoding can write; Zl and Zp are line breaks in disguise.
_UNPRINTABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They turn the text that follows around: what is read would not be what is there.
_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INSTITUTIONS: Final = frozenset(
    [
        "administration",
        "agency",
        "army",
        "authority",
        "board",
        "bureau",
        "commission",
        "committee",
        "council",
        "court",
        "department",
        "force",
        "house",
        "institute",
        "ministry",
        "office",
        "organization",
        "organisation",
        "parliament",
        "police",
        "service",
    ]
)


def visible(text: str) -> str:
    """The text on one line, with a replacement character for each that would command the terminal or turn the line."""
    line = " ".join(text.split())
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if char in _TURNING or unicodedata.category(char) in _UNPRINTABLE else char
        for char in line
    )


def article(authority: Authority) -> str:
    """``the `` where English asks for one before an authority's name, else nothing."""
    words = authority.name.casefold().split()
    institution = authority.kind not in ("company", "other") or "of" in words
    named_as_one = "of" in words or "for" in words or words[-1] in _INSTITUTIONS
    return "the " if institution and named_as_one and words[0] != "the" else ""
