"""Findings put together by matter: what is denied, what only names the same rumor, what calls all of it false."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from service.ingest.extract.findings import Finding, Told
from service.ingest.extract.grammar import as_sentence
from service.ingest.extract.matters import Weights, group, nearness, terms

NEAR: Final = 0.22
"""How like a matter a rumor must be that is only named, or stands in a headline, to belong to it."""
_ANSWERS: Final = 0.2
"""Share of an answer's words that stand in the rumor it was asked about, at least, if it is of that rumor."""
_NAMING: Final = frozenset({"report", "mention", "contrast"})
_FEWEST_WORDS: Final = 4


class Matter(NamedTuple):
    """Findings on one matter: ``core`` are denied, ``also`` are named, ``whole`` call its reports false."""

    core: list[Finding]
    also: list[Finding]
    whole: list[Finding]

    @property
    def every(self) -> list[Finding]:
        """Those that give a wording of the rumor."""
        return [*self.core, *self.also]


def matters_of(told: Sequence[Told], weights: Weights) -> list[Matter]:
    """Denials grouped by what they are about."""
    every = [finding for one in told for finding in one.findings]
    core = [finding for finding in every if _is_core(finding, told)]
    body = [finding for finding in core if not finding.line.heading]
    # A headline sums up what the article says: it makes a matter only where the article makes none.
    chosen = body or core
    mentions = [finding for finding in every if finding.denial.sort == "mention" and not finding.line.heading]
    denied = _denied_as_a_whole(mentions, every, chosen, weights)
    chosen = sorted([*chosen, *denied], key=lambda finding: (finding.source, finding.start))
    groups = group([terms(finding.rumor) for finding in chosen], weights)
    matters = _with_elaborations(weights, [Matter([chosen[at] for at in members], [], []) for members in groups])
    left = [f for f in (*mentions, *(f for f in core if f.line.heading)) if f not in chosen and f.rumor]
    for finding in left:
        near = max(matters, key=lambda matter: _likeness(finding, matter, weights), default=None)
        if near is not None and _likeness(finding, near, weights) >= NEAR:
            near.also.append(finding)
    _assign_wholes(matters, every)
    return matters


def _assign_wholes(matters: list[Matter], every: list[Finding]) -> None:
    """What calls reports false speaks of those named last before it."""
    for whole in (finding for finding in every if finding.denial.sort == "whole" and not finding.line.heading):
        before = [
            finding
            for finding in every
            if finding.source == whole.source and finding.at < whole.at and not finding.line.heading
        ]
        named = [finding for finding in before if finding.denial.sort in _NAMING]
        # Where no rumor is named, it is what the sentence before denied in the narrator's words.
        named = named or [finding for finding in before if finding.at == whole.at - 1 and _is_attributed(finding)]
        last = named[-1] if named else None
        matter = next((m for m in matters if any(_same(f, last) for f in m.every)), None) if last else None
        if matter is not None:
            matter.whole.append(whole)


def _is_attributed(finding: Finding) -> bool:
    """Whether a negation is reported in the narrator's words, so that the quotation behind it is the same denial."""
    quoted = any(quote.start <= finding.start < quote.end for quote in finding.line.quotes)
    return finding.denial.sort == "negation" and finding.voice is not None and not quoted


def _same(one: Finding, other: Finding | None) -> bool:
    return other is not None and (one.source, one.start, one.end) == (other.source, other.start, other.end)


def _with_elaborations(weights: Weights, matters: list[Matter]) -> list[Matter]:
    """A quotation that follows a reported denial elaborates on it: it says the same, often in other words."""
    kept: list[Matter] = []
    for matter in matters:
        before = next(
            (one for one in kept if len(matter.core) == 1 and _elaborates(matter.core[0], one.core[-1], weights)), None
        )
        if before is None:
            kept.append(matter)
        else:
            before.core.append(matter.core[0])
    return kept


def _elaborates(finding: Finding, before: Finding, weights: Weights) -> bool:
    if finding.source != before.source or finding.at <= before.at:
        return False
    if finding.line.turn == "answers":
        asked = before.line.turn == "asks" and finding.line.paragraph - before.line.paragraph <= 2  # noqa: PLR2004 - the answer to it
        return asked and weights.share(terms(finding.rumor), terms(before.rumor)) > _ANSWERS
    quoted = any(quote.start <= finding.start + 2 and finding.end <= quote.end + 2 for quote in finding.line.quotes)
    close = finding.at - before.at <= 2 and finding.line.paragraph - before.line.paragraph <= 1  # noqa: PLR2004 - the next one but one
    return quoted and close and finding.denial.sort == "negation" and before.denial.sort == "report"


def _is_core(finding: Finding, told: Sequence[Told]) -> bool:
    """Whether a finding is denied by somebody: a bare negation counts only where rumors are spoken of."""
    if finding.voice is None or not finding.rumor or finding.denial.sort in {"mention", "whole"}:
        return False
    return finding.denial.sort != "negation" or told[finding.source].is_denial


def _denied_as_a_whole(
    mentions: list[Finding], every: list[Finding], chosen: list[Finding], weights: Weights
) -> list[Finding]:
    """Rumors that are named, denied by nothing in particular, and met by "the reports are false" further on."""
    found = []
    for mention in mentions:
        own = terms(mention.rumor)
        if nearness(own, [terms(finding.rumor) for finding in chosen], weights) >= NEAR:
            continue
        answer = next(
            (
                f
                for f in every
                if f.source == mention.source and f.denial.sort == "whole" and f.voice and f.at >= mention.at
            ),
            None,
        )
        if answer is not None:
            found.append(mention._replace(voice=answer.voice, statement=_whole_statement(answer)))
    return found


def _whole_statement(finding: Finding) -> str:
    """What was said when everything was called false: the quotation, if it is one."""
    for quote in finding.line.quotes:
        if len(quote.text.split()) > _FEWEST_WORDS:
            return as_sentence(quote.text)
    return as_sentence(finding.line.flat)


def _likeness(finding: Finding, matter: Matter, weights: Weights) -> float:
    return nearness(terms(finding.rumor), [terms(one.rumor) for one in matter.core], weights)
