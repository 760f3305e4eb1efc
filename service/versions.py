"""Records as they stood at a version of the store, while others write."""

from __future__ import annotations

from collections.abc import Sequence

from service.domain import Rebuttal
from service.store import Store


def records_at(store: Store, ids: Sequence[str], version: int) -> dict[str, Rebuttal]:
    """The records that existed among those asked for, in the state of then.

    Costs two short queries where nothing was written since, and otherwise two more for each record: states are kept
    for good, so none has to be held still.

    Args:
        store: with all its records.
        ids: those asked for.
        version: number of the event up to which the store is meant.
    """
    return store.read(lambda one: _at(one, ids, version), at_least=version)


def _at(store: Store, ids: Sequence[str], version: int) -> dict[str, Rebuttal]:
    records = store.get_many(ids)
    if store.head() == version:
        return records
    for name in list(records):
        later = store.events(version, 1, name)
        if later and later[0].revision == 1:
            del records[name]
        elif later:
            records[name] = store.revision(name, later[0].revision - 1).rebuttal
    return records
