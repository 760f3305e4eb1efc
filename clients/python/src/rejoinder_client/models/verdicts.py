"""Verdicts, and what they stand on."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from rejoinder_client.errors import Problem
from rejoinder_client.models.records import Rebuttal


class Verdict(Struct, frozen=True, kw_only=True):
    """How a claim stands to the closest rebuttal, in the words of whoever made the statement.

    Attributes:
        label: ``rebutted``, ``consistent``, ``contested``, ``related`` or ``unmatched``.
        confidence: how sure the service is of the label, 0 to 1.
        summary: the verdict in a sentence.
        according_to: who made the statement.
    """

    label: str
    confidence: float
    summary: str
    according_to: str | None = None


class Difference(Struct, frozen=True, kw_only=True):
    """Something that the claim says otherwise than the record; ``spans`` are places of the words in the claim."""

    kind: str
    claim: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


class Why(Struct, frozen=True, kw_only=True):
    """How a match came about."""

    field: str
    text: str
    similarity: float
    words: float
    probabilities: dict[str, float] | None = None
    differs: tuple[Difference, ...] = ()
    reason: str | None = None
    would_change: str | None = None


class Match(Struct, frozen=True, kw_only=True):
    """A rebuttal found for a claim. ``stance`` is ``asserts``, ``denies`` or ``other``."""

    rebuttal: Rebuttal
    stance: str
    score: float
    why: Why


class Remembered(Struct, frozen=True, kw_only=True):
    """The watch that remembers a verdict. ``secret`` signs its webhooks; None where it was told before."""

    id: str
    secret: str | None = None


class CheckResult(Struct, frozen=True, kw_only=True):
    """The answer to a claim: verdict and matches, the best first. ``verdict_id`` names the verdict in feedback."""

    claim: str
    verdict: Verdict
    matches: tuple[Match, ...]
    model: str
    store_version: int
    took_ms: float
    verdict_id: str = ""
    watch: Remembered | None = None


class Span(Struct, frozen=True, kw_only=True):
    """A stretch of a text: offsets in Unicode code points, as Python counts; ``end`` exclusive."""

    start: int
    end: int


class Finding(Struct, frozen=True, kw_only=True):
    """A sentence that a record is about; ``read`` is the stretch of the text that the verdict is about."""

    text: str
    start: int
    end: int
    read: Span
    verdict: Verdict
    matches: tuple[Match, ...]
    verdict_id: str
    note: str | None = None


class DocumentResult(Struct, frozen=True, kw_only=True):
    """The answer to a longer text: the verdict of its strongest finding, and every finding, the strongest first."""

    verdict: Verdict
    verdict_id: str
    findings: tuple[Finding, ...]
    sentences: int
    checked: int
    truncated: bool
    model: str
    store_version: int
    took_ms: float
    mode: str = "document"


class BatchResult(Struct, frozen=True, kw_only=True):
    """What came of one claim of a batch: ``verdict`` with its matches, or else ``error``, the problem with it."""

    id: str | None = None
    verdict: Verdict | None = None
    matches: tuple[Match, ...] = ()
    verdict_id: str = ""
    error: Problem | None = None


class BatchResults(Struct, frozen=True, kw_only=True):
    """The answer to a batch, in the order of its claims."""

    results: tuple[BatchResult, ...]
    model: str
    store_version: int | None = None
    took_ms: float


class Comparison(Struct, frozen=True, kw_only=True):
    """The stance of a claim towards a rumor that need not be in the store."""

    stance: str
    probabilities: dict[str, float]


class Hit(Struct, frozen=True, kw_only=True):
    """One place of a ranking; ``score`` compares results of one query only."""

    rebuttal: Rebuttal
    score: float


class Results(Struct, frozen=True, kw_only=True):
    """Records, the nearest first."""

    results: tuple[Hit, ...]


class Feedback(Struct, frozen=True, kw_only=True):
    """What somebody said of a verdict, as the service keeps it."""

    verdict_id: str
    label: str
    rebuttal_id: str | None = None
    store_version: int
    rating: str
    expected: str | None = None
    about: str | None = None
    comment: str | None = None
    claim: str | None = None
    actor: str | None = None
    number: int
    at: dt.datetime


class Day(Struct, frozen=True, kw_only=True):
    """The verdicts of a day (UTC)."""

    day: dt.date
    claims: int
    labels: dict[str, int]


class Matched(Struct, frozen=True, kw_only=True):
    """A record that verdicts stood on; ``rumor`` is None where the record is gone."""

    rebuttal_id: str
    rumor: str | None = None
    claims: int
    labels: dict[str, int]


class Tallies(Struct, frozen=True, kw_only=True):
    """How many claims were asked lately, and what came of them."""

    since: dt.date
    until: dt.date
    claims: int
    labels: dict[str, int]
    unmatched_share: float | None = None
    days: tuple[Day, ...]
    records: tuple[Matched, ...]


class Health(Struct, frozen=True, kw_only=True):
    """``live`` or ``ready``."""

    status: str


class Version(Struct, frozen=True, kw_only=True):
    """What answers depend on beside the claim."""

    store_version: int
    model: str
    profile: str
