"""``rejoinder import`` and ``rejoinder export``."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.store import db_option, existing_store, note, runtime_for, settings_for


@click.command("import", epilog="Exit code: 0, or 1 if a line was rejected; the good lines are kept all the same.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE...",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file, every rejected line in it.")
@db_option
def import_(files: tuple[str, ...], *, as_json: bool, db: Path | None) -> int:
    """Import records from NDJSON files; "-" is standard input.

    Importing a file twice changes nothing. A bad line is rejected by number and the others are kept.

    \b
    Examples:
      rejoinder import rebuttals.ndjson
      rejoinder export --db old.db | rejoinder import --db new.db -
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.cli.intake import take_in

    with runtime_for(settings_for(db)) as runtime:
        return take_in(runtime, files, as_json=as_json)


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["ndjson"]),
    default="ndjson",
    show_default=True,
    help="The form of the records.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write here.  [default: standard output]",
)
@db_option
def export(*, form: str, output: Path | None, db: Path | None) -> None:
    """Write every record, whatever its status, in the form that `rejoinder import` reads.

    \b
    Examples:
      rejoinder export -o rebuttals.ndjson
      rejoinder export | grep -c '"status":"published"'
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.cli.outlet import to_file, to_stdout
    from service.ingest.ndjson import export_lines

    # The choice of form has one member so far: naming it now keeps scripts right when there are two.
    del form
    with existing_store(db) as store:
        lines = export_lines(store)
        written = to_stdout(lines) if output is None else to_file(lines, output)
    if output is not None:
        note(f"Wrote {written:,} records to {output}.")
