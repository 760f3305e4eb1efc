"""Long texts: every sentence that can be checked is, and a denial beside a rumor outweighs the rumor.

A report has to repeat what it reports the denial of. "Pakistan gave Trump rare earths. That is not true, the ministry
said." holds a sentence that, read alone, asserts a rumor. So nothing in a text is accused before it was read with its
neighbours, and no text is accused of a rumor that it reports the denial of.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct, structs

from service.check import Checker
from service.domain import (
    MAX_BATCH,
    MAX_CLAIM,
    MAX_DOCUMENT,
    CheckResult,
    Claim,
    DocumentText,
    Match,
    Verdict,
    WebAddress,
)
from service.sentences import Sentence, checkable, leans, reports_denial, split
from service.wording import summary, who

MOST_SENTENCES: Final = MAX_BATCH
MOST_FINDINGS: Final = 100
_WIDEST: Final = 1_000
"""Characters of a window: the stance model reads some 90 words, what is longer would be cut anyway."""
_ACCUSING: Final = ("rebutted", "contested")
_ORDER: Final = ("rebutted", "contested", "consistent", "related")
_REPORTED: Final = "Read alone, the sentence says what was denied; the text reports the denial elsewhere."
_BESIDE: Final = "Read alone, the sentence says what was denied; the sentences around it speak of a denial."
_TOGETHER: Final = "Read alone, the sentence says what was denied; with its neighbours it reports the denial."

Mode = Literal["claim", "document"]


class Notify(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to tell that a verdict would now be different; without ``url`` only the watch's feed tells it."""

    url: WebAddress | None = None


class CheckRequest(Claim, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/check``: one claim, or with the mode ``document`` a text that may hold several."""

    claim: DocumentText
    mode: Annotated[
        Mode,
        Meta(
            description=f"`claim`: up to {MAX_CLAIM:,} characters, judged as one. `document`: up to "
            f"{MAX_DOCUMENT:,}, judged sentence by sentence."
        ),
    ] = "claim"
    notify: Annotated[
        Notify | None,
        Meta(
            description="Remember the verdict, and tell when it would be another one. Needs a key. The claim is stored "
            "for it, until the watch is deleted."
        ),
    ] = None

    def as_claim(self) -> Claim:
        """The text with its options, as `service.check.Checker` takes it."""
        return Claim(claim=self.claim, language=self.language, limit=self.limit, as_of=self.as_of)


class Span(Struct, frozen=True, kw_only=True):
    """A stretch of the text: offsets in Unicode code points, ``end`` exclusive."""

    start: int
    end: int


class Finding(Struct, frozen=True, kw_only=True):
    """A sentence that a record is about.

    Attributes:
        text: the sentence as it stands in the text.
        start: where it begins, in Unicode code points.
        end: where it ends, exclusive.
        read: the stretch that the verdict is about: the sentence, or the sentence with its neighbours.
        verdict: how it stands to the best match.
        matches: as in `CheckResult`.
        verdict_id: names the verdict in feedback.
        note: why the verdict is milder than that of the sentence alone, where it is.
    """

    text: str
    start: int
    end: int
    read: Span
    verdict: Verdict
    matches: tuple[Match, ...]
    verdict_id: str
    note: str | None = None


class DocumentResult(Struct, frozen=True, kw_only=True):
    """The answer of ``POST /v1/check`` in the mode ``document``.

    Attributes:
        verdict: that of the strongest finding; ``unmatched`` where there is none.
        verdict_id: names it in feedback.
        findings: the strongest first: rebutted, contested, consistent, related.
        sentences: how many sentences the text has.
        checked: how many of them were checked.
        truncated: whether checkable sentences (past the first 256) or findings (past the first 100) were left out.
    """

    verdict: Verdict
    verdict_id: str
    findings: tuple[Finding, ...]
    sentences: int
    checked: int
    truncated: bool
    model: str
    store_version: int
    took_ms: float
    mode: Literal["document"] = "document"


class _Reading(NamedTuple):
    """A sentence, the stretch of the text it was read in, and what came of it."""

    at: int
    read: Span
    result: CheckResult
    note: str | None = None

    @property
    def label(self) -> str:
        return self.result.verdict.label

    @property
    def record(self) -> str | None:
        return self.result.matches[0].rebuttal.id if self.result.matches else None


async def check_document(checker: Checker, asked: Claim) -> DocumentResult:
    """Judge a text sentence by sentence.

    Args:
        checker: judges the sentences, all in one batch; those that would be accused go through it once more, with
            their neighbours.
        asked: the text as its ``claim``; the other options hold for each sentence.

    Raises:
        Overloaded: more is waiting than can be answered in time.
    """
    began = time.perf_counter()
    sentences, worth = await asyncio.to_thread(_cut, asked)
    readings = await _read(checker, asked, [(at, _own(sentences, at)) for at in worth[:MOST_SENTENCES]])
    readings = await _reconsider(checker, asked, sentences, readings)
    told = _ranked(_telling(readings, sentences))
    strongest = told[0] if told else min(readings, key=lambda one: one.result.verdict.confidence)
    return DocumentResult(
        verdict=strongest.result.verdict,
        verdict_id=checker.ids.of(asked, strongest.result),
        findings=tuple(_finding(one, sentences[one.at]) for one in told[:MOST_FINDINGS]),
        sentences=len(sentences),
        checked=len(readings),
        truncated=len(worth) > MOST_SENTENCES or len(told) > MOST_FINDINGS,
        model=strongest.result.model,
        store_version=strongest.result.store_version,
        took_ms=round((time.perf_counter() - began) * 1000, 2),
    )


def _cut(asked: Claim) -> tuple[list[Sentence], list[int]]:
    """The sentences, at least one, and the positions of those to check, at least one; a second's work at worst."""
    sentences = split(asked.claim, asked.language) or [Sentence(asked.claim, 0, len(asked.claim))]
    return sentences, checkable(sentences) or [0]


def _own(sentences: Sequence[Sentence], at: int) -> Span:
    """The stretch that a sentence is read in: with the one before, where it cannot be understood without."""
    sentence = sentences[at]
    if at and leans(sentence) and sentence.end - sentences[at - 1].start <= _WIDEST:
        return Span(start=sentences[at - 1].start, end=sentence.end)
    return Span(start=sentence.start, end=sentence.end)


async def _read(checker: Checker, asked: Claim, places: Sequence[tuple[int, Span]]) -> list[_Reading]:
    """Check stretches of the text, 256 at a time."""
    claims = [structs.replace(asked, claim=asked.claim[span.start : span.end]) for _, span in places]
    groups = [claims[at : at + MAX_BATCH] for at in range(0, len(claims), MAX_BATCH)]
    results = [result for group in groups for result in await checker.check_many(group)]
    return [_Reading(at, span, result) for (at, span), result in zip(places, results, strict=True)]


async def _reconsider(
    checker: Checker, asked: Claim, sentences: Sequence[Sentence], readings: list[_Reading]
) -> list[_Reading]:
    """Read what would be accused with its neighbours, and take back what the text itself answers."""
    accused = [one for one in readings if one.label in _ACCUSING]
    wider = await _read(checker, asked, [(one.at, span) for one in accused for span in _windows(sentences, one)])
    consistent = [one for one in wider if one.label == "consistent"]
    together = {(one.at, one.record): one._replace(note=_TOGETHER) for one in reversed(consistent)}
    reported = {one.record for one in [*readings, *consistent] if _reports(one, asked.claim)}

    def settled(one: _Reading) -> _Reading:
        if one.label not in _ACCUSING:
            return one
        if (one.at, one.record) in together:
            return together[one.at, one.record]
        if one.record in reported:
            return _milder(checker, asked, one, _REPORTED)
        if any(reports_denial(sentence.text) for sentence in _around(sentences, one)):
            return _milder(checker, asked, one, _BESIDE)
        return one

    return [settled(one) for one in readings]


def _reports(reading: _Reading, document: str) -> bool:
    """Whether the denial of the record is reported there, as the model reads it or as the words have it."""
    said = document[reading.read.start : reading.read.end]
    return reading.label == "consistent" or (reading.label == "related" and reports_denial(said))


def _windows(sentences: Sequence[Sentence], reading: _Reading) -> list[Span]:
    """The stretches that hold a sentence and its neighbours, those that were not read yet."""
    at = reading.at
    first, last = max(at - 1, 0), min(at + 1, len(sentences) - 1)
    pairs = {(first, at), (at, last), (first, last)}
    spans = [Span(start=sentences[one].start, end=sentences[other].end) for one, other in sorted(pairs)]
    own = Span(start=sentences[at].start, end=sentences[at].end)
    return [span for span in spans if span not in (own, reading.read) and span.end - span.start <= _WIDEST]


def _around(sentences: Sequence[Sentence], reading: _Reading) -> list[Sentence]:
    """What frames a sentence: two on each side, the headline, and itself where it was read as part of more.

    Two, because an outcry of a word or two may stand between a rumor and its denial.
    """
    at = reading.at
    places = {0, *range(at - 2, at + 3)} - ({at} if reading.read.start == sentences[at].start else set())
    return [sentences[place] for place in sorted(places) if 0 <= place < len(sentences)]


def _milder(checker: Checker, asked: Claim, reading: _Reading, note: str) -> _Reading:
    """The same matches as background: the record is on the matter, but the text is not accused of its rumor."""
    first = reading.result.matches[0]
    verdict = Verdict(
        label="related",
        confidence=first.score,
        summary=summary("related", first.rebuttal),
        according_to=who(first.rebuttal),
    )
    result = structs.replace(reading.result, verdict=verdict)
    claim = structs.replace(asked, claim=asked.claim[reading.read.start : reading.read.end])
    return reading._replace(result=structs.replace(result, verdict_id=checker.ids.of(claim, result)), note=note)


def _telling(readings: Sequence[_Reading], sentences: Sequence[Sentence]) -> list[_Reading]:
    """Readings that tell something, without those that only repeat what the sentence before has said."""
    before = {one.at: (one.label, one.record) for one in readings}
    return [
        one
        for one in readings
        if one.label != "unmatched"
        and not (one.read.start < sentences[one.at].start and before.get(one.at - 1) == (one.label, one.record))
    ]


def _ranked(readings: Sequence[_Reading]) -> list[_Reading]:
    """The strongest first; of several sentences that a record is only background to, the best."""
    order = sorted(
        readings, key=lambda one: (_ORDER.index(one.label), -one.result.verdict.confidence, one.read.start, one.at)
    )
    named: set[str | None] = set()
    kept = []
    for one in order:
        if one.label != "related" or one.note or one.record not in named:
            kept.append(one)
        named.add(one.record)
    return kept


def _finding(reading: _Reading, sentence: Sentence) -> Finding:
    result = reading.result
    return Finding(
        text=sentence.text,
        start=sentence.start,
        end=sentence.end,
        read=reading.read,
        verdict=result.verdict,
        matches=result.matches,
        verdict_id=result.verdict_id,
        note=reading.note,
    )
