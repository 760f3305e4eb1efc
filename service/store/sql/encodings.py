"""What a store holds for each encoder; the facts about encoders are rows of ``meta``."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from service.domain import Rebuttal
from service.store.encodings import Kept, Made
from service.store.sql import access_log, meta, vectors
from service.store.sql.beside import Beside
from service.store.sql.connection import Connection, Readers, Writes
from service.store.sql.records import decode

_STATE: Final = "encoder"
_PROCESS: Final = "encoder process "
_QUIET: Final = "encoder quiet "
_DROPPED: Final = "encoder dropped "
_WANTED: Final = "b.status IN ('published', 'draft')"
_MISSING: Final = (
    "SELECT b.key, CAST(r.record AS BLOB) FROM rebuttal b JOIN revision r ON r.event = b.event "  # noqa: S608 - our own text
    f"WHERE b.key > ? AND {_WANTED} AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.key = b.key AND v.model = ?) "
    "ORDER BY b.key LIMIT ?"
)
_KEPT: Final = (
    "SELECT v.model, count(*), sum(length(v.vectors)) FROM vectors v JOIN rebuttal b ON b.key = v.key "  # noqa: S608 - our own text
    f"WHERE {_WANTED} GROUP BY v.model"
)
_DROP: Final = (
    "DELETE FROM vectors WHERE model = ? AND key IN (SELECT key FROM vectors WHERE model = ? ORDER BY key LIMIT ?)"
)


class Encodings:
    """See `service.store.encodings`."""

    def __init__(self, readers: Readers, writer: Writes, beside: Beside) -> None:
        self._readers = readers
        self._writer = writer
        self._beside = beside

    def state(self) -> str | None:
        """The fact that says which encoder answers."""
        with self._readers.lend() as db:
            return meta.get(db, _STATE)

    def exchange(self, before: str | None, after: str, *, told: tuple[str, str, str] | None = None) -> bool:
        """Replace the fact, if it is still the one that was read."""

        def work(db: Connection) -> bool:
            if meta.get(db, _STATE) != before:
                return False
            meta.put(db, _STATE, after)
            if told is not None:
                actor, model, detail = told
                access_log.append(db, actor, "encoder-switched", f"encoder:{meta.storable(model)}", detail)
            return True

        return self._writer.run(work)

    def missing(self, model: str, since: int, limit: int) -> list[tuple[int, Rebuttal]]:
        """Published records and drafts that this model's vectors are missing for, with their keys."""
        with self._readers.snapshot(unhurried=True) as db:
            return [(key, decode(record)) for key, record in db.execute(_MISSING, (since, model, limit))]

    def put(self, model: str, made: Sequence[Made], *, quiet: bool) -> int:
        """Keep vectors made after the fact."""

        def work(db: Connection) -> int:
            if quiet:
                meta.put(db, _QUIET + model, uuid.uuid4().hex)
            return vectors.put(db, model, made, self._beside, quiet=quiet)

        return self._writer.run(work)

    def quiet(self, model: str) -> str:
        """Another text whenever vectors of the model were put quietly."""
        with self._readers.lend() as db:
            return meta.get(db, _QUIET + model) or ""

    def due(self) -> int:
        """How many records want vectors."""
        with self._readers.snapshot(unhurried=True) as db:
            return int(db.execute(f"SELECT count(*) FROM rebuttal b WHERE {_WANTED}").fetchone()[0])  # noqa: S608 - our own text

    def kept(self) -> dict[str, Kept]:
        """What the store holds, by model."""
        with self._readers.snapshot(unhurried=True) as db:
            return {model: Kept(records, int(size or 0)) for model, records, size in db.execute(_KEPT)}

    def drop(self, model: str, limit: int) -> int:
        """Let go of a model's vectors of at most so many records, and say so in the same transaction."""

        def work(db: Connection) -> int:
            meta.put(db, _DROPPED + model, uuid.uuid4().hex)
            return db.execute(_DROP, (model, model, limit)).rowcount

        return self._writer.run(work)

    def dropped(self, model: str) -> str:
        """Another text whenever vectors of the model were let go of."""
        with self._readers.lend() as db:
            return meta.get(db, _DROPPED + model) or ""

    def report(self, process: str, text: str | None) -> None:
        """What a process has to say."""
        name = _PROCESS + process
        if text is None:
            self._writer.run(lambda db: db.execute("DELETE FROM meta WHERE name = ?", (name,)).rowcount)
        else:
            self._writer.run(lambda db: meta.put(db, name, text))

    def reports(self) -> dict[str, str]:
        """What processes have said."""
        with self._readers.lend() as db:
            rows = db.execute("SELECT name, value FROM meta WHERE name LIKE ?", (f"{_PROCESS}%",)).fetchall()
        return {name.removeprefix(_PROCESS): value for name, value in rows}
