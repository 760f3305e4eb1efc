"""``rejoinder keys``: who may write to the API."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final, get_args

import click

from service.cli.store import db_option, existing_store, note, settings_for, store_alone
from service.domain import ApiKey, Role

_ROW: Final = "{:<24} {:<10} {:<12} {:<17} {:<17} {}"


@click.group()
def keys() -> None:
    """Make, list and revoke the keys that the API asks for on writes.

    \b
    Example:
      KEY=$(rejoinder keys create desk --role editor)
      curl -H "Authorization: Bearer $KEY" …
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice(get_args(Role)), required=True, help="What the key allows.")
@db_option
def create(name: str, *, role: Role, db: Path | None) -> None:
    """Make a key and print it, alone, on standard output.

    It is shown this once: the store keeps nothing but its hash.
    """
    with store_alone(settings_for(db)) as store:
        key = store.create_key(name, role)
    click.echo(key)
    note(f"This is the only time that the key of {name} ({role}) is shown. Send it as: Authorization: Bearer KEY")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a key.")
@db_option
def list_(*, as_json: bool, db: Path | None) -> None:
    """List every key ever made, by name; the keys themselves are not known."""
    with existing_store(db) as store:
        known = store.keys()
    if as_json:
        import msgspec

        for key in known:
            click.echo(msgspec.json.encode(key))
    elif known:
        click.echo(_ROW.format("NAME", "ROLE", "BEGINS", "CREATED", "LAST USED", "STATE"))
        for key in known:
            click.echo(_line(key))
    else:
        note("There are no keys. Make one with: rejoinder keys create NAME --role editor")


@keys.command()
@click.argument("name")
@db_option
def revoke(name: str, *, db: Path | None) -> None:
    """Let a key open nothing from now on."""
    with existing_store(db) as store:
        key = store.revoke_key(name)
    note(f"The key of {key.name} ({key.role}) is revoked.")


def _line(key: ApiKey) -> str:
    state = f"revoked {_minute(key.revoked_at)}" if key.revoked_at else "in use"
    used = _minute(key.last_used_at) if key.last_used_at else "never"
    return _ROW.format(key.name, key.role, key.prefix, _minute(key.created_at), used, state)


def _minute(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
