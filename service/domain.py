"""The words of the field as types: records, claims, verdicts. Imports nothing of ours.

Every struct is frozen; every constraint that a field has stands in its type, so that decoding a body
is validating it. Unknown fields are refused everywhere.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

MAX_CLAIM: Final = 5_000
MAX_RUMOR: Final = 2_000
MAX_STATEMENT: Final = 10_000
MAX_BATCH: Final = 256
MAX_DOCUMENT: Final = 50_000

# NUL ends a C string: SQLite's functions and most logs cut there, so no text of ours holds one.
_TEXT: Final = r"^[^\x00]*[^\x00\s][^\x00]*$"

RebuttalId = Annotated[
    str,
    Meta(
        # `$` also matches before a last line feed, in Python only; the look-ahead forbids it everywhere.
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$(?!\n)",
        max_length=200,
        description="A stable slug: letters, digits and . _ : - only. Never reused, never renamed.",
        examples=["cn-mfa-pakistan-rare-earth-samples-us"],
    ),
]
ClaimText = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_CLAIM, pattern=_TEXT, description="The text that somebody wants checked."),
]
DocumentText = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_DOCUMENT, pattern=_TEXT, description="The text that somebody wants checked."),
]
RumorText = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_RUMOR, pattern=_TEXT, description="The claim that the authority denied."),
]
StatementText = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_STATEMENT, pattern=_TEXT, description="What the authority says instead."),
]
ShortText = Annotated[str, Meta(min_length=1, max_length=500, pattern=_TEXT)]
LongText = Annotated[str, Meta(min_length=1, max_length=MAX_STATEMENT, pattern=_TEXT)]
Language = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$(?!\n)",
        max_length=35,
        description="A BCP 47 language tag.",
        examples=["en", "zh-Hans"],
    ),
]
WebAddress = Annotated[
    str,
    Meta(
        pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#<>\"\x00-\x20\x7f]+[^\s<>\"\x00-\x20\x7f]*$(?!\n)",
        max_length=2_048,
        description="An http or https address.",
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
Probability = Annotated[float, Meta(ge=0, le=1)]

AuthorityKind = Literal[
    "ministry",
    "agency",
    "international_body",
    "company",
    "election_body",
    "central_bank",
    "court",
    "fact_checker",
    "other",
]
Rating = Literal["false", "misleading", "unproven", "missing_context", "scam"]
Status = Literal["draft", "published", "superseded", "retracted"]
CitationKind = Literal["primary", "report"]
Stance = Literal["asserts", "denies", "other"]
Label = Literal["rebutted", "consistent", "contested", "related", "unmatched"]
Field = Literal["rumor", "variant", "statement", "title"]
Profile = Literal["strict", "balanced", "lenient"]
Role = Literal["reader", "editor", "publisher", "admin"]
LinkState = Literal["fine", "moved", "changed", "dead", "unreachable", "blocked", "unchecked"]


class Authority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who speaks: a ministry, an agency, a company, a court."""

    name: ShortText
    kind: AuthorityKind = "other"
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2.")] | None = None


class Speaker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The person who said it; either part may be unknown."""

    name: ShortText | None = None
    role: ShortText | None = None


class Citation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a statement can be read."""

    url: WebAddress
    publisher: ShortText
    title: ShortText | None = None
    published_on: dt.date | None = None
    kind: CitationKind = "report"
    language: Language | None = None
    quote: LongText | None = None
    archived_url: WebAddress | None = None
    content_sha256: Sha256 | None = None
    last_checked: dt.datetime | None = None


class RebuttalContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an editor writes: one authority's denial or correction of one rumor.

    It records what the authority said on a day, not what is true.
    """

    rumor: RumorText
    statement: StatementText
    authority: Authority
    citations: Annotated[tuple[Citation, ...], Meta(min_length=1, max_length=100)]
    id: RebuttalId | None = None
    variants: Annotated[tuple[RumorText, ...], Meta(max_length=50)] = ()
    quote: LongText | None = None
    language: Language = "en"
    speaker: Speaker | None = None
    rating: Rating = "false"
    rating_words: ShortText | None = None
    stated_on: dt.date | None = None
    topics: Annotated[tuple[ShortText, ...], Meta(max_length=50)] = ()
    contested_with: Annotated[tuple[RebuttalId, ...], Meta(max_length=20)] = ()
    status: Status = "published"
    superseded_by: RebuttalId | None = None


class Rebuttal(RebuttalContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record as the store holds it: the content, and what the store says of it."""

    id: RebuttalId
    revision: Annotated[int, Meta(ge=1)]
    created_at: dt.datetime
    updated_at: dt.datetime


class Revision(Struct, frozen=True, kw_only=True):
    """One state of a record, and who made it so."""

    revision: int
    at: dt.datetime
    actor: str
    action: str
    reason: str | None
    rebuttal: Rebuttal


class Event(Struct, frozen=True, kw_only=True):
    """One entry of the append-only log. ``hash`` covers every other field, ``previous`` included."""

    number: int
    at: dt.datetime
    actor: str
    action: str
    rebuttal_id: str
    revision: int
    reason: str | None
    content_sha256: str
    previous: str
    hash: str


AsOf = Annotated[
    dt.date | None,
    Meta(
        description="Answer as of the end of this day (UTC): from statements that were public by then and not yet "
        "retracted or superseded, also if they are now. A statement of unknown date counts from its publication here. "
        "`why.reason` says what became of a record since."
    ),
]


class Claim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of ``POST /v1/check``."""

    claim: ClaimText
    language: Language | None = None
    limit: Annotated[int, Meta(ge=1, le=20, description="How many matches to return at most.")] = 5
    as_of: AsOf = None


class Difference(Struct, frozen=True, kw_only=True):
    """Something that the claim says otherwise than the record: a name, a number, a negation, who did it to whom.

    ``order``: names of the rumor stand in another order in the claim, as when giver and receiver are exchanged.
    ``spans`` are start and end of each word of ``claim`` in the text that was checked, in characters.
    """

    kind: Literal["name", "number", "negation", "order"]
    claim: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


class Why(Struct, frozen=True, kw_only=True):
    """How a match came about: enough to follow the verdict and to reproduce it.

    ``would_change`` says, for the match that decided, which probability would have made it another verdict.
    """

    field: Field
    text: str
    similarity: float
    words: float
    probabilities: dict[str, float] | None = None
    differs: tuple[Difference, ...] = ()
    reason: str | None = None
    would_change: str | None = None


class Match(Struct, frozen=True, kw_only=True):
    """A rebuttal found for a claim. ``score`` is the probability that the claim is the matter it rebuts."""

    rebuttal: Rebuttal
    stance: Stance
    score: float
    why: Why


class Verdict(Struct, frozen=True, kw_only=True):
    """How a claim stands to the closest rebuttal, in the words of whoever made the statement."""

    label: Label
    confidence: float
    summary: str
    according_to: str | None = None


class Remembered(Struct, frozen=True, kw_only=True):
    """The watch that remembers a verdict. ``secret`` signs its webhooks; null where it was told before."""

    id: str
    secret: str | None = None


class CheckResult(Struct, frozen=True, kw_only=True):
    """The answer of ``POST /v1/check``. ``verdict_id`` names the verdict in feedback: `service.verdict_id`.

    ``watch`` is there only where `notify` was asked for.
    """

    claim: str
    verdict: Verdict
    matches: tuple[Match, ...]
    model: str
    store_version: int
    took_ms: float
    verdict_id: str = ""
    watch: Remembered | UnsetType = UNSET


class Hit(Struct, frozen=True, kw_only=True):
    """One place of a ranking without a verdict."""

    rebuttal: Rebuttal
    score: float


class Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which records a search or a list is about; every field given must hold."""

    language: Language | None = None
    status: Status | None = None
    authority: ShortText | None = None
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")] | None = None
    topic: ShortText | None = None
    stated_from: dt.date | None = None
    stated_to: dt.date | None = None


class RejectedLine(Struct, frozen=True, kw_only=True):
    """A line of an import that was refused, and why."""

    line: int
    error: str
    id: str | None = None


class ImportReport(Struct, frozen=True, kw_only=True):
    """What an import did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: tuple[RejectedLine, ...] = ()
    rejected_total: int = 0


class ApiKey(Struct, frozen=True, kw_only=True):
    """What is known of a key; the key itself is shown once, when it is made, and never stored.

    Attributes:
        name: chosen by whoever made it, used once and for ever.
        role: what it allows.
        prefix: how the secret begins.
        created_at: when it was made.
        last_used_at: exact to a minute.
        revoked_at: since when it opens nothing.
        per_minute: requests in a minute; 0 for no bound, None for what the operator's setting says.
        expires_at: from when it opens nothing.
        rotated_at: when it got the secret that it has.
        previous_until: how long the secret before that still opens.
    """

    name: str
    role: Role
    prefix: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None
    per_minute: int | None = None
    expires_at: dt.datetime | None = None
    rotated_at: dt.datetime | None = None
    previous_until: dt.datetime | None = None
