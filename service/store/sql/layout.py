"""The shape of a store, as numbered steps that are applied once, in their order."""

from __future__ import annotations

import uuid
from typing import Final

from service.store.sql import links, meta, people, provenance, sources, tallies, watches
from service.store.sql.tables import Migration, Tables


def _first(tables: Tables) -> None:
    tables.create("migration", {"number": int, "name": str, "applied_at": str}, pk="number")
    tables.create("meta", {"name": str, "value": str}, pk="name")
    tables.execute("INSERT INTO meta (name, value) VALUES (?, ?)", (meta.STORE_ID, uuid.uuid4().hex))
    _create_log(tables)
    _create_records(tables)
    _create_keys(tables)


def _create_log(tables: Tables) -> None:
    event = {"number": int, "at": str, "actor": str, "action": str, "rebuttal_id": str, "revision": int}
    event |= {"reason?": str, "content_sha256": str, "previous": str, "hash": str}
    tables.create("event", event, pk="number")
    revision = {"event": int, "rebuttal_id": str, "revision": int, "record": str}
    tables.create("revision", revision, pk="event", foreign_keys=[("event", "event", "number")])
    tables.index("revision", ["rebuttal_id", "revision"], unique=True)
    for table, key in (("event", "number"), ("revision", "event")):
        tables.make_append_only(table, key)


def _create_records(tables: Tables) -> None:
    rebuttal = {"key": int, "id": str, "event": int, "revision": int, "position": int, "status": str}
    rebuttal |= {"language": str, "authority": str, "country?": str, "stated_on?": str, "updated_at": str}
    tables.create("rebuttal", rebuttal, pk="key", foreign_keys=[("event", "revision", "event")])
    for unique in ("id", "event", "position"):
        tables.index("rebuttal", [unique], unique=True)
    for filtered in ("status", "authority", "country"):
        tables.index("rebuttal", [filtered, "id"])
    belongs = [("key", "rebuttal", "key")]
    tables.create("topic", {"topic": str, "key": int}, pk=("topic", "key"), foreign_keys=belongs)
    tables.index("topic", ["key"])
    vectors = {"key": int, "model": str, "fields": bytes, "vectors": bytes}
    tables.create("vectors", vectors, pk=("key", "model"), foreign_keys=belongs)


def _create_keys(tables: Tables) -> None:
    key = {"name": str, "role": str, "prefix": str, "sha256": str}
    key |= {"created_at": str, "last_used_at?": str, "revoked_at?": str}
    tables.create("api_key", key, pk="name")
    tables.index("api_key", ["sha256"], unique=True)


def _feedback(tables: Tables) -> None:
    said = {"number": int, "at": str, "verdict_id": str, "label": str, "rebuttal_id?": str, "store_version": int}
    said |= {"rating": str, "expected?": str, "about?": str, "comment?": str, "claim?": str, "actor?": str}
    tables.create("feedback", said, pk="number")


LAYOUT: Final = (
    Migration(1, "records, events, vectors, keys", _first),
    Migration(2, "feedback on verdicts", _feedback),
    Migration(3, "texts that drafts were taken from", sources.lay_out),
    Migration(4, "state of cited pages", links.lay_out),
    Migration(5, "counts of verdicts", tallies.lay_out),
    Migration(6, "standing questions and their deliveries", watches.lay_out),
    Migration(7, "people, sessions, limits of keys", people.lay_out),
    Migration(8, "where imported records came from", provenance.lay_out),
)
