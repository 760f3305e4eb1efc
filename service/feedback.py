"""What readers say of verdicts, and what can be learned from it. Imports only the domain's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from service.domain import ClaimText, Label, RebuttalId

MAX_COMMENT: Final = 2_000
HEADER: Final = "expect\tabout\tkind\ttext"
"""First line of a file of evaluation pairs: the form of ``benchmarks/probes``."""

Rating = Literal["right", "wrong"]
Comment = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_COMMENT, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$", description="For the editors."),
]


class FeedbackContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A verdict and what somebody says of it.

    Attributes:
        verdict_id: the name of the verdict: `service.verdict_id`.
        label: its label, as the name has it.
        rebuttal_id: the record that it stands on; None where it is ``unmatched``.
        store_version: of the store that gave it.
        rating: whether it is right.
        expected: the label that it should have had.
        about: the record that it should have stood on.
        comment: in the sender's words.
        claim: the text that was checked, where the sender chose to give it.
        actor: name of the sender's key; None for an anonymous one.
    """

    verdict_id: str
    label: Label
    rebuttal_id: RebuttalId | None
    store_version: int
    rating: Rating
    expected: Label | None = None
    about: RebuttalId | None = None
    comment: Comment | None = None
    claim: ClaimText | None = None
    actor: str | None = None


class Feedback(FeedbackContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Feedback as the store holds it: numbered in the order in which it came."""

    number: int
    at: dt.datetime


class Pair(NamedTuple):
    """An evaluation pair: a text, and the verdict that somebody expects on it."""

    expect: Label
    about: str
    text: str

    def line(self) -> str:
        """A line of a probes file: no quoting, so no tab and no line break within a text."""
        return "\t".join((self.expect, self.about, "feedback", " ".join(self.text.split())))


def pair(feedback: Feedback) -> Pair | None:
    """What a feedback teaches; None where it gives no claim, no label to expect, or no record for that label."""
    expect = feedback.label if feedback.rating == "right" else feedback.expected
    about = feedback.about or feedback.rebuttal_id
    if feedback.claim is None or expect is None:
        return None
    if expect == "unmatched":
        return Pair(expect, "-", feedback.claim)
    return Pair(expect, about, feedback.claim) if about else None


def pairs(every: Iterable[Feedback]) -> Iterator[Pair]:
    """The pairs among them, each once; where senders disagree about a text, all that they say."""
    seen: set[Pair] = set()
    for feedback in every:
        found = pair(feedback)
        if found is not None and found not in seen:
            seen.add(found)
            yield found
