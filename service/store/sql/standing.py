"""How records stood on a day that is past, read from the log and the revisions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Final

from service.domain import Revision
from service.passages import passages
from service.store.base import Vectors
from service.store.sql import vectors
from service.store.sql.connection import Connection
from service.store.sql.meta import among
from service.store.sql.records import PIECE, decode
from service.store.sql.times import as_moment
from service.store.standing import Standing, Step, Stood, public_by, stood

# Moments are RFC 3339 in UTC: their first ten characters are the day.
_STEPS: Final = (
    "SELECT r.event, r.rebuttal_id, r.revision, substr(e.at, 1, 10), json_extract(r.record, '$.status') "
    "FROM revision r JOIN event e ON e.number = r.event "
    "WHERE r.rebuttal_id IN (SELECT value FROM json_each(?)) ORDER BY r.rebuttal_id, r.revision"
)
_REVISIONS: Final = (
    "SELECT r.rebuttal_id, r.revision, e.at, e.actor, e.action, e.reason, CAST(r.record AS BLOB) FROM revision r "
    "JOIN event e ON e.number = r.event WHERE r.event IN (SELECT CAST(value AS BIGINT) FROM json_each(?))"
)
_GONE: Final = (
    "SELECT id FROM rebuttal WHERE status IN ('draft', 'retracted', 'superseded') "
    "AND substr(updated_at, 1, 10) > ? ORDER BY event DESC"
)


def withdrawn_after(db: Connection, day: dt.date, model: str, limit: int) -> list[Standing]:
    """Records that stood at the end of a day and are not published now, the last changed first."""
    ids = [name for (name,) in db.execute(_GONE, (day.isoformat(),))]
    found: list[Standing] = []
    for at in range(0, len(ids), PIECE):
        found += standing(db, ids[at : at + PIECE], day, model)
        if len(found) >= limit:
            break
    return found[:limit]


def standing(db: Connection, ids: Sequence[str], day: dt.date, model: str) -> list[Standing]:
    """How the records stood at the end of a day, in the order asked for; those that did not are left out."""
    steps: dict[str, list[Step]] = {}
    numbers: dict[tuple[str, int | None], int] = {}
    for number, name, revision, made, status in db.execute(_STEPS, (among(ids),)):
        steps.setdefault(name, []).append(Step(revision, dt.date.fromisoformat(made), status))
        numbers[name, revision] = number
    found = {name: one for name, its in steps.items() if (one := stood(its, day)) is not None}
    now = {name: steps[name][-1].revision for name in found}
    wanted = {(name, revision) for name, one in found.items() for revision in (one.revision, one.ended, now[name])}
    revisions = _revisions(db, (numbers[one] for one in wanted if one in numbers))
    outdated = [name for name, one in found.items() if one.revision != now[name]]
    found_vectors = vectors.of(db, outdated, model) if outdated else {}
    return [
        _standing(found[name], revisions[name], now[name], found_vectors.get(name))
        for name in dict.fromkeys(ids)
        if name in found
        and public_by(revisions[name][found[name].revision].rebuttal, day, published=found[name].published)
    ]


def _standing(one: Stood, revisions: dict[int, Revision], now: int, made: Vectors | None) -> Standing:
    """Vectors are of the wording that stands now: they serve where that is the wording of then."""
    then = revisions[one.revision].rebuttal
    same = passages(then) == passages(revisions[now].rebuttal)
    return Standing(
        rebuttal=then,
        now=now,
        ended=None if one.ended is None else revisions[one.ended],
        vectors=made.rows if made and same else None,
    )


def _revisions(db: Connection, events: Iterable[int]) -> dict[str, dict[int, Revision]]:
    found: dict[str, dict[int, Revision]] = {}
    for name, number, at, actor, action, reason, record in db.execute(_REVISIONS, (json.dumps(list(events)),)):
        found.setdefault(name, {})[number] = Revision(
            revision=number, at=as_moment(at), actor=actor, action=action, reason=reason, rebuttal=decode(record)
        )
    return found
