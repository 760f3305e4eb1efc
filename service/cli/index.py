"""``rejoinder index``: the signed index that browsers check claims with, and the key that signs it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.store import db_option, existing_store, note, refuse_missing, runtime_for, settings_for
from service.errors import RejoinderError
from service.places import Place

if TYPE_CHECKING:
    from service.packed import Document
    from service.settings import Settings


@click.group()
def index() -> None:
    """Write the signed index of what is published, and show the key that signs it.

    With this file and the models that it names, a browser checks claims by itself and asks nobody. A running service
    answers with it at /v1/index.

    \b
    Example:
      rejoinder index key
      rejoinder index export rejoinder.index
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the public key and its fingerprint.")
@db_option
def key(*, as_json: bool, db: Place | None) -> None:
    """Print the fingerprint of the key that signs this store's index.

    Readers compare it with what their browser shows. The key is made when it is first needed, stays in the store, and
    goes wherever a copy of the store goes: who has that can sign.
    """
    from service.packed import fingerprint, public_key, signing_key
    from service.packed.signing import encoded

    with existing_store(db) as store:
        public = public_key(signing_key(store))
    if as_json:
        _print_json({"key": encoded(public), "fingerprint": fingerprint(public)})
    else:
        click.echo(fingerprint(public))


@index.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object that says what was written.")
@db_option
def export(file: Path, *, as_json: bool, db: Place | None) -> None:
    """Write the signed index to a file, for a mirror: the document that GET /v1/index answers with.

    The file appears when it is whole. Its signature holds wherever it is served from.

    \b
    Example:
      rejoinder index export rejoinder.index && gzip -k rejoinder.index
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.cli.outlet import to_file

    settings = settings_for(db)
    refuse_missing(settings, db)
    made = _made(settings)
    to_file([made.data], file)
    header = made.header
    if as_json:
        sha256 = hashlib.sha256(made.data).hexdigest()
        told = {"file": str(file), "bytes": len(made.data), "sha256": sha256, "records": header.records}
        _print_json({**told, "rows": header.rows, "position": header.position, "key": header.key})
    else:
        note(f"Wrote {header.records:,} records and {header.rows:,} vectors to {file}: {len(made.data):,} bytes.")


def _made(settings: Settings) -> Document:
    """The index of the whole store. Raises `RejoinderError` where another encoder is set than the one that ships."""
    from service.packed import build, models_offered

    with runtime_for(settings) as runtime:
        model = runtime.checker.model
        offer = models_offered(runtime.finder.encoder, model=model, profile=settings.profile)
        if offer is None:
            raise RejoinderError(f"An index needs the encoder that ships; here {runtime.finder.model} answers.")
        return build(runtime.store, offer, 0)


def _print_json(told: dict[str, object]) -> None:
    import msgspec

    click.echo(msgspec.json.encode(told))
