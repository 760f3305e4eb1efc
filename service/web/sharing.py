"""Links to verdicts. A claim is not kept, so the link carries it; the verdict's sealed name says what was said then.

Whoever opens the link gets the verdict of now, and learns whether it is another one than when the link was made.
docs/decisions/0015 weighs the alternatives.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal
from urllib.parse import quote, urlencode

from msgspec import Struct

from service.domain import AsOf, CheckResult, Claim, ClaimText, Language
from service.verdict_id import Said, VerdictIds

LONGEST_LINK: Final = 8_000
"""Bytes: what servers and proxies commonly take as the first line of a request."""

Change = Literal["same", "changed", "unknown"]


class SharedQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a link carries beside the verdict's name: the question, word for word."""

    claim: ClaimText
    language: Language | None = None
    as_of: AsOf = None

    def as_claim(self) -> Claim:
        """The question, as the checker takes it."""
        return Claim(claim=self.claim, language=self.language, as_of=self.as_of)


class Since(Struct, frozen=True, kw_only=True):
    """How the verdict of now stands to the one that a link was made of.

    Attributes:
        change: ``unknown`` where the link's verdict is not one of this question to this model, with these numbers.
        then: what was said.
    """

    change: Change
    then: Said | None = None


def link(claim: Claim, verdict_id: str) -> str | None:
    """The address of a verdict; None where it would be longer than servers commonly take."""
    day: dt.date | None = claim.as_of
    fields = {"claim": claim.claim, "language": claim.language, "as_of": day.isoformat() if day else None}
    try:
        query = urlencode({name: value for name, value in fields.items() if value}, quote_via=quote)
    except UnicodeEncodeError:  # half of a character: no address can carry it
        return None
    address = f"/verdicts/{quote(verdict_id, safe='~')}?{query}"
    return address if len(address) <= LONGEST_LINK else None


def since(ids: VerdictIds, verdict_id: str, claim: Claim, now: CheckResult) -> Since:
    """What has changed since a link was made.

    A link cannot be made up: the name's seal says that this service gave that verdict, and its hash that it gave it
    on this very question, where the model and its numbers are still the same.
    """
    try:
        then = ids.read(verdict_id)
    except ValueError:
        return Since(change="unknown")
    if ids.make(claim, then, model=now.model) != verdict_id:
        return Since(change="unknown")
    first = now.matches[0].rebuttal.id if now.matches else None
    same = (then.label, then.rebuttal_id) == (now.verdict.label, first)
    return Since(change="same" if same else "changed", then=then)
