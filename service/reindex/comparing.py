"""The verdicts of two encoders, held against each other on the same claims, with nobody being told either."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from service.check import Checker
from service.domain import CheckResult, Claim, Label
from service.reindex.samples import KNOWN, Kind, Text

_AT_ONCE: Final = 16


class Shadow(Struct, frozen=True, kw_only=True):
    """How the verdicts agree on texts of one kind.

    Attributes:
        kind: of the texts.
        claims: how many there were.
        same_record: of these, with the same nearest record, or with none in both.
        same_label: with the same label.
        same: with both.
    """

    kind: Kind
    claims: int
    same_record: int
    same_label: int
    same: int


class Change(Struct, frozen=True, kw_only=True):
    """How many claims went from one label to another, or stayed."""

    before: Label
    after: Label
    claims: int


class Case(Struct, frozen=True, kw_only=True):
    """A claim that the two do not agree on.

    Attributes:
        kind: of the text.
        claim: the text.
        before: label by the encoder that answers.
        after: label by the other one.
        record_before: id of the nearest record; None for none.
        record_after: likewise, by the other one.
    """

    kind: Kind
    claim: str
    before: Label
    after: Label
    record_before: str | None
    record_after: str | None


class Comparison(Struct, frozen=True, kw_only=True):
    """What came of comparing.

    Attributes:
        claims: how many were checked with both.
        agreement: share with the same label and record; of the texts that are searched themselves and of the others,
            whichever is lower.
        kinds: by kind of text.
        labels: what became of each label.
        cases: claims that the two do not agree on: those that changed their label first, and not all of them.
        differing: how many there are of those.
    """

    claims: int
    agreement: float
    kinds: tuple[Shadow, ...]
    labels: tuple[Change, ...]
    cases: tuple[Case, ...]
    differing: int


def compare(
    present: Checker,
    other: Checker,
    texts: Sequence[Text],
    *,
    cases: int,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Comparison:
    """Check every text with both.

    Args:
        present: of the encoder that answers.
        other: of the one that may.
        texts: to be checked.
        cases: how many differing claims to list.
        on_progress: told how many texts are done, and of how many.
    """
    pairs = asyncio.run(_checked(present, other, texts, on_progress))
    seen = [_case(text, *pair) for text, pair in zip(texts, pairs, strict=True)]
    differing = [one for one in seen if not _same(one)]
    differing.sort(key=lambda one: one.before == one.after)
    labels = Counter((one.before, one.after) for one in seen)
    return Comparison(
        claims=len(seen),
        agreement=min((_share(group) for group in _groups(seen) if group), default=1.0),
        kinds=tuple(_shadow(kind, seen) for kind in dict.fromkeys(one.kind for one in seen)),
        labels=tuple(Change(before=a, after=b, claims=number) for (a, b), number in sorted(labels.items())),
        cases=tuple(differing[:cases]),
        differing=len(differing),
    )


async def _checked(
    present: Checker, other: Checker, texts: Sequence[Text], on_progress: Callable[[int, int], None]
) -> list[tuple[CheckResult, CheckResult]]:
    pairs: list[tuple[CheckResult, CheckResult]] = []
    for at in range(0, len(texts), _AT_ONCE):
        claims = [Claim(claim=one.text) for one in texts[at : at + _AT_ONCE]]
        pairs += zip(await present.check_many(claims), await other.check_many(claims), strict=True)
        on_progress(len(pairs), len(texts))
    return pairs


def _case(text: Text, before: CheckResult, after: CheckResult) -> Case:
    return Case(
        kind=text.kind,
        claim=text.text,
        before=before.verdict.label,
        after=after.verdict.label,
        record_before=_nearest(before),
        record_after=_nearest(after),
    )


def _nearest(result: CheckResult) -> str | None:
    return result.matches[0].rebuttal.id if result.matches else None


def _same(one: Case) -> bool:
    return (one.before, one.record_before) == (one.after, one.record_after)


def _groups(seen: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Texts that are searched themselves would hide, by their number, how the others fare."""
    return [one for one in seen if one.kind in KNOWN], [one for one in seen if one.kind not in KNOWN]


def _share(group: Sequence[Case]) -> float:
    return round(sum(map(_same, group)) / len(group), 4)


def _shadow(kind: Kind, seen: Sequence[Case]) -> Shadow:
    own = [one for one in seen if one.kind == kind]
    return Shadow(
        kind=kind,
        claims=len(own),
        same_record=sum(one.record_before == one.record_after for one in own),
        same_label=sum(one.before == one.after for one in own),
        same=sum(map(_same, own)),
    )
