"""A check's result as a page shows it: who denied what, with which words and where, and why we think so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from service.document import DocumentResult, Finding
from service.domain import CheckResult, Claim, Label, Match, Stance
from service.sentences import split
from service.web.sharing import link
from service.web.words import likely
from service.wording import who

Read = Literal["auto", "claim", "document"]

_STANCES: Final[dict[Stance, str]] = {
    "asserts": "says what was denied",
    "denies": "denies it too, or reports the denial",
    "other": "is another claim",
}
_FEWEST_SENTENCES: Final = 3
_LONGEST_CLAIM: Final = 600


class Answer(Struct, frozen=True, kw_only=True):
    """A verdict with what it rests on.

    Attributes:
        text: what was judged.
        heading: the verdict as a sentence that names whoever made the statement.
        matches: those that the verdict rests on: one, two where authorities disagree, none where nothing was found.
        others: records on related matters, not shown in full.
        link: where the verdict can be read again; None where it cannot be carried in an address.
        note: why the verdict is milder than that of the sentence alone.
    """

    text: str
    label: Label
    heading: str
    sure: str
    matches: tuple[Match, ...]
    others: tuple[Match, ...]
    verdict_id: str
    link: str | None
    note: str | None = None
    key: int = 0


class Article(Struct, frozen=True, kw_only=True):
    """What a text of many sentences holds."""

    heading: str
    label: Label
    findings: tuple[Answer, ...]
    sentences: int
    checked: int
    truncated: bool
    verdict_id: str


def is_document(text: str, read: Read) -> bool:
    """Whether a text is read sentence by sentence: where the reader says so, or where it looks like an article."""
    if read != "auto":
        return read == "document"
    return len(text) > _LONGEST_CLAIM or "\n" in text or len(split(text)) >= _FEWEST_SENTENCES


def of_claim(claim: Claim, result: CheckResult) -> Answer:
    """The answer to one claim."""
    return _answer(claim, result, link(claim, result.verdict_id))


def of_document(asked: Claim, result: DocumentResult) -> Article:
    """The answer to an article."""
    findings = tuple(_finding(asked, finding, key) for key, finding in enumerate(result.findings, 1))
    return Article(
        heading=findings[0].heading if findings else _heading("unmatched", ()),
        label=result.verdict.label,
        findings=findings,
        sentences=result.sentences,
        checked=result.checked,
        truncated=result.truncated,
        verdict_id=result.verdict_id,
    )


def probabilities(match: Match) -> list[str]:
    """How a match's text was read, in words, the likeliest first."""
    found = match.why.probabilities or {}
    ranked = sorted(found.items(), key=lambda entry: -entry[1])
    return [f"The claim {_STANCES[name]}: {likely(share)}" for name, share in ranked if name in _STANCES]


def _finding(asked: Claim, finding: Finding, key: int) -> Answer:
    text = asked.claim[finding.read.start : finding.read.end]
    own = Claim(claim=text, language=asked.language, as_of=asked.as_of)
    # What the text around it has made milder would be judged harder alone, which is how a link is judged.
    address = None if finding.note else link(own, finding.verdict_id)
    return _answer(own, finding, address, note=finding.note, key=key)


def _answer(
    claim: Claim, result: CheckResult | Finding, address: str | None, *, note: str | None = None, key: int = 0
) -> Answer:
    label = result.verdict.label
    shown = 2 if label == "contested" else 1
    return Answer(
        text=claim.claim,
        label=label,
        heading=_heading(label, result.matches),
        sure=_sure(label, result.verdict.confidence),
        matches=result.matches[:shown],
        others=result.matches[shown:],
        verdict_id=result.verdict_id,
        link=address,
        note=note,
        key=key,
    )


def _heading(label: Label, matches: Sequence[Match]) -> str:
    if label == "unmatched" or not matches:
        return "No official rebuttal in this store is about it"
    speaks = who(matches[0].rebuttal)
    if label == "rebutted":
        return f"Denied by {speaks}"
    if label == "consistent":
        return f"In line with what {speaks} said"
    if label == "contested":
        return "Authorities disagree about this"
    return f"No verdict. On a related matter: {speaks}"


def _sure(label: Label, confidence: float) -> str:
    words = {
        "rebutted": "the text says what was denied",
        "consistent": "the text agrees with the statement",
        "contested": "the text says what one of the authorities denies",
        "related": "the record is about the same matter",
        "unmatched": "no record in this store is about it",
    }
    return f"It is {likely(confidence)} that {words[label]}."
