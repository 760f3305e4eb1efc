"""From articles to drafts: denials on one matter become one proposal, whoever reports it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from service.domain import MAX_STATEMENT
from service.ingest.extract.authorities import authority_of
from service.ingest.extract.cast import Voice, body_key
from service.ingest.extract.clauses import dateline_end
from service.ingest.extract.findings import Finding, Told, tell
from service.ingest.extract.foreign import draft_of, read_in_part
from service.ingest.extract.grammar import as_sentence
from service.ingest.extract.grouping import Matter, matters_of
from service.ingest.extract.matters import Weights, terms
from service.ingest.extract.model import (
    Conflict,
    Draft,
    DraftAuthority,
    DraftCitation,
    DraftSpeaker,
    Extraction,
    Given,
    Place,
    Reading,
    Source,
)
from service.ingest.extract.page import read
from service.ingest.extract.quotes import Quote
from service.ingest.extract.quoting import best_first, quote_on
from service.ingest.extract.sense import is_rumor
from service.ingest.extract.stated import Stated, stated_on
from service.language import primary

MOST_SOURCES: Final = 20
_MOST_DRAFTS: Final = 50
_MOST_VARIANTS: Final = 10
# As the rumor would put it: what "reports that" says, before what has to be made out of a denial.
_STRENGTH: Final = {"report": 0, "mention": 1, "contrast": 2, "negation": 3, "whole": 4}
_SAYING: Final = {"contrast": 0, "negation": 1}
_LONG_QUOTE: Final = 4


class _Articles(NamedTuple):
    sources: Sequence[Source]
    told: Sequence[Told]
    weights: Weights


class _Who(NamedTuple):
    voice: Voice
    source: int


def extract(*given: Given) -> Extraction:
    """Propose rebuttals from one article, or from several on one matter.

    Args:
        given: the articles, at most 20.

    Raises:
        ExtractionError: one of them is empty, too long or nested too deeply.
    """
    return extract_from([read(one) for one in given])


def extract_from(sources: Sequence[Source]) -> Extraction:
    """As `extract`, from articles that were read already."""
    english = [number for number, source in enumerate(sources) if primary(source.language) == "en"]
    told = [tell(number, source if number in english else _nothing(source)) for number, source in enumerate(sources)]
    weights = Weights([line.text for one in told for line in one.lines])
    articles = _Articles(sources, told, weights)
    matters = matters_of(told, weights)
    drafts = [_draft(matter, articles) for matter in matters[:_MOST_DRAFTS]]
    notes = [note for number in english for note in _notes(sources[number], told[number], found=bool(drafts))]
    for number in sorted(set(range(len(sources))) - set(english)):
        notes.append(read_in_part(sources[number]))
        drafts += [draft for draft in (draft_of(number, sources[number]),) if draft is not None]
    if len(matters) > _MOST_DRAFTS:
        notes.append(f"More than {_MOST_DRAFTS} denials were found; the first ones are shown.")
    return Extraction(drafts=tuple(drafts), sources=tuple(sources), notes=tuple(notes))


def _nothing(source: Source) -> Source:
    """A source in whose place nothing is read, so that numbers stay."""
    return Source(text="", language=source.language)


def _draft(matter: Matter, articles: _Articles) -> Draft:
    best = min(
        matter.every, key=lambda f: (not _stands(f), f.line.heading, _STRENGTH[f.denial.sort], f.source, f.start)
    )
    own = terms(best.rumor)
    concerned = sorted({finding.source for finding in matter.every})
    quotes = {n: quote_on(n, matter, articles.told[n], own, articles.weights) for n in concerned}
    source, quote = next(iter(best_first(quotes, articles.weights, own)), (best.source, None))
    who = _who(matter, source, quote, articles.told[source])
    statement, stated_at = _statement(matter, quotes)
    stated = stated_on(concerned, articles.told, articles.sources, matter.core)
    authority, notes = authority_of(who.voice)
    citations = tuple(_citation(n, articles.sources[n], quotes[n], stated) for n in concerned)
    stands = _stands(best)
    offsets = {
        "rumor": Place(best.source, best.start, best.end) if stands else None,
        "statement": stated_at,
        "stated_on": stated.place,
    }
    offsets |= {"quote": Place(source, quote.start, quote.end) if quote else None, **_places(who)}
    return Draft(
        rumor=best.rumor if stands else "",
        variants=_variants(best, matter),
        statement=statement,
        quote=quote.text if quote else None,
        language=primary(articles.sources[best.source].language),
        speaker=DraftSpeaker(name=who.voice.name, role=who.voice.role) if who.voice.name or who.voice.role else None,
        authority=authority,
        stated_on=stated.day,
        citations=citations,
        offsets={field: (place,) for field, place in offsets.items() if place is not None},
        missing=(*(() if stands else ("rumor",)), *missing(authority, citations)),
        conflicts=(*stated.conflicts, *_voices_apart(matter.core)),
        notes=(*notes, *stated.notes, *_doubts(best, citations, articles.sources)),
    )


def _stands(finding: Finding) -> bool:
    """Whether a wording can be the rumor: what is broken, or speaks of nobody, is left to the editor."""
    return not finding.open_pronoun and is_rumor(finding.rumor)


def _who(matter: Matter, source: int, quote: Quote | None, told: Told) -> _Who:
    """Who speaks: the one of whom most is known; a body comes with the person whose quotation was taken."""
    voiced = [finding for finding in matter.core if finding.voice]
    stating = max(voiced, key=lambda finding: finding.voice.rank if finding.voice else 0)
    voice = stating.voice or Voice()
    if voice.name is not None or quote is None:
        return _Who(voice, stating.source)
    said = next((told.voices[at] for at, line in enumerate(told.lines) if line.start <= quote.start < line.end), None)
    if said is None or said.name is None or _apart(said, voice):
        return _Who(voice, stating.source)
    body = said if said.body else voice._replace(body_at=voice.body_at if stating.source == source else None)
    return _Who(said._replace(body=body.body, kind=body.kind, country=body.country, body_at=body.body_at), source)


def _apart(one: Voice, other: Voice) -> bool:
    return one.body is not None and other.body is not None and body_key(one.body) != body_key(other.body)


def _places(who: _Who) -> dict[str, Place | None]:
    voice = who.voice
    spans = {"speaker.name": voice.name_at, "speaker.role": voice.role_at, "authority": voice.body_at}
    return {field: Place(who.source, *span) if span else None for field, span in spans.items()}


def _variants(best: Finding, matter: Matter) -> tuple[str, ...]:
    found = dict.fromkeys(f.rumor for f in matter.every if f.rumor != best.rumor and _stands(f))
    return tuple(found)[:_MOST_VARIANTS]


def _statement(matter: Matter, quotes: dict[int, Quote | None]) -> tuple[str, Place]:
    """What the authority says instead: the denying clause, else a quotation, else the sentence that reports it."""
    saying = [f for f in matter.core if f.denial.sort in _SAYING and f.statement and not f.line.heading]
    if saying:
        said = min(saying, key=lambda f: (f.open_pronoun, _SAYING[f.denial.sort], f.source, f.start))
        return said.statement[:MAX_STATEMENT], Place(said.source, said.start, said.end)
    for number, quote in quotes.items():
        whole = quote is not None and not quote.text[0].islower()  # a fragment says nothing by itself
        if quote is not None and whole and len(quote.text.split()) >= _LONG_QUOTE:
            return as_sentence(quote.text)[:MAX_STATEMENT], Place(number, quote.start, quote.end)
    first = matter.core[0]
    if first.line.heading and first.statement:
        return first.statement[:MAX_STATEMENT], Place(first.source, first.start, first.end)
    begin = dateline_end(first.line.text)
    place = Place(first.source, first.line.start + begin, first.line.end)
    return (first.statement or as_sentence(first.line.text[begin:]))[:MAX_STATEMENT], place


def _citation(number: int, source: Source, quote: Quote | None, stated: Stated) -> DraftCitation:
    return DraftCitation(
        source=number,
        url=source.address,
        publisher=source.publisher,
        title=source.title,
        published_on=source.published_on,
        stated_on=stated.by_source.get(number),
        language=source.language,
        quote=quote.text if quote else None,
    )


def missing(authority: DraftAuthority | None, citations: Sequence[DraftCitation]) -> tuple[str, ...]:
    """What a record cannot be without and the text does not say."""
    found = [] if authority else ["authority"]
    if not any(citation.complete for citation in citations):
        found += [] if any(citation.url for citation in citations) else ["citations.url"]
        found += [] if any(citation.publisher for citation in citations) else ["citations.publisher"]
    return tuple(found)


def _doubts(best: Finding, citations: Sequence[DraftCitation], sources: Sequence[Source]) -> list[str]:
    found = []
    if not _stands(best):
        found.append("What is denied could not be put into a sentence of its own: the rumor is left open.")
    elif best.denial.sort in _SAYING:
        found.append("No text names the rumor in its own words: it was made from the denial.")
    for citation in citations:
        if not citation.complete and any(other.complete for other in citations):
            name = sources[citation.source].name or f"Source {citation.source + 1}"
            found.append(f"{name} has no address or no publisher: saving leaves it out of the citations.")
    return found


def _voices_apart(findings: Sequence[Finding]) -> tuple[Conflict, ...]:
    """Two sources name two persons for one statement."""
    names = {f.voice.name: f.source for f in findings if f.voice and f.voice.name}
    if len(set(names.values())) < 2:  # noqa: PLR2004 - it takes two
        return ()
    readings = tuple(Reading(source=source, words=name, value=name) for name, source in names.items())
    return (Conflict(field="speaker.name", detail="The sources name different speakers.", readings=readings),)


def _notes(source: Source, told: Told, *, found: bool) -> list[str]:
    name = source.name or source.title or "The article"
    notes = []
    if told.cut:
        notes.append(f"{name}: too many sentences; only the first ones were read.")
    if not found:
        notes.append(f"{name}: no denial by anybody who is named was found.")
    return notes
