"""A diff as a page shows it: each field by its name, what went struck out, what came underlined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from service.catalog import content_of
from service.diff import Change, diff
from service.domain import RebuttalContent, Revision
from service.web.record_form import LABELS

_ITEM: Final = re.compile(r"\[(\d+)\]")
_ONE: Final = {"variants": "Wording", "citations": "Source", "topics": "Topic", "contested_with": "Disputed by"}


class Piece(NamedTuple):
    """A stretch of a text, and whether it is one of those that changed."""

    text: str
    changed: bool


class Shown(Struct, frozen=True, kw_only=True):
    """A field that changed.

    Attributes:
        label: what the form calls the field.
        before: empty for what was added.
        after: empty for what was removed.
    """

    label: str
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


class Step(Struct, frozen=True, kw_only=True):
    """A revision, and what it changed against the one before; nothing for the first."""

    revision: Revision
    changes: tuple[Shown, ...]


def between(before: RebuttalContent, after: RebuttalContent) -> tuple[Shown, ...]:
    """What changed from one state of a record to another."""
    return tuple(_shown(change) for change in diff(content_of(before), content_of(after)))


def steps(revisions: Sequence[Revision]) -> list[Step]:
    """Revisions, the newest first, each with what it changed."""
    older = [*revisions[1:], None]
    return [
        Step(revision=one, changes=between(last.rebuttal, one.rebuttal) if last else ())
        for one, last in zip(revisions, older, strict=True)
    ]


def _shown(change: Change) -> Shown:
    return Shown(
        label=_label(change.path),
        before=_pieces(change.before, [words.before for words in change.words]),
        after=_pieces(change.after, [words.after for words in change.words]),
    )


def _pieces(value: object, spans: Iterable[tuple[int, int]]) -> tuple[Piece, ...]:
    if value is None:
        return ()
    text = _text(value)
    found: list[Piece] = []
    at = 0
    for start, end in spans:
        found += [Piece(text[at:start], changed=False), Piece(text[start:end], changed=True)]
        at = end
    # Without places within the text, all of it has changed.
    found.append(Piece(text[at:], changed=not found))
    return tuple(piece for piece in found if piece.text)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{LABELS.get(name, name)}: {inner}" for name, inner in value.items() if inner is not None)
    return str(value)


def _label(path: str) -> str:
    """A JSON path as a reader knows the field: ``$.citations[1].url`` is ``Source 2, Address``."""
    names = path.removeprefix("$.").split(".")
    plain = ".".join(names)
    if plain in LABELS:
        return LABELS[plain]
    words = []
    for name in names:
        place = _ITEM.search(name)
        bare = _ITEM.sub("", name)
        words.append(f"{_ONE[bare]} {int(place[1]) + 1}" if place and bare in _ONE else LABELS.get(bare, bare))
    return ", ".join(word[:1].upper() + word[1:] for word in words)
