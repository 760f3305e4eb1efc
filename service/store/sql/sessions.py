"""Sessions, attempts to sign in, browsers back from an OpenID provider: small tables that clean up after themselves.

Tokens are 256 random bits and kept as their SHA-256, for the reasons in `service.store.sql.keys`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from service.store.people import Tried
from service.store.sql.connection import EVERY, Connection
from service.store.sql.tables import Tables
from service.store.sql.times import as_moment, as_text

LONGEST_WAIT_S: Final = 900.0
FORGET_AFTER: Final = dt.timedelta(days=1)
MOST_COUNTED: Final = 10_000
MOST_FLOWS: Final = 10_000


class Row(NamedTuple):
    """A session as it is kept."""

    person: str
    opened_at: dt.datetime
    used_at: dt.datetime
    ends_at: dt.datetime


def lay_out(tables: Tables) -> None:
    """Make the tables. `person` in `session` is a name, which is the key of its table."""
    session = {"sha256": str, "person": str, "opened_at": str, "used_at": str, "ends_at": str}
    tables.create("session", session, pk="sha256", foreign_keys=[("person", "person", "name")])
    tables.index("session", ["person", "opened_at"])
    tables.index("session", ["ends_at"])
    tables.create("sign_in_attempt", {"what": str, "failed": int, "at": str}, pk="what")
    tables.index("sign_in_attempt", ["failed", "at"])
    tables.create("sign_in_flow", {"sha256": str, "until": str}, pk="sha256")
    tables.index("sign_in_flow", ["until"])


def open_(db: Connection, digest: str, row: Row, most: int) -> None:
    """Keep a session. Those that have ended go, and of more than `most` of one person the oldest."""
    db.execute("DELETE FROM session WHERE ends_at < ?", (_cut(row.opened_at),))
    db.execute(
        "DELETE FROM session WHERE sha256 IN "
        "(SELECT sha256 FROM session WHERE person = ? ORDER BY opened_at DESC, sha256 LIMIT ? OFFSET ?)",
        (row.person, EVERY, most - 1),
    )
    values = (digest, row.person, as_text(row.opened_at), as_text(row.used_at), as_text(row.ends_at))
    db.execute("INSERT INTO session (sha256, person, opened_at, used_at, ends_at) VALUES (?, ?, ?, ?, ?)", values)


def find(db: Connection, digest: str) -> Row | None:
    """The session, whether it has ended or not."""
    query = "SELECT person, opened_at, used_at, ends_at FROM session WHERE sha256 = ?"
    row = db.execute(query, (digest,)).fetchone()
    return None if row is None else Row(row[0], *(as_moment(text) for text in row[1:]))


def touch(db: Connection, digest: str, used_at: dt.datetime) -> None:
    """Note when a session was used."""
    db.execute("UPDATE session SET used_at = ? WHERE sha256 = ?", (as_text(used_at), digest))


def end(db: Connection, digest: str) -> None:
    """End one session."""
    db.execute("DELETE FROM session WHERE sha256 = ?", (digest,))


def end_all(db: Connection, person: str) -> None:
    """End every session of a person."""
    db.execute("DELETE FROM session WHERE person = ?", (person,))


def attempt(db: Connection, tried: Sequence[Tried], now: dt.datetime) -> float:
    """Count an attempt as failed, unless one has to wait: then the seconds that are left.

    Each failure past those that are free doubles the wait, from one second up to a quarter of an hour: a hundred
    attempts a day at most, as NIST SP 800-63B asks for. The table holds 10,000 names and addresses; when it is full,
    those that failed least make room, which are those that nobody is guessing at.
    """
    db.execute("DELETE FROM sign_in_attempt WHERE at < ?", (_cut(now - FORGET_AFTER),))
    wait = max(_wait(db, one, now) for one in tried)
    if wait > 0:
        return wait
    for one in tried:
        db.execute(
            "INSERT INTO sign_in_attempt (what, failed, at) VALUES (?1, 1, ?2) "
            "ON CONFLICT (what) DO UPDATE SET failed = sign_in_attempt.failed + 1, at = ?2",
            (one.what, as_text(now)),
        )
    db.execute(
        "DELETE FROM sign_in_attempt WHERE what IN "
        "(SELECT what FROM sign_in_attempt ORDER BY failed DESC, at DESC LIMIT ? OFFSET ?)",
        (EVERY, MOST_COUNTED),
    )
    return 0.0


def succeeded(db: Connection, tried: Sequence[Tried]) -> None:
    """Forget what failed under the first of them, and of the others the attempt that succeeded."""
    first, *others = tried
    db.execute("DELETE FROM sign_in_attempt WHERE what = ?", (first.what,))
    for one in others:
        db.execute("UPDATE sign_in_attempt SET failed = failed - 1 WHERE what = ?", (one.what,))
        db.execute("DELETE FROM sign_in_attempt WHERE what = ? AND failed <= 0", (one.what,))


def use_flow(db: Connection, digest: str, now: dt.datetime, until: dt.datetime) -> bool:
    """Note that a browser has come back. Returns False where it had before. Of too many the oldest are forgotten."""
    db.execute("DELETE FROM sign_in_flow WHERE until < ?", (_cut(now),))
    db.execute(
        "DELETE FROM sign_in_flow WHERE sha256 IN "
        "(SELECT sha256 FROM sign_in_flow ORDER BY until DESC LIMIT ? OFFSET ?)",
        (EVERY, MOST_FLOWS),
    )
    query = "INSERT INTO sign_in_flow (sha256, until) VALUES (?, ?) ON CONFLICT DO NOTHING"
    return db.execute(query, (digest, as_text(until))).rowcount == 1


def _wait(db: Connection, tried: Tried, now: dt.datetime) -> float:
    row = db.execute("SELECT failed, at FROM sign_in_attempt WHERE what = ?", (tried.what,)).fetchone()
    if row is None or row[0] < tried.free:
        return 0.0
    wait: float = min(LONGEST_WAIT_S, 2.0 ** min(row[0] - tried.free, 30))
    # A clock that was set back must not lock anybody out for longer.
    return max(0.0, wait - max(0.0, (now - as_moment(row[1])).total_seconds()))


def _cut(moment: dt.datetime) -> str:
    # Without its Z a moment stands before every fraction of the same second, as it does in time.
    return as_text(moment).removesuffix("Z")
