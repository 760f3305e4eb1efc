"""Texts that are not in English: a language with a table is read in part, any other not at all. Both are said."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from service.domain import MAX_RUMOR, MAX_STATEMENT, AuthorityKind
from service.ingest.extract.dates import days_in, resolve
from service.ingest.extract.lexicon import geography
from service.ingest.extract.model import Draft, DraftAuthority, DraftCitation, DraftSpeaker, Place, Source
from service.ingest.extract.quotes import Quote, quotes_in
from service.language import primary
from service.sentences import Sentence, split

_MOST_SENTENCES: Final = 500
_FEWEST: Final = 6
"""Characters of a quotation that says something."""


class _Table(NamedTuple):
    name: str
    denies: re.Pattern[str]
    rumor: re.Pattern[str]
    speaker: re.Pattern[str]
    body: re.Pattern[str]
    kinds: list[tuple[str, AuthorityKind]]


def read_in_part(source: Source) -> str:
    """What an editor should know of a text in another language."""
    name = source.name or source.title or "The article"
    table = _tables().get(primary(source.language))
    if table is None:
        return f"{name}: the language {source.language} is not read; write the draft by hand."
    return f"{name}: {table.name} is read in part only: at most one draft for the whole text, to be completed by hand."


def draft_of(number: int, source: Source) -> Draft | None:
    """What can be told of a text: the sentence that denies, a quotation, who is named as speaking.

    The rumor is given only where the text spells it out; else it is empty and missing.
    """
    table = _tables().get(primary(source.language))
    if table is None:
        return None
    sentences = split(source.text, source.language)[:_MOST_SENTENCES]
    denying = [sentence for sentence in sentences if table.denies.search(sentence.text)]
    if not denying:
        return None
    quote = _quote(source, denying)
    first = next((sentence for sentence in denying if sentence.text != source.title), denying[0])
    found = {"rumor": table.rumor.search(source.text), "body": table.body.search(source.text)}
    speaker = table.speaker.search(source.text)
    rumor, body = (match[name] if (match := found[name]) else None for name in ("rumor", "body"))
    day, day_at = _day(source, denying)
    places = {"statement": (first.start, first.end), "quote": quote and (quote.start, quote.end), "stated_on": day_at}
    places |= {name: match.span(name) for name, match in found.items() if match}
    places |= {f"speaker.{name}": speaker.span(name) for name in ("name", "role") if speaker}
    citation = DraftCitation(
        source=number,
        url=source.address,
        publisher=source.publisher,
        title=source.title,
        published_on=source.published_on,
        stated_on=day,
        language=source.language,
        quote=quote.text if quote else None,
    )
    missing = [name for name, there in (("rumor", rumor), ("authority", body)) if not there]
    missing += [f"citations.{name}" for name in ("url", "publisher") if not getattr(citation, name)]
    return Draft(
        rumor=(rumor or "")[:MAX_RUMOR],
        statement=first.text[:MAX_STATEMENT],
        quote=quote.text if quote else None,
        language=source.language,
        speaker=DraftSpeaker(name=speaker["name"], role=speaker["role"]) if speaker else None,
        authority=_authority(body, table) if body else None,
        stated_on=day,
        citations=(citation,),
        offsets={("authority" if f == "body" else f): (Place(number, *at),) for f, at in places.items() if at},
        missing=tuple(missing),
        notes=(f"{table.name} is read in part only: check every field.",),
    )


def _quote(source: Source, denying: list[Sentence]) -> Quote | None:
    """The first quotation in a sentence that denies, or behind one."""
    quotes = [quote for quote in quotes_in(source.text) if len(quote.text) >= _FEWEST]
    inside = (q for q in quotes for s in denying if s.start <= q.start < s.end)
    return next(inside, None) or next((q for q in quotes if q.start >= denying[0].start), None)


def _authority(body: str, table: _Table) -> DraftAuthority:
    kind: AuthorityKind = next((kind for word, kind in table.kinds if word in body), "other")
    country = geography().names.get(body.rsplit(" de ", maxsplit=1)[-1].lower())
    return DraftAuthority(name=body, kind=kind, country=country.code if country else None)


def _day(source: Source, denying: list[Sentence]) -> tuple[Any, tuple[int, int] | None]:
    """A day that a denying sentence names, else the first one of the text that is given in full."""
    for sentence in denying:
        for day in days_in(sentence.text):
            if known := resolve(day, source.published_on).day:
                return known, (sentence.start + day.start, sentence.start + day.end)
    full = (day for day in days_in(source.text[:1_000]) if day.day is not None)
    for day in full:
        if known := resolve(day, source.published_on).day:
            return known, (day.start, day.end)
    return None, None


@lru_cache(maxsize=1)
def _tables() -> dict[str, _Table]:
    text = (files(__package__) / "tables" / "other.toml").read_text("utf-8")
    return {
        tag: _Table(
            name=table["name"],
            kinds=[(word, kind) for word, kind in table["kinds"]],
            **{part: re.compile(table[part]) for part in ("denies", "rumor", "speaker", "body")},
        )
        for tag, table in tomllib.loads(text).items()
    }
