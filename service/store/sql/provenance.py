"""Where imported records came from: a table beside the records, one row for each source and object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from service.store.provenance import Provenance, ProvenanceContent
from service.store.sql.connection import Readers, Writes
from service.store.sql.meta import storable
from service.store.sql.tables import Tables
from service.store.sql.times import as_moment, now_text

_COLUMNS: Final = ("rebuttal_id", "source", "format", "sha256", "original_id", "notes", "at", "actor")
_LIST: Final = ", ".join(_COLUMNS)
_INSERT: Final = (
    f"INSERT INTO provenance ({_LIST}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608 - our own names
    "ON CONFLICT (rebuttal_id, source, sha256) DO NOTHING"
)
_OF: Final = f"SELECT {_LIST} FROM provenance WHERE rebuttal_id = ? ORDER BY number DESC LIMIT ?"  # noqa: S608 - our own names


def lay_out(tables: Tables) -> None:
    """Make the tables."""
    columns: dict[str, type] = {"number": int, "rebuttal_id": str, "source": str, "format": str, "sha256": str}
    columns |= {"original_id?": str, "notes": str, "at": str, "actor": str}
    tables.create("provenance", columns, pk="number")
    tables.index("provenance", ["rebuttal_id", "source", "sha256"], unique=True)


class Provenances:
    """See `service.store.provenance`."""

    def __init__(self, readers: Readers, writer: Writes) -> None:
        self._readers = readers
        self._writer = writer

    def add(self, contents: Sequence[ProvenanceContent], *, actor: str) -> int:
        """Keep where records came from; what is known of the same source and object stays as it is."""
        if not contents:
            return 0
        at, actor = now_text(), storable(actor)
        rows = [(*_row(content), at, actor) for content in contents]
        return self._writer.run(lambda db: db.executemany(_INSERT, rows).rowcount)

    def of(self, rebuttal_id: str, *, limit: int = 100) -> list[Provenance]:
        """Everything that a record was imported from, the newest first."""
        with self._readers.lend() as db:
            rows = db.execute(_OF, (storable(rebuttal_id), limit)).fetchall()
        return [
            Provenance(
                rebuttal_id=name,
                source=source,
                format=form,
                sha256=sha256,
                original_id=original_id,
                notes=tuple(json.loads(notes)),
                at=as_moment(at),
                actor=actor,
            )
            for name, source, form, sha256, original_id, notes, at, actor in rows
        ]


def _row(content: ProvenanceContent) -> tuple[str | None, ...]:
    original = None if content.original_id is None else storable(content.original_id)
    notes = json.dumps([storable(note) for note in content.notes], ensure_ascii=False)
    return (content.rebuttal_id, storable(content.source), content.format, content.sha256, original, notes)
