"""Two records of one statement made one, and citations of one page made one. Nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import structs

from service.addresses import canonical
from service.catalog import steps
from service.catalog.recording import content_of
from service.domain import Citation, Rebuttal, RebuttalContent
from service.errors import InvalidRecordError, InvalidTransitionError, NotAllowedError
from service.store import Action, Write

_MOST: Final = {"citations": 100, "variants": 50, "topics": 50, "contested_with": 20}
"""As the types of `RebuttalContent` have it; a test holds both together."""
_END: Final = re.compile(r"[\s.!?…。！？।]+\Z")
_OWN: Final = ("published_on", "quote")
"""What a citation says of its source: two that differ in it are two, though the page is one."""


def with_citations(content: RebuttalContent, more: Iterable[Citation]) -> RebuttalContent:
    """The record with these citations as well.

    A page is cited once: where its address is there already, what that citation left open is filled in and nothing
    that it says is changed. So adding twice changes nothing.

    Raises:
        InvalidRecordError: there would be more than a record may have.
    """
    return _bounded(structs.replace(content, citations=_joined(content.citations, more, keep_both=False)))


def check_merge(this: Rebuttal, that: Rebuttal, *, may_publish: bool) -> None:
    """Whether ``that`` may be merged into ``this``.

    Raises:
        InvalidTransitionError: one of them is out of use, or what is published would end in a draft.
        InvalidRecordError: they contest each other.
        NotAllowedError: one is published, and the actor may not publish.
    """
    for one in (this, that):
        steps.check_open(one)
    if that.id in this.contested_with or this.id in that.contested_with:
        raise InvalidRecordError(f"The records {this.id} and {that.id} contest each other; they cannot be one.")
    if "published" in {this.status, that.status} and not may_publish:
        raise NotAllowedError("Merging a published record needs the role publisher or above.")
    if this.status == "draft" and that.status == "published":
        detail = f"{this.id} is a draft and {that.id} is published: publish it first, or merge it into the other."
        raise InvalidTransitionError(detail, field="$.other")


def merge_writes(this: Rebuttal, that: Rebuttal, named: Sequence[Rebuttal], reason: str | None) -> list[Write]:
    """What a merge writes: this record first, then the other, then each that contested the other.

    Args:
        this: the record that stays.
        that: the one that becomes part of it.
        named: the records that ``that`` contests; those that contest it too name this one from now on.
        reason: why; each event says what was done where there is none.

    Raises:
        InvalidRecordError: there would be more of something than a record may have.
    """
    superseded = structs.replace(content_of(that), status="superseded", superseded_by=this.id)
    writes = [
        _write(this, merged(this, that), "merge", reason or f"Took in {that.id}."),
        _write(that, superseded, "supersede", reason or f"Merged into {this.id}."),
    ]
    for one in named:
        if that.id in one.contested_with:
            why = reason or f"{that.id} was merged into {this.id}."
            writes.append(_write(one, _relinked(one, that.id, this.id), "merge", why))
    return writes


def merged(this: Rebuttal, other: Rebuttal) -> RebuttalContent:
    """The content of ``this`` with all that ``other`` has more: citations, wordings, topics, who disputes it.

    The other's rumor becomes a variant. A page that both cite is cited once, unless they give another date or quote
    for it: then each keeps its own.

    Raises:
        InvalidRecordError: there would be more than a record may have.
    """
    contested = [name for name in (*this.contested_with, *other.contested_with) if name not in {this.id, other.id}]
    content = structs.replace(
        content_of(this),
        citations=_joined(this.citations, other.citations, keep_both=True),
        variants=_others([*this.variants, other.rumor, *other.variants], than=this.rumor),
        topics=_others([*this.topics, *other.topics]),
        contested_with=tuple(dict.fromkeys(contested)),
    )
    return _bounded(content)


def _write(record: Rebuttal, content: RebuttalContent, action: Action, reason: str) -> Write:
    return Write(content=content, action=action, reason=reason, expected_revision=record.revision)


def _relinked(record: Rebuttal, old: str, new: str) -> RebuttalContent:
    """The record with what it contests under its new name."""
    names = [new if name == old else name for name in record.contested_with]
    return structs.replace(content_of(record), contested_with=tuple(dict.fromkeys(names)))


def _joined(citations: Sequence[Citation], more: Iterable[Citation], *, keep_both: bool) -> tuple[Citation, ...]:
    found = [(canonical(citation.url), citation) for citation in citations]
    for new in more:
        key = canonical(new.url)
        for at, (address, old) in enumerate(found):
            if address == key and not (keep_both and _differ(old, new)):
                found[at] = (key, _filled(old, new))
                break
        else:
            found.append((key, new))
    return tuple(citation for _, citation in found)


def _differ(old: Citation, new: Citation) -> bool:
    pairs = [(getattr(old, name), getattr(new, name)) for name in _OWN]
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _filled(old: Citation, new: Citation) -> Citation:
    names = [name for name in Citation.__struct_fields__ if getattr(old, name) is None]
    return structs.replace(old, **{name: getattr(new, name) for name in names})


def _others(texts: Sequence[str], than: str | None = None) -> tuple[str, ...]:
    """Each text once, whatever its case and what it ends with; the first wording stays."""
    first: dict[str, str] = {}
    for text in texts if than is None else [than, *texts]:
        first.setdefault(_plain(text), text)
    return tuple(text for key, text in first.items() if than is None or key != _plain(than))


def _plain(text: str) -> str:
    return " ".join(_END.sub("", text.casefold()).split())


def _bounded(content: RebuttalContent) -> RebuttalContent:
    for name, most in _MOST.items():
        found = len(getattr(content, name))
        if found > most:
            raise InvalidRecordError(f"The record would have {found} {name}; {most} is the most.", field=f"$.{name}")
    return content
