"""``rejoinder people``: who may sign in."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Final, TypeVar, get_args

import click

from service.cli.store import db_option, existing_store, note
from service.domain import Role
from service.errors import InvalidRecordError
from service.people import Person
from service.places import Place

T = TypeVar("T")

_ROW: Final = "{:<32} {:<10} {:<32} {:<17} {:<17} {}"
_ACTOR: Final = "cli"
_LONGEST_LINE: Final = 10_000

_role = click.option("--role", type=click.Choice(get_args(Role)), required=True, help="What the person may do.")
_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group()
def people() -> None:
    """Let people sign in to the desk, and let them out.

    \b
    Example:
      rejoinder people create ann@example.org --role editor
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@people.command()
@click.argument("name")
@_role
@click.option(
    "--email", metavar="ADDRESS", help="Where the person can be reached; an OpenID provider knows them by it."
)
@_stdin
@click.option("--invite", is_flag=True, help="Set no password: the person signs in through the OpenID provider.")
@db_option
def create(  # noqa: PLR0913 - each is an option
    name: str, *, role: Role, email: str | None, password_stdin: bool, invite: bool, db: Place | None
) -> None:
    """Let somebody sign in; asks for their password."""
    from service.people import Email, PersonName

    name = _valid(name, PersonName, "name")
    email = _valid(email.lower(), Email, "email") if email else None
    if invite and email is None:
        raise click.UsageError("--invite needs --email: the OpenID provider knows the person by it.")
    with existing_store(db) as store:
        made = None if invite else _asked(name, from_stdin=password_stdin)
        person = store.people.create(name, role, actor=_ACTOR, email=email, password=made)
    note(f"{person.name} ({person.role}) may sign in.")


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a person.")
@db_option
def list_(*, as_json: bool, db: Place | None) -> None:
    """List everybody who was ever let in."""
    with existing_store(db) as store:
        known = store.people.every()
    if as_json:
        import msgspec

        for person in known:
            click.echo(msgspec.json.encode(person))
    elif known:
        click.echo(_ROW.format("NAME", "ROLE", "E-MAIL", "CREATED", "SIGNED IN", "STATE"))
        for person in known:
            click.echo(_line(person))
    else:
        note("There is nobody. Let somebody in with: rejoinder people create NAME --role editor")


@people.command("set-role")
@click.argument("name")
@_role
@db_option
def set_role(name: str, *, role: Role, db: Place | None) -> None:
    """Give a person another role; it holds from their next request on."""
    with existing_store(db) as store:
        person = store.people.set_role(name, role, actor=_ACTOR)
    note(f"{person.name} has the role {person.role}.")


@people.command("reset-password")
@click.argument("name")
@_stdin
@db_option
def reset_password(name: str, *, password_stdin: bool, db: Place | None) -> None:
    """Set a person's password; every session of theirs ends."""
    with existing_store(db) as store:
        person = store.people.get(name)
        made = _asked(person.name, from_stdin=password_stdin)
        store.people.set_password(person.name, made, actor=_ACTOR)
    note(f"{person.name} has a new password, and is signed out everywhere.")


@people.command()
@click.argument("name")
@db_option
def disable(name: str, *, db: Place | None) -> None:
    """Let a person in no more; every session of theirs ends."""
    with existing_store(db) as store:
        person = store.people.disable(name, actor=_ACTOR)
    note(f"{person.name} may not sign in any more, and is signed out everywhere.")


@people.command()
@click.argument("name")
@db_option
def enable(name: str, *, db: Place | None) -> None:
    """Let a person in again who was disabled."""
    with existing_store(db) as store:
        person = store.people.enable(name, actor=_ACTOR)
    note(f"{person.name} ({person.role}) may sign in.")


def _asked(name: str, *, from_stdin: bool) -> str:
    """The hash of a password that somebody types, twice, or that comes in a line of standard input."""
    from service import passwords

    if from_stdin:
        password = _line_of_stdin()
    else:
        password = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    passwords.check(password, name)
    return passwords.hash_(password)


def _line_of_stdin() -> str:
    try:
        return sys.stdin.buffer.readline(_LONGEST_LINE).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise InvalidRecordError("The password is not UTF-8.", field="password") from None


def _valid(value: str, sort: type[T], field: str) -> T:
    import msgspec

    try:
        return msgspec.convert(value, sort)
    except msgspec.ValidationError:
        allowed = {"name": "a-z, 0-9 and . _ @ + - only", "email": "an e-mail address"}[field]
        raise InvalidRecordError(f"The {field} does not fit: {allowed}.", field=field) from None


def _line(person: Person) -> str:
    used = _minute(person.signed_in_at) if person.signed_in_at else "never"
    state = f"disabled {_minute(person.disabled_at)}" if person.disabled_at else "in use"
    state += f", through {person.issuer}" if person.issuer else ""
    return _ROW.format(person.name, person.role, person.email or "-", _minute(person.created_at), used, state)


def _minute(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
