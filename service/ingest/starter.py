"""The starter corpus: what a new store holds, and how an upgrade refreshes it."""

from __future__ import annotations

import hashlib
from importlib import resources

from service.domain import RebuttalContent
from service.ingest.ndjson import parse_line
from service.store import Store, Write

ACTOR = "starter"
_META = "starter_sha256"
_DECLINED = "declined"
_LONGEST = 100_000


def refresh(store: Store) -> int:
    """Bring the starter corpus of a store up to the one that ships; records that somebody edited stay as they are.

    Returns:
        How many records were created or updated; 0, at the cost of one hash, when the store is up to date.
    """
    seen = store.get_meta(_META)
    if seen == _DECLINED:
        return 0
    data = (resources.files("service") / "starter" / "rebuttals.jsonl").read_bytes()
    version = hashlib.sha256(data).hexdigest()
    if seen == version:
        return 0
    writes = [Write(content=content, action="starter", unless_edited_by_others=True) for content in _records(data)]
    written = store.write(writes, actor=ACTOR)
    store.set_meta(_META, version)
    return sum(result.outcome != "unchanged" for result in written)


def decline(store: Store) -> None:
    """Mark a store as one that wants no starter corpus, now or after an upgrade."""
    store.set_meta(_META, _DECLINED)


def _records(data: bytes) -> list[RebuttalContent]:
    parsed = [parse_line(number, line, _LONGEST) for number, line in enumerate(data.splitlines(), 1)]
    return [line.content for line in parsed if line is not None and line.content is not None]
