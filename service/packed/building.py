"""From a store to a signed document: all that is published, or what has changed since a position."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from embeddings.codes import quantise
from service.domain import Rebuttal
from service.language import first_in, primary
from service.packed.format import Header, Rows, record_line, unsigned
from service.packed.models import Offer
from service.packed.signing import encoded, public_key, signing_key
from service.passages import FIELDS, passages
from service.store import Store, VectorChange, Vectors

_LOG: Final = logging.getLogger(__name__)
_CHUNK: Final = 500
# Whoever is farther behind takes the whole, which is made for everybody.
_FARTHEST: Final = 2_000


class Document(NamedTuple):
    """A signed index.

    Attributes:
        data: its bytes, signature included.
        header: as it stands in them.
    """

    data: bytes
    header: Header


class _Parts:
    """What has been gathered of a document."""

    def __init__(self, dim: int, languages: tuple[str, ...]) -> None:
        self._languages = languages
        self.lines: list[bytes] = []
        self.removed: list[str] = []
        self._factors = [np.empty(0, np.float32)]
        self._fields = [np.empty(0, np.uint8)]
        self._codes = [np.empty((0, dim), np.int8)]

    def add(self, record: Rebuttal, vectors: Vectors) -> None:
        """Take a record with its vectors."""
        codes, factors = quantise(vectors.rows)
        self.lines.append(record_line(record, len(codes), self._readable(record)))
        self._factors.append(factors)
        self._fields.append(vectors.fields)
        self._codes.append(codes)

    def _readable(self, record: Rebuttal) -> str | None:
        """What the stance model reads of a record in another language; a client may have no means to tell one."""
        return None if primary(record.language) in self._languages else first_in(record.variants, self._languages)

    def rows(self) -> Rows:
        """All vectors, in the order of the records."""
        return Rows(np.concatenate(self._factors), np.concatenate(self._fields), np.concatenate(self._codes))


def reach(since: int, position: int) -> int:
    """The position that a document goes on from: as asked, or 0, the whole, where that cannot be or is too far back.

    Args:
        since: as asked.
        position: of the store.
    """
    return since if since >= 0 and 0 <= position - since <= _FARTHEST else 0


def build(store: Store, offer: Offer, since: int) -> Document:
    """Make the document of what has changed after a position; of all that is published where that is 0.

    Records that change meanwhile come again: their new position is behind the one that the document leads to.

    Raises:
        StoreError: the store cannot be read, or its key cannot be.
    """
    key = signing_key(store)
    # In this order: a version that is behind is asked for again, one that is ahead would hide a change.
    version, position = store.head(), store.position()
    since = reach(since, position)
    parts = _gathered(store, offer, since, position)
    records, rows = b"".join(parts.lines), parts.rows()
    header = Header(
        key=encoded(public_key(key)),
        since=since,
        position=position,
        store_version=version,
        created_at=dt.datetime.now(dt.UTC).replace(microsecond=0),
        records=len(parts.lines),
        rows=len(rows.codes),
        dim=offer.dim,
        records_bytes=len(records),
        removed=tuple(parts.removed),
        fields=FIELDS,
        calibration=offer.numbers,
        encoder=offer.encoder,
        stance=offer.stance,
        model=offer.model,
    )
    data = unsigned(header, records, rows)
    return Document(data + key.sign(data), header)


def _gathered(store: Store, offer: Offer, since: int, position: int) -> _Parts:
    parts = _Parts(offer.dim, offer.stance.languages)
    # Past the position nothing is taken: a withdrawal that the feed of a whole store leaves out may lie before it.
    changes = itertools.takewhile(
        lambda change: change.position <= position, store.vector_changes(offer.vectors, since)
    )
    while chunk := list(itertools.islice(changes, _CHUNK)):
        gone = []
        for name, kept in _read(store, offer, chunk):
            if kept is None:
                gone.append(name)
            else:
                parts.add(*kept)
        if since and gone:
            # Of what was a draft all its life not even the id is told.
            public = store.public(gone)
            parts.removed += [name for name in gone if name in public]
    return parts


def _read(
    store: Store, offer: Offer, changes: list[VectorChange]
) -> Iterator[tuple[str, tuple[Rebuttal, Vectors] | None]]:
    """Each record that changed with its vectors, or None where it answers no claim; those that change now are left."""
    ids = [change.id for change in changes if change.vectors is not None]
    before = store.get_many(ids)
    vectors = store.vectors_of(ids, model=offer.vectors)
    records = store.get_many(ids)
    for change in changes:
        record, kept = records.get(change.id), vectors.get(change.id)
        if record is None or record.status != "published" or kept is None:
            yield change.id, None
        elif record.revision != before[change.id].revision:
            continue
        elif _fits(record, kept):
            yield change.id, (record, kept)
        else:
            _LOG.warning("%s is left out of the index: its vectors are not those of its passages.", record.id)
            yield change.id, None


def _fits(record: Rebuttal, vectors: Vectors) -> bool:
    """Whether there is a vector for each passage, in their order: so the client tells which text a row is of."""
    return [FIELDS[field] for field in vectors.fields] == [passage.field for passage in passages(record)]
