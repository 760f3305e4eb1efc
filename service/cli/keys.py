"""``rejoinder keys``: who may write to the API."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, get_args

import click

from service.cli.store import db_option, existing_store, note, settings_for, store_alone
from service.domain import ApiKey, Role
from service.places import Place

if TYPE_CHECKING:
    from service.people import AccessEvent

_ROW: Final = "{:<24} {:<10} {:<12} {:<17} {:<17} {:<10} {}"
_LOG_ROW: Final = "{:<8} {:<17} {:<24} {:<16} {:<28} {}"
_DAYS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]
_ACTOR: Final = "cli"


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke the keys that the API asks for on writes.

    \b
    Example:
      KEY=$(rejoinder keys create desk --role editor)
      curl -H "Authorization: Bearer $KEY" …
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice(get_args(Role)), required=True, help="What the key allows.")
@click.option(
    "--per-minute",
    type=click.IntRange(0, 1_000_000),
    metavar="N",
    help="Requests in a minute; 0 is any number. Default: REJOINDER_KEY_PER_MINUTE.",
)
@click.option(
    "--expires",
    type=click.DateTime(_DAYS),
    metavar="DATE",
    help="The day (UTC), or the moment, from which the key opens nothing. Default: never.",
)
@db_option
def create(name: str, *, role: Role, per_minute: int | None, expires: dt.datetime | None, db: Place | None) -> None:
    """Make a key and print it, alone, on standard output.

    It is shown this once: the store keeps nothing but its hash.
    """
    expires_at = expires.replace(tzinfo=dt.UTC) if expires else None
    if expires_at is not None and expires_at <= dt.datetime.now(dt.UTC):
        raise click.BadParameter("is in the past.", param_hint="'--expires'")
    with store_alone(settings_for(db)) as store:
        key = store.create_key(name, role, per_minute=per_minute, expires_at=expires_at, actor=_ACTOR)
    click.echo(key)
    note(f"This is the only time that the key of {name} ({role}) is shown. Send it as: Authorization: Bearer KEY")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a key.")
@db_option
def list_(*, as_json: bool, db: Place | None) -> None:
    """List every key ever made, by name; the keys themselves are not known."""
    with existing_store(db) as store:
        known = store.keys()
    if as_json:
        _print_json(known)
    elif known:
        click.echo(_ROW.format("NAME", "ROLE", "BEGINS", "CREATED", "LAST USED", "A MINUTE", "STATE"))
        for key in known:
            click.echo(_line(key))
    else:
        note("There are no keys. Make one with: rejoinder keys create NAME --role editor")


@keys.command()
@click.argument("name")
@click.option(
    "--grace",
    type=click.IntRange(0, 30 * 86_400),
    default=86_400,
    show_default=True,
    metavar="SECONDS",
    help="How long the key before still opens; 0 ends it at once.",
)
@db_option
def rotate(name: str, *, grace: int, db: Place | None) -> None:
    """Give a key a new secret and print it, alone, on standard output.

    Name, role and limits stay. The secret before goes on for the grace, so that programs can change over.
    """
    with existing_store(db) as store:
        key = store.rotate_key(name, dt.timedelta(seconds=grace), actor=_ACTOR)
    click.echo(key)
    note(
        f"The key of {name} has a new secret; the one before opens {f'for {grace:,} seconds' if grace else 'nothing'}."
    )


@keys.command()
@click.argument("name")
@db_option
def revoke(name: str, *, db: Place | None) -> None:
    """Let a key open nothing from now on."""
    with existing_store(db) as store:
        key = store.revoke_key(name, actor=_ACTOR)
    note(f"The key of {key.name} ({key.role}) is revoked.")


@keys.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an entry.")
@click.option("--since", type=click.IntRange(min=0), default=0, metavar="NUMBER", help="Only entries after this one.")
@click.option("--verify", is_flag=True, help="Print nothing but whether the log is whole.")
@db_option
def log(*, as_json: bool, since: int, verify: bool, db: Place | None) -> None:
    """Show who made, limited, rotated or revoked which key, and who let which person in or out.

    Each entry seals the one before with its hash; --verify walks the whole chain.
    """
    with existing_store(db) as store:
        if verify:
            count = store.people.verify_log()
            note(f"The access log is whole: {count:,} {'entry' if count == 1 else 'entries'}.")
            return
        if not as_json:
            click.echo(_LOG_ROW.format("NUMBER", "WHEN", "WHO", "DID", "TO", "DETAIL"))
        while entries := store.people.log(since, 1_000):
            since = entries[-1].number
            if as_json:
                _print_json(entries)
            else:
                click.echo("\n".join(_entry(entry) for entry in entries))


def _print_json(every: list[ApiKey] | list[AccessEvent]) -> None:
    import msgspec

    for one in every:
        click.echo(msgspec.json.encode(one))


def _line(key: ApiKey) -> str:
    used = _minute(key.last_used_at) if key.last_used_at else "never"
    often = "default" if key.per_minute is None else f"{key.per_minute or 'any'}"
    return _ROW.format(key.name, key.role, key.prefix, _minute(key.created_at), used, often, _state(key))


def _state(key: ApiKey) -> str:
    now = dt.datetime.now(dt.UTC)
    if key.revoked_at:
        return f"revoked {_minute(key.revoked_at)}"
    if key.expires_at and key.expires_at <= now:
        return f"expired {_minute(key.expires_at)}"
    until = f", expires {_minute(key.expires_at)}" if key.expires_at else ""
    if key.previous_until and key.previous_until > now:
        until += f", the secret before until {_minute(key.previous_until)}"
    return f"in use{until}"


def _entry(entry: AccessEvent) -> str:
    told = (f"{entry.number}", _minute(entry.at), entry.actor, entry.action, entry.subject, entry.detail or "")
    return _LOG_ROW.format(*told).rstrip()


def _minute(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
