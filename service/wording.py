"""What a reader is told. Every sentence says who said it; none says in our own voice what is true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from service.domain import Label, Rebuttal

_LONGEST: Final = 400


def who(rebuttal: Rebuttal) -> str:
    """The authority, with the speaker and the day where they are known.

    For example ``Ministry of Foreign Affairs of China (Lin Jian, 13 Oct 2025)``.
    """
    speaker = rebuttal.speaker.name or rebuttal.speaker.role if rebuttal.speaker else None
    details = [part for part in (speaker, day(rebuttal.stated_on)) if part]
    return f"{rebuttal.authority.name} ({', '.join(details)})" if details else rebuttal.authority.name


def day(date: dt.date | None) -> str | None:
    """A date as ``13 Oct 2025``; None where it is unknown."""
    return f"{date.day} {date:%b %Y}" if date else None


def summary(label: Label, rebuttal: Rebuttal | None, other: Rebuttal | None = None) -> str:
    """One sentence on how the claim stands to a record.

    Args:
        label: the verdict's label.
        rebuttal: the record it is about; None when nothing matched.
        other: the record of the authority that disagrees, for ``contested``.
    """
    if rebuttal is None or label == "unmatched":
        return "No official rebuttal in the store is about this claim."
    said = _cut(rebuttal.statement)
    if label == "rebutted":
        return f"Denied by {who(rebuttal)}: {said}"
    if label == "consistent":
        disputed = f" {who(other)} disputes this." if other else ""
        return f"In line with what {who(rebuttal)} said: {said}{disputed}"
    if label == "contested" and other is not None:
        return f"Authorities disagree. {who(rebuttal)}: {said} {who(other)}: {_cut(other.statement)}"
    return f"Background: on a related matter, {who(rebuttal)} said: {said}"


def would_change(probabilities: Mapping[str, float], rebutted: float, consistent: float) -> str:
    """How far the verdict is from being another one.

    Args:
        probabilities: calibrated, of asserts, denies and other.
        rebutted: from which probability of asserts the record rebuts the claim.
        consistent: from which probability of denies the claim is in line with it.
    """
    asserts, denies = probabilities["asserts"], probabilities["denies"]
    if asserts >= rebutted:
        return f"Asserts the rumor with probability {asserts:.2f}; below {rebutted:.2f} it would be background."
    if denies >= consistent:
        return f"Denies the rumor with probability {denies:.2f}; below {consistent:.2f} it would be background."
    return (
        f"Asserts the rumor with probability {asserts:.2f} (rebutted from {rebutted:.2f}) and denies it with "
        f"{denies:.2f} (consistent from {consistent:.2f})."
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rsplit(" ", 1)[0] + "…"
