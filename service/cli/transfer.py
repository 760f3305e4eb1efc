"""``rejoinder import`` and ``rejoinder export``."""

from __future__ import annotations

from pathlib import Path

import click

from service.cli.store import db_option, existing_store, note, runtime_for, settings_for
from service.places import Place


@click.command("import", epilog="Exit code: 0, or 1 if a line was rejected; the good lines are kept all the same.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE...",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["ndjson", "claimreview", "html", "csv"]),
    help="The form of the files.  [default: as their names end; NDJSON for standard input]",
)
@click.option(
    "--source",
    metavar="NAME",
    help="File name or address that the records are from; kept with each.  [default: the file's name]",
)
@click.option("--as-draft", is_flag=True, help="New records become drafts; those that are here keep their status.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file, every rejected record in it.")
@db_option
def import_(  # noqa: PLR0913 - the options of a command
    files: tuple[str, ...],
    *,
    form: str | None,
    source: str | None,
    as_draft: bool,
    as_json: bool,
    db: Place | None,
) -> int:
    """Import records from files; "-" is standard input.

    NDJSON (.ndjson, .jsonl), ClaimReview in JSON-LD (.json, .jsonld) or in HTML pages (.html), tables (.csv, .tsv).
    Importing a file twice changes nothing. A bad record is rejected by the number of its line, row or element and the
    others are kept. A review that rates its claim as true is never made a record that denies it: it is rejected.

    \b
    Examples:
      rejoinder import rebuttals.ndjson
      rejoinder import --as-draft feed.json fact-check.html
      rejoinder import --format csv --source https://sheets.example/facts - < facts.csv
      rejoinder export --db old.db | rejoinder import --db new.db -
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.cli.intake import take_in
    from service.priority import LATER, give_way

    give_way(LATER)  # a service on the same machine answers meanwhile
    with runtime_for(settings_for(db)) as runtime:
        return take_in(runtime, files, form=form, source=source, as_draft=as_draft, as_json=as_json)


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["ndjson", "claimreview"]),
    default="ndjson",
    show_default=True,
    help="A record a line, or a schema.org DataFeed of what is published.",
)
@click.option(
    "--base",
    metavar="URL",
    help="Public address of the service that has the records' pages.  [default: REJOINDER_PUBLIC_URL]",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write here.  [default: standard output]",
)
@db_option
def export(*, form: str, base: str | None, output: Path | None, db: Place | None) -> None:
    """Write records in a form that `rejoinder import` reads.

    NDJSON has every record, whatever its status. ClaimReview has those that are published, for readers who may not know
    what a retraction is.

    \b
    Examples:
      rejoinder export -o rebuttals.ndjson
      rejoinder export | grep -c '"status":"published"'
      rejoinder export --format claimreview --base https://facts.example -o feed.json
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.cli.outlet import reviews, to_file, to_stdout
    from service.ingest.ndjson import export_lines

    with existing_store(db) as store:
        lines = reviews(store, settings_for(db), base) if form == "claimreview" else export_lines(store)
        written = to_stdout(lines) if output is None else to_file(lines, output)
    if output is not None:
        # A feed has a line before its records and one behind them.
        count = written - 2 if form == "claimreview" else written
        note(f"Wrote {count:,} records to {output}.")
