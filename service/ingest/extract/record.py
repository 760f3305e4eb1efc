"""A draft as a record of status ``draft``: what is missing is named, field by field."""

from __future__ import annotations

import msgspec

from service.domain import Authority, Citation, RebuttalContent, Speaker
from service.ingest.extract.model import Draft, DraftCitation, Extraction
from service.ingest.ndjson import with_id
from service.store.sources import DraftSourceContent


def faults_of(draft: Draft) -> list[tuple[str, str]]:
    """Which fields of a draft keep it from being a record: a path within the draft, and what to do."""
    return [(field, _REMEDIES[field]) for field in draft.missing]


def to_record(draft: Draft) -> RebuttalContent:
    """The draft as a record, with an id of its own. Never published: its status is ``draft``.

    Raises:
        msgspec.ValidationError: a field is too long for a record.
    """
    authority = draft.authority
    content = RebuttalContent(
        rumor=draft.rumor,
        statement=draft.statement,
        variants=draft.variants,
        quote=draft.quote,
        language=draft.language,
        authority=Authority(name=authority.name, kind=authority.kind, country=authority.country)
        if authority
        else Authority(name=""),
        speaker=Speaker(name=draft.speaker.name, role=draft.speaker.role) if draft.speaker else None,
        stated_on=draft.stated_on,
        citations=tuple(_citation(citation) for citation in draft.citations if citation.complete),
        status="draft",
    )
    # Structs made by hand are not checked: the way through JSON's types is.
    return with_id(msgspec.convert(msgspec.to_builtins(content), RebuttalContent))


def to_source(draft: Draft, extraction: Extraction, rebuttal_id: str) -> DraftSourceContent:
    """What the store keeps beside the record: the articles that the draft cites, and the places in them."""
    numbers = sorted({citation.source for citation in draft.citations})
    moved = {number: place for place, number in enumerate(numbers)}
    return DraftSourceContent(
        rebuttal_id=rebuttal_id,
        sources=tuple(extraction.sources[number] for number in numbers),
        offsets={
            field: tuple(msgspec.structs.replace(place, source=moved[place.source]) for place in places)
            for field, places in draft.offsets.items()
        },
        conflicts=tuple(
            msgspec.structs.replace(
                conflict,
                readings=tuple(
                    msgspec.structs.replace(reading, source=moved.get(reading.source, 0))
                    for reading in conflict.readings
                ),
            )
            for conflict in draft.conflicts
        ),
        notes=draft.notes,
    )


def _citation(draft: DraftCitation) -> Citation:
    return Citation(
        url=draft.url or "",
        publisher=draft.publisher or "",
        title=draft.title,
        published_on=draft.published_on,
        kind=draft.kind,
        language=draft.language,
        quote=draft.quote,
    )


_REMEDIES = {
    "authority": "The text does not say for whom the speaker speaks. Write the record by hand.",
    "citations.url": "No address is known: send `address`.",
    "citations.publisher": "No publisher is known: send `publisher`.",
    "rumor": "The text does not spell out what is denied. Write the record by hand.",
}
