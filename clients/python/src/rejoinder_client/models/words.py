"""The lists of words that the service knows, for what is sent to it."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypedDict

Label = Literal["rebutted", "consistent", "contested", "related", "unmatched"]
Stance = Literal["asserts", "denies", "other"]
Status = Literal["draft", "published", "superseded", "retracted"]
Rating = Literal["false", "misleading", "unproven", "missing_context", "scam"]
Role = Literal["reader", "editor", "publisher", "admin"]
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
LinkState = Literal["fine", "unchecked", "moved", "changed", "dead", "unreachable", "blocked"]
WatchKind = Literal["claim", "query", "topic"]
DeliveryState = Literal["pending", "delivered", "dead", "none"]


class Filters(TypedDict, total=False):
    """Which records are meant; every filter given must hold."""

    language: str
    status: Status
    authority: str
    country: str
    topic: str
    stated_from: dt.date
    stated_to: dt.date
