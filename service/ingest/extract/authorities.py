"""The authority of a draft, out of whoever has the word: its name as a reader knows it, its kind and country."""

from __future__ import annotations

import re
from typing import Final

from service.ingest.extract.cast import Voice
from service.ingest.extract.lexicon import geography
from service.ingest.extract.model import DraftAuthority

_MINISTER: Final = re.compile(
    r"(foreign|health|finance|interior|defence|defense|justice|education|energy|transport) minister"
)
_FROM_ROLE: Final = "The authority's name was made from the speaker's role."
_COUNTRY_ALONE: Final = "The text names only the country as the one that denies."


def authority_of(voice: Voice) -> tuple[DraftAuthority | None, list[str]]:
    """Who speaks, and what had to be concluded for it; None where the text does not say."""
    country = next((c for c in geography().names.values() if c.code == voice.country), None)
    if voice.body:
        kind = voice.kind or "other"
        name = _name(voice.body, country.name if country and kind == "ministry" else None)
        return DraftAuthority(name=name, kind=kind, country=voice.country), []
    if country is None:
        return None, []
    ministry = _MINISTER.fullmatch(voice.role or "")
    if ministry is None:
        return DraftAuthority(name=country.name, country=country.code), [_COUNTRY_ALONE]
    name = f"{country.name}'s {ministry[1].capitalize()} Ministry"
    return DraftAuthority(name=name, kind="ministry", country=country.code), [_FROM_ROLE]


def _name(body: str, country: str | None) -> str:
    """A ministry with its country, as "China's Foreign Ministry"; any other name as the text has it."""
    body = re.sub(r"^the\s+", "", body.replace("’", "'"), flags=re.IGNORECASE)
    first, _, rest = body.partition(" ")
    return f"{country}'s {rest}" if country and rest and geography().find(first) else body
