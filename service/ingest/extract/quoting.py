"""Which quotation belongs to a draft: beside the denial, about its matter, or the answer of a transcript."""

from __future__ import annotations

from typing import Final

from service.ingest.extract.findings import Finding, Told
from service.ingest.extract.grouping import Matter
from service.ingest.extract.matters import Weights, terms
from service.ingest.extract.quotes import Quote
from service.ingest.extract.reading import Line

_TELLING: Final = 0.34
"""What a quotation must say on a matter to be taken for it: see `quote_on`."""
_FEWEST_WORDS: Final = 4
_LONG: Final = 7
_MARKS: Final = frozenset('“"«„')


def quote_on(number: int, matter: Matter, told: Told, own: frozenset[str], weights: Weights) -> Quote | None:
    """The quotation in one source that says most on the matter; None where none does."""
    members = [finding for finding in matter.every if finding.source == number]
    found: list[tuple[float, int, Quote]] = []
    for at, line in enumerate(told.lines):
        if line.heading or told.voices[at] is None:
            continue
        beside = _beside(at, line, matter, members, told)
        for quote in line.quotes:
            words = len(quote.text.split())
            covers = any(f.start < quote.end and quote.start < f.end for f in members)
            score = (
                weights.share(own, terms(quote.text)) * min(1.0, words / 8)
                + 0.6 * covers
                + beside
                + 0.1 * (words > _LONG)
                - 0.1 * quote.text[0].islower()
            )
            if score >= _TELLING and words >= (2 if beside else _FEWEST_WORDS):
                found.append((score, -at, quote))
    return max(found)[2] if found else _answer(members, matter, told)


def _beside(at: int, line: Line, matter: Matter, members: list[Finding], told: Told) -> float:
    """How much its place speaks for a quotation: where reports are called false, at a denial, or right behind it."""
    if any(f.at == at and f.source == members[0].source for f in matter.whole):
        return 0.45
    if any(f.at == at for f in members):
        return 0.35
    other = any(f.at == at for f in told.findings)
    quoted = line.text.lstrip()[:1] in _MARKS
    behind = any(0 < at - f.at <= 2 and line.paragraph - f.line.paragraph <= quoted for f in members)  # noqa: PLR2004 - the next one but one
    long = max((len(quote.text.split()) for quote in line.quotes), default=0) > _FEWEST_WORDS
    return 0.34 if behind and long and not other else 0.0


def _answer(members: list[Finding], matter: Matter, told: Told) -> Quote | None:
    """In a transcript nothing stands in quotation marks: what is answered is the quotation, up to three sentences."""
    answering = [f for f in (*members, *matter.whole) if f.line.turn == "answers" and f.source == members[0].source]
    if not answering:
        return None
    first = min(answering, key=lambda f: f.at)
    last = first.at
    for at in range(first.at + 1, min(first.at + 3, len(told.lines))):
        taken = any(f.at == at and f not in answering and f.denial.sort != "whole" for f in told.findings)
        if told.lines[at].paragraph != first.line.paragraph or taken:
            break
        last = at
    line, end = told.lines[first.at], told.lines[last].end
    return Quote(told.text[line.start : end].strip(), line.start, end)


def best_first(quotes: dict[int, Quote | None], weights: Weights, own: frozenset[str]) -> list[tuple[int, Quote]]:
    """Quotations by source, those that say most on a matter first."""
    found = [(number, quote) for number, quote in quotes.items() if quote is not None]
    return sorted(found, key=lambda pair: -weights.total(terms(pair[1].text) & own))
