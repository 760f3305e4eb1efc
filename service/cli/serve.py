"""``rejoinder serve``."""

from __future__ import annotations

import click

from service.cli.store import PLACE, db_option, note, settings_for, tell_first_use
from service.errors import RejoinderError
from service.places import Place


@click.command(epilog="Every other setting is read from the environment: see docs/reference/settings.md.")
@click.option("--host", metavar="ADDRESS", help="The address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 takes a free one.  [default: 8000]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that answer at that address together; each loads the models.  [default: 1]",
)
@click.option(
    "--search",
    type=click.Choice(["auto", "memory", "database"]),
    help="Where claims are searched; the database can where it is PostgreSQL.  [default: auto]",
)
@click.option(
    "--replica",
    "replicas",
    multiple=True,
    type=PLACE,
    metavar="ADDRESS",
    help="A replica of the database that searches may be read from; may be repeated.",
)
@db_option
def serve(  # noqa: PLR0913 - one parameter an option: click passes them so
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    search: str | None,
    replicas: tuple[Place, ...],
    db: Place | None,
) -> None:
    """Start the API, until Ctrl-C.

    \b
    Examples:
      rejoinder serve
      rejoinder serve --host 0.0.0.0 --port 8080 --db newsroom.db
      rejoinder serve --workers 4
      rejoinder serve --db postgresql://db1/rejoinder --search database --replica postgresql://db2/rejoinder
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.api.server import serve as run

    settings = settings_for(db, host=host, port=port, workers=workers, search=search, replicas=replicas or None)
    tell_first_use(settings)
    try:
        run(
            settings,
            on_ready=lambda address: note(f"Rejoinder answers at {address}, and explains itself at {address}/docs"),
        )
    except KeyboardInterrupt:
        note("Stopped.")
    except SystemExit as error:
        # uvicorn ends the process when it cannot listen; the line above, which it logged, says why.
        chosen = f"{settings.host}:{settings.port}"
        raise RejoinderError(f"Cannot listen on {chosen}. Choose another with --host and --port.") from error
