"""People who sign in, and their sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from service.domain import Role
from service.errors import AlreadyExistsError, NotFoundError
from service.people import AccessEvent, Door, Person, Session
from service.store.people import Credentials, Identity, Tried
from service.store.sql import access_log, keys, meta, sessions
from service.store.sql.connection import Connection, Readers, Writes
from service.store.sql.tables import Tables
from service.store.sql.times import as_text, cut, now

_COLUMNS: Final = Person.__struct_fields__
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)}, password FROM person"  # noqa: S608 - our own names
_TOUCH_EVERY: Final = dt.timedelta(minutes=1)


def lay_out(tables: Tables) -> None:
    """Make the tables."""
    person = {"name": str, "role": str, "email?": str, "password?": str, "issuer?": str, "subject?": str}
    tables.create("person", {**person, "created_at": str, "signed_in_at?": str, "disabled_at?": str}, pk="name")
    tables.index("person", ["email"], unique=True)
    tables.index("person", ["issuer", "subject"], unique=True)
    sessions.lay_out(tables)
    access_log.lay_out(tables)
    keys.add_limits(tables)


class _Entry(NamedTuple):
    """What the access log says of a change."""

    actor: str
    action: Door
    detail: str | None = None


class People:
    """See `service.store.people`."""

    def __init__(self, readers: Readers, writer: Writes) -> None:
        self._readers = readers
        self._writer = writer

    def create(  # noqa: PLR0913 - what there is to say of a person
        self,
        name: str,
        role: Role,
        *,
        actor: str,
        email: str | None = None,
        password: str | None = None,
        identity: Identity | None = None,
    ) -> Person:
        """Add a person. Raises `AlreadyExistsError` where the name, the e-mail address or the identity is taken."""
        issuer, subject = identity or (None, None)
        row = (name, role, email, password, issuer, subject, as_text(now()))

        def work(db: Connection) -> Person:
            _refuse_taken(db, name, email, identity)
            columns = "name, role, email, password, issuer, subject, created_at"
            db.execute(f"INSERT INTO person ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - our own names
            access_log.append(db, actor, "person-created", f"person:{name}", f"role {role}")
            return _get(db, name).person

        return self._writer.run(work)

    def get(self, name: str) -> Person:
        """The person. Raises `NotFoundError`."""
        with self._readers.lend() as db:
            found = _one(db, "name = ?", name)
        if found is None:
            raise _unknown(name)
        return found.person

    def every(self) -> list[Person]:
        """Everybody, in the order in which they came."""
        with self._readers.lend() as db:
            return [_person(row).person for row in db.execute(f"{_SELECT} ORDER BY rowid")]

    def credentials(self, name: str) -> Credentials | None:
        """Whom a password is asked of; None where there is nobody of that name."""
        with self._readers.lend() as db:
            return _one(db, "name = ?", name)

    def identified(self, identity: Identity) -> Person | None:
        """Whom an OpenID provider means."""
        with self._readers.lend() as db:
            found = _one(db, "issuer = ? AND subject = ?", *identity)
        return found.person if found else None

    def invited(self, email: str) -> Person | None:
        """Somebody of that e-mail address who has neither a password nor an identity yet."""
        with self._readers.lend() as db:
            found = _one(db, "email = ? AND password IS NULL AND issuer IS NULL", email)
        return found.person if found else None

    def link(self, name: str, identity: Identity, *, actor: str) -> Person:
        """From now on the person signs in through a provider."""
        entry = _Entry(actor, "person-linked", f"with {identity.issuer}")
        return self._change(name, entry, issuer=identity.issuer, subject=identity.subject)

    def set_role(self, name: str, role: Role, *, actor: str) -> Person:
        """Let a person do more, or less, at once. Raises `NotFoundError`."""
        return self._change(name, _Entry(actor, "person-role", f"role {role}"), role=role)

    def set_password(self, name: str, password: str, *, actor: str) -> Person:
        """Replace the hash; every session of the person ends. Raises `NotFoundError`."""
        return self._change(name, _Entry(actor, "password-set"), ends=True, password=password)

    def rehash(self, name: str, old: str, new: str) -> None:
        """Replace the hash of the same password, unless it has been replaced meanwhile."""

        def work(db: Connection) -> None:
            db.execute("UPDATE person SET password = ? WHERE name = ? AND password = ?", (new, name, old))

        self._writer.note(work)

    def disable(self, name: str, *, actor: str) -> Person:
        """Let a person in no more; every session of theirs ends. Raises `NotFoundError`."""
        return self._change(name, _Entry(actor, "person-disabled"), ends=True, disabled_at=as_text(now()))

    def enable(self, name: str, *, actor: str) -> Person:
        """Undo `disable`; sessions stay ended. Raises `NotFoundError`."""
        return self._change(name, _Entry(actor, "person-enabled"), disabled_at=None)

    def open_session(self, digest: str, name: str, *, now: dt.datetime, ends_at: dt.datetime, most: int) -> Session:
        """Keep a session; of more than `most` of one person the oldest end. Raises `NotFoundError` if disabled."""
        moment, end = cut(now), cut(ends_at)

        def work(db: Connection) -> Session:
            if _get(db, name).person.disabled_at is not None:
                raise NotFoundError(f"{name} may not sign in.")
            db.execute("UPDATE person SET signed_in_at = ? WHERE name = ?", (as_text(moment), name))
            sessions.open_(db, digest, sessions.Row(name, moment, moment, end), most)
            return Session(person=_get(db, name).person, opened_at=moment, used_at=moment, ends_at=end)

        return self._writer.run(work)

    def find_session(self, digest: str, *, now: dt.datetime, idle: dt.timedelta) -> Session | None:
        """Whose session it is; None once it has ended or was idle for too long. Notes its use once a minute."""
        moment = cut(now)
        with self._readers.lend() as db:
            row = sessions.find(db, digest)
            found = None if row is None else _one(db, "name = ? AND disabled_at IS NULL", row.person)
        if row is None or found is None or row.ends_at <= moment or moment - row.used_at >= idle:
            return None
        if moment - row.used_at >= min(_TOUCH_EVERY, idle / 2):
            self._writer.note(lambda db: sessions.touch(db, digest, moment))
        return Session(person=found.person, opened_at=row.opened_at, used_at=row.used_at, ends_at=row.ends_at)

    def end_session(self, digest: str) -> None:
        """End one."""
        self._writer.run(lambda db: sessions.end(db, digest))

    def attempt(self, tried: Sequence[Tried], *, now: dt.datetime) -> float:
        """Count an attempt to sign in as failed. Returns 0, or the seconds to wait, and then it does not count."""
        return self._writer.run(lambda db: sessions.attempt(db, tried, cut(now)))

    def succeeded(self, tried: Sequence[Tried]) -> None:
        """Take back what `attempt` has counted, and for the first of them all that was counted before."""
        self._writer.run(lambda db: sessions.succeeded(db, tried))

    def use_flow(self, digest: str, *, now: dt.datetime, until: dt.datetime) -> bool:
        """Note that a browser has come back from the OpenID provider. Returns False where it had come before."""
        return self._writer.run(lambda db: sessions.use_flow(db, digest, cut(now), cut(until)))

    def log(self, since: int, limit: int) -> list[AccessEvent]:
        """Entries of the access log after a number, oldest first."""
        with self._readers.lend() as db:
            return access_log.since(db, since, limit)

    def verify_log(self) -> int:
        """Walk the chain. Returns the number of entries. Raises `StoreCorruptError` naming the first broken one."""
        with self._readers.snapshot(unhurried=True) as db:
            return access_log.verify(db)

    def _change(self, name: str, entry: _Entry, *, ends: bool = False, **columns: str | None) -> Person:
        def work(db: Connection) -> Person:
            person = _get(db, name).person.name
            change = ", ".join(f"{column} = ?" for column in columns)
            db.execute(f"UPDATE person SET {change} WHERE name = ?", (*columns.values(), person))  # noqa: S608 - our own names
            if ends:
                sessions.end_all(db, person)
            access_log.append(db, entry.actor, entry.action, f"person:{person}", entry.detail)
            return _get(db, person).person

        return self._writer.run(work)


def _refuse_taken(db: Connection, name: str, email: str | None, identity: Identity | None) -> None:
    if _one(db, "name = ?", name):
        raise AlreadyExistsError(f"There is a person named {name} already.", field="name")
    if email is not None and _one(db, "email = ?", email):
        raise AlreadyExistsError("Somebody has that e-mail address already.", field="email")
    if identity is not None and _one(db, "issuer = ? AND subject = ?", *identity):
        raise AlreadyExistsError("Somebody signs in with that identity already.")


def _get(db: Connection, name: str) -> Credentials:
    found = _one(db, "name = ?", name)
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(f"There is no person named {name}.", field="name")


def _one(db: Connection, where: str, *values: str) -> Credentials | None:
    row = db.execute(f"{_SELECT} WHERE {where}", tuple(map(meta.storable, values))).fetchone()
    return None if row is None else _person(row)


def _person(row: tuple[Any, ...]) -> Credentials:
    *fields, password = row
    return Credentials(msgspec.convert(dict(zip(_COLUMNS, fields, strict=True)), Person), password)
