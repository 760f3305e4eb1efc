"""A text with places marked in it: a source, and where in it the fields of a draft were found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple


class Mark(NamedTuple):
    """A stretch of a text, and what stands there. Offsets are Unicode code points, ``end`` exclusive."""

    start: int
    end: int
    name: str


class Stretch(NamedTuple):
    """A piece of the text, and the names of all marks that it lies in; none for plain text."""

    text: str
    names: tuple[str, ...]


def stretches(text: str, marks: Iterable[Mark]) -> list[Stretch]:
    """The whole text in pieces, cut wherever a mark begins or ends; marks may overlap, and stand outside the text."""
    held = [Mark(max(0, one.start), min(len(text), one.end), one.name) for one in marks]
    held = [one for one in held if one.start < one.end]
    cuts = sorted({0, len(text), *(one.start for one in held), *(one.end for one in held)})
    return [
        Stretch(
            text[start:end],
            tuple(dict.fromkeys(one.name for one in held if one.start <= start and end <= one.end)),
        )
        for start, end in pairwise(cuts)
    ]
