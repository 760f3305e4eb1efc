"""From a verdict to what is remembered of it, and from two states of a record to what has happened to it."""

from __future__ import annotations

from typing import Final

from service.domain import CheckResult, Label, Rebuttal
from service.language import primary
from service.store.watches import EventType, Stand, Watch

SETTLED: Final[frozenset[Label]] = frozenset({"rebutted", "consistent", "contested"})
"""Verdicts that stand on a record. One that is ``related`` settles nothing: its records are background."""


def stand_of(result: CheckResult) -> Stand:
    """What is remembered of a verdict."""
    label, matches = result.verdict.label, result.matches
    resting = {"contested": 2}.get(label, 1) if label in SETTLED else 0
    records = tuple(match.rebuttal.id for match in matches[:resting])
    # A record that disputes the first one may be published, or withdrawn, without being near the claim.
    disputing = matches[0].rebuttal.contested_with if records else ()
    background = tuple(match.rebuttal.id for match in matches) if label == "related" else ()
    return Stand(
        label=label,
        records=records,
        touches=tuple(dict.fromkeys((*records, *disputing, *background))),
        summary=result.verdict.summary,
        according_to=result.verdict.according_to,
    )


def differs(before: Stand, now: Stand) -> bool:
    """Whether a verdict is another one: by its label or the record that it stands on."""
    return (before.label, before.rebuttal_id) != (now.label, now.rebuttal_id)


def happened(before: Rebuttal | None, after: Rebuttal) -> EventType | None:
    """What a change of a record is to whoever reads what is published; None where it is nothing."""
    was = before.status if before else "draft"
    if after.status == "published":
        return "rebuttal.changed" if was == "published" else "rebuttal.published"
    if after.status == "superseded" and was == "published":
        return "rebuttal.superseded"
    # Also one that goes back to being a draft: it no longer answers claims, and its successor is not known.
    if after.status != "superseded" and was == "published":
        return "rebuttal.retracted"
    return "rebuttal.retracted" if (was, after.status) == ("superseded", "retracted") else None


def on_topic(watch: Watch, record: Rebuttal) -> bool:
    """Whether a record carries the topic that is watched, by this authority and in this language where asked for."""
    topics = {topic.casefold() for topic in record.topics}
    authority = watch.authority is None or watch.authority.casefold() == record.authority.name.casefold()
    language = watch.language is None or primary(watch.language) == primary(record.language)
    return watch.text.casefold() in topics and authority and language
