"""What the pages on one record show, whoever asks: the form, the sources, the neighbours, the steps that are open."""

from __future__ import annotations

from typing import Any, Final

from litestar.response.base import ASGIResponse
from msgspec import Struct

from service.api.backend import Backend, backend_of
from service.api.bodies import Asked
from service.api.problems import FieldError
from service.domain import AuthorityKind, CitationKind, Rebuttal, RebuttalContent
from service.similar import Content, Similar
from service.web import record_form
from service.web.changes import Shown
from service.web.desk.sources import of_record
from service.web.record_form import Values, blank_citation, choices
from service.web.rendering import page
from service.web.words import likely

_DONE: Final = {
    "saved": "Saved.",
    "published": "Published: it answers claims from now on.",
    "retracted": "Retracted: it answers no claim any more.",
    "superseded": "Superseded: the other record answers in its place.",
    "merged": "Merged: this record has taken the other one in.",
    "extracted": "Kept as a draft. Read it against the source before you publish it.",
}


class Neighbour(Struct, frozen=True, kw_only=True):
    """A record near the one on the page, and how near, in words."""

    rebuttal: Rebuttal
    words: str


class Conflict(Struct, frozen=True, kw_only=True):
    """A lost update: what the other editor made of the record, and what this one would.

    Attributes:
        current: the record as it stands.
        actor: who made it so.
        reason: why, where they said.
        theirs: what they changed since this editor opened the record.
        yours: what this editor's version would change in theirs.
    """

    current: Rebuttal
    actor: str
    reason: str | None
    theirs: tuple[Shown, ...]
    yours: tuple[Shown, ...]


class Spare(Struct, frozen=True, kw_only=True):
    """How many empty fields the form has for what may be added."""

    variants: int = 1
    citations: int = 0


class View(Struct, frozen=True, kw_only=True):
    """Everything that a page on one record may have to say beside the record."""

    values: Values
    errors: tuple[FieldError, ...] = ()
    conflict: Conflict | None = None
    spare: Spare = Spare()
    done: str = ""
    reason: str = ""
    revision: int = 0
    status: int = 200


async def show(request: Asked, current: Rebuttal | None, shown: View) -> ASGIResponse:
    """The page on a record, or on one that is to be."""
    backend = backend_of(request)
    content = current or record_form.read(shown.values, None).content
    source = await of_record(backend, current)
    context: dict[str, Any] = {
        "current": current,
        "values": shown.values,
        "errors": shown.errors,
        "conflict": shown.conflict,
        "spare": shown.spare,
        "done": _DONE.get(shown.done, ""),
        "reason": shown.reason,
        "revision": shown.revision or (current.revision if current else 0),
        "similar": await neighbours(backend, content, but=current.id if current else None),
        "sources": source.sources,
        "remarks": source.remarks,
        "AUTHORITY_KINDS": choices(AuthorityKind),
        "CITATION_KINDS": choices(CitationKind),
        "BLANK_CITATION": blank_citation(),
    }
    return page(request, "desk_record.html", status=shown.status, **context)


async def neighbours(backend: Backend, content: RebuttalContent | None, *, but: str | None) -> list[Neighbour]:
    """Records that say nearly what this one says; none for one that cannot be compared or is out of use."""
    if content is None or content.status not in ("draft", "published"):
        return []
    return await near(backend, content, but=but)


async def near(backend: Backend, content: Content, *, but: str | None) -> list[Neighbour]:
    """The records that are to be warned of, the nearest first."""
    found = await backend.runtime.neighbours.of(content, but=but)
    return [Neighbour(rebuttal=one.rebuttal, words=_words(one)) for one in found if one.duplicate]


def _words(one: Similar) -> str:
    same = f"the same rumor: {likely(one.same_rumor)}" if one.same_rumor is not None else "rumor and statement are near"
    more = [words for words, holds in (("same authority", one.same_authority), ("same page", one.same_page)) if holds]
    return ", ".join([same, *more])
