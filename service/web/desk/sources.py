"""The articles that a draft was taken from, with the places that its fields stand at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from service.api.backend import Backend
from service.domain import Rebuttal
from service.errors import NotFoundError
from service.store.sources import Conflict, Place, Source
from service.web.highlight import Mark, Stretch, stretches
from service.web.record_form import LABELS

_NAMED: Final = {"authority": "Authority", "speaker": "Speaker"}


class SourceText(Struct, frozen=True, kw_only=True):
    """A source as the page shows it."""

    stretches: list[Stretch]
    address: str | None = None
    title: str | None = None
    publisher: str | None = None
    published_on: dt.date | None = None
    language: str | None = None


class Kept(Struct, frozen=True, kw_only=True):
    """What is known of where a record was taken from, and what an editor has to decide."""

    sources: tuple[SourceText, ...] = ()
    remarks: tuple[str, ...] = ()


async def of_record(backend: Backend, record: Rebuttal | None) -> Kept:
    """What was kept with a draft; nothing for a record that was written by hand."""
    if record is None:
        return Kept()
    try:
        found = await backend.call(backend.runtime.store.sources.of, record.id)
    except NotFoundError:
        return Kept()
    return Kept(sources=marked(found.sources, found.offsets), remarks=remarks(found.conflicts, found.notes))


def marked(sources: Sequence[Source], offsets: Mapping[str, Sequence[Place]]) -> tuple[SourceText, ...]:
    """Sources with the places of each field marked; the quote's mark is named ``quote``."""
    shown = []
    for number, source in enumerate(sources):
        marks = [
            Mark(place.start, place.end, name_of(field))
            for field, places in offsets.items()
            for place in places
            if place.source == number
        ]
        known = {name: getattr(source, name) for name in SourceText.__struct_fields__ if name != "stretches"}
        shown.append(SourceText(stretches=stretches(source.text, marks), **known))
    return tuple(shown)


def remarks(conflicts: Sequence[Conflict], notes: Sequence[str]) -> tuple[str, ...]:
    """What an editor has to decide, in sentences."""
    return (*(_told(conflict) for conflict in conflicts), *notes)


def name_of(field: str) -> str:
    """What a marked place is called: the form's name of its field."""
    return "quote" if field == "quote" else LABELS.get(field) or _NAMED.get(field, field.replace("_", " "))


def _told(conflict: Conflict) -> str:
    words = ", ".join(f"“{reading.words}”" for reading in conflict.readings)
    said = f"{name_of(conflict.field).capitalize()}: {conflict.detail}"
    return f"{said} ({words})" if words else said
