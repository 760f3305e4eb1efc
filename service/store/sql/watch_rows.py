"""Watches as rows: kept, read, changed, deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray

from service.errors import NotFoundError, WatchesFullError
from service.ids import random_id
from service.store.sql import events, watch_work
from service.store.sql.connection import Connection
from service.store.sql.filters import cursor_after
from service.store.sql.times import ms, now, now_text
from service.store.watches import Bounds, NewWatch, Stand, Watch, WatchContent, Watching, WatchPage

_COLUMNS: Final = tuple(name for name in Watch.__struct_fields__ if name != "stand")
_LIST: Final = ", ".join(f"w.{name}" for name in _COLUMNS)
_MINE: Final = "(CAST(? AS TEXT) IS NULL OR w.owner = ?)"
_SELECT: Final = f"SELECT {_LIST}, w.stand, w.number FROM watch w"  # noqa: S608 - our own names
_STAND: Final = msgspec.json.Decoder(Stand)


def add(db: Connection, new: NewWatch, bounds: Bounds) -> Watch | None:
    """Keep a watch; None where its claim was checked before what has been worked through since.

    Raises:
        WatchesFullError: there are as many as there may be.
    """
    first = _check_bounds(db, new.content.owner, bounds)
    since = new.since
    if new.stand is None:  # nothing was checked: it watches from this moment on
        since = events.head(db)
    elif not first and watch_work.cursor(db) > since:
        return None
    if first:
        watch_work.start(db, since)
    content = msgspec.structs.asdict(new.content)
    watch = Watch(**content, id=random_id("watch"), created_at=now(), since=since, stand=new.stand)
    row = {name: value for name, value in msgspec.to_builtins(watch).items() if name in _COLUMNS}
    row |= {"number": watch_work.next_number(db), "secret": new.secret, "model": new.model}
    row |= {"host": host_of(watch.url), "vector": _packed(new.vector), "stand": _as_json(new.stand)}
    names = ", ".join(row)
    db.execute(f"INSERT INTO watch ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))  # noqa: S608 - our own names
    return watch


def find_verdict(db: Connection, content: WatchContent) -> Watch | None:
    """The owner's watch of the kind `verdict` with this text and address."""
    where = (
        "w.owner = ? AND w.kind = 'verdict' AND w.text = ? AND coalesce(w.language, '') = ? AND coalesce(w.url, '') = ?"
    )
    values = (content.owner, content.text, content.language or "", content.url or "")
    row = db.execute(f"{_SELECT} WHERE {where} LIMIT 1", values).fetchone()
    return None if row is None else _watch(row)


def get(db: Connection, watch_id: str, owner: str | None) -> Watch:
    """One watch. Raises `NotFoundError`."""
    return _watch(_row(db, watch_id, owner))


def number_of(db: Connection, watch_id: str, owner: str | None) -> int:
    """The place of a watch. Raises `NotFoundError`."""
    return int(_row(db, watch_id, owner)[-1])


def page(db: Connection, owner: str | None, place: int, limit: int) -> WatchPage:
    """Watches behind a place."""
    query = f"{_SELECT} WHERE {_MINE} AND w.number > ? ORDER BY w.number LIMIT ?"
    rows = db.execute(query, (owner, owner, place, limit + 1)).fetchall()
    more = len(rows) > limit
    rows = rows[:limit]
    return WatchPage([_watch(row) for row in rows], cursor_after(f"{rows[-1][-1]}") if more else None)


def remove(db: Connection, watch_id: str, owner: str | None) -> None:
    """Delete a watch and its events. Raises `NotFoundError`."""
    number = number_of(db, watch_id, owner)
    db.execute("DELETE FROM watch_event WHERE watch = ?", (number,))
    db.execute("DELETE FROM watch WHERE number = ?", (number,))


def rotate(db: Connection, watch_id: str, owner: str | None, secret: str, until: dt.datetime) -> Watch:
    """Put a new secret in front of the old one. Raises `NotFoundError`."""
    number = number_of(db, watch_id, owner)
    query = "UPDATE watch SET old_secret = secret, old_until = ?, secret = ? WHERE number = ?"
    db.execute(query, (ms(until), secret, number))
    return get(db, watch_id, owner)


def enable(db: Connection, watch_id: str, owner: str | None) -> Watch:
    """Lift what stopped its address. Raises `NotFoundError`."""
    number = number_of(db, watch_id, owner)
    db.execute("UPDATE watch SET disabled_at = NULL, disabled_why = NULL WHERE number = ?", (number,))
    return get(db, watch_id, owner)


def disable(db: Connection, number: int, why: str) -> None:
    """Send nothing more to its address."""
    query = "UPDATE watch SET disabled_at = ?, disabled_why = ? WHERE number = ? AND disabled_at IS NULL"
    db.execute(query, (now_text(), why, number))


def watching(db: Connection, after: int, limit: int) -> list[tuple[int, Watching]]:
    """Watches behind a place, with their vectors."""
    query = (
        f"SELECT {_LIST}, w.stand, w.number, w.model, w.vector FROM watch w WHERE w.number > ? AND {watch_work.OPEN} "  # noqa: S608 - our own names
    )
    rows = db.execute(query + "ORDER BY w.number LIMIT ?", (after, now_text(), limit))
    return [(row[-3], Watching(_watch(row[:-2]), row[-2], _unpacked(row[-1]))) for row in rows]


def keep_vectors(db: Connection, made: Sequence[tuple[str, str, NDArray[np.float32]]]) -> None:
    """Remember vectors by watch id."""
    rows = ((model, _packed(vector), name) for name, model, vector in made)
    db.executemany("UPDATE watch SET model = ?, vector = ? WHERE id = ?", rows)


def keep_stands(db: Connection, stands: Sequence[tuple[str, Stand]]) -> None:
    """Remember how claims stand, by watch id."""
    db.executemany("UPDATE watch SET stand = ? WHERE id = ?", ((_as_json(stand), name) for name, stand in stands))


def host_of(url: str | None) -> str | None:
    """The host of an address, in lower case: deliveries take turns by it."""
    return None if url is None else (urlsplit(url).hostname or "")


def _check_bounds(db: Connection, owner: str, bounds: Bounds) -> bool:
    """Whether this is the first watch. Raises `WatchesFullError`."""
    (total,) = db.execute("SELECT count(*) FROM watch").fetchone()
    (own,) = db.execute("SELECT count(*) FROM watch WHERE owner = ?", (owner,)).fetchone()
    if total >= bounds.total:
        raise WatchesFullError(f"This service keeps {bounds.total:,} watches, and has them.")
    if own >= bounds.each:
        raise WatchesFullError(f"A key may have {bounds.each:,} watches, and this one has them: delete some.")
    return bool(total == 0)


def _row(db: Connection, watch_id: str, owner: str | None) -> tuple[Any, ...]:
    query = f"{_SELECT} WHERE w.id = ? AND {_MINE}"
    row: tuple[Any, ...] | None = db.execute(
        query, (watch_id.encode(errors="replace").decode(), owner, owner)
    ).fetchone()
    if row is None:
        raise NotFoundError("There is no such watch, or it is another key's.")
    return row


def _watch(row: Sequence[Any]) -> Watch:
    """From the columns of `_SELECT`."""
    fields = dict(zip(_COLUMNS, row[: len(_COLUMNS)], strict=True))
    stand = row[len(_COLUMNS)]
    return msgspec.convert({**fields, "stand": None if stand is None else _STAND.decode(stand)}, Watch)


def _as_json(stand: Stand | None) -> str | None:
    return None if stand is None else msgspec.json.encode(stand).decode()


def _packed(vector: NDArray[np.float32] | None) -> bytes | None:
    return None if vector is None else vector.astype("<f4").tobytes()


def _unpacked(blob: bytes | None) -> NDArray[np.float32] | None:
    return None if blob is None else np.frombuffer(blob, "<f4")
