"""``rejoinder extract``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.store import db_option, note, runtime_for, settings_for
from service.places import Place

if TYPE_CHECKING:
    from service.ingest.extract import Extraction


@click.command(epilog="Exit code: 0; 1 if no draft was found; 2 if a text cannot be read or a draft cannot be saved.")
@click.argument("texts", nargs=-1, required=True, metavar="FILE|URL|-...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: drafts, sources, notes.")
@click.option(
    "--html", "as_html", is_flag=True, help="Read files as HTML.  [default: what their name or beginning says]"
)
@click.option("--address", metavar="URL", help="Where the article can be read; of one text alone.")
@click.option("--publisher", metavar="NAME", help="Who published it; of one text alone.")
@click.option(
    "--published-on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help='When: "on Tuesday" is counted back from it.',
)
@click.option("--title", metavar="TEXT", help="Its headline; of one text alone.")
@click.option("--language", metavar="TAG", help="The texts' language (BCP 47).  [default: detected]")
@click.option(
    "--sources",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="JSON list that says of each file its url, publisher, published_on, title.  [default: sources.json beside it]",
)
@click.option("--save", is_flag=True, help="Keep the drafts in the store, as records of status draft.")
@db_option
def extract(  # noqa: PLR0913 - one parameter an option: click passes them so
    texts: tuple[str, ...],
    *,
    as_json: bool,
    as_html: bool,
    address: str | None,
    publisher: str | None,
    published_on: datetime | None,
    title: str | None,
    language: str | None,
    sources: Path | None,
    save: bool,
    db: Place | None,
) -> int:
    """Propose rebuttal drafts from news articles or briefing transcripts.

    Several texts are read as reports of one matter: what they have in common becomes one draft with several citations.
    Nothing is published, and what a text does not say is named as missing.

    \b
    Examples:
      rejoinder extract article.txt --published-on 2026-03-04 --address https://news.example/article
      rejoinder extract --json monday.html tuesday.txt
      curl -s https://news.example/article | rejoinder extract --html -
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    from service.cli.extraction import Known, read_all, show, to_json
    from service.ingest.extract import extract as propose

    known = Known(
        address=address,
        publisher=publisher,
        published_on=published_on.date() if published_on else None,
        title=title,
        language=language,
    )
    if len(texts) > 1 and (address or publisher or title):
        raise click.UsageError("--address, --publisher and --title are of one text; give --sources for several.")
    extraction = propose(*read_all(texts, known, settings_for(db), sources, as_html=as_html))
    saved = _save(extraction, db) if save else []
    if as_json:
        to_json(extraction, saved)
    else:
        show(extraction)
        for name in saved:
            note(f"Saved as draft: {name}")
    return 0 if extraction.drafts else 1


def _save(extraction: Extraction, db: Place | None) -> list[str]:
    """Keep the drafts; their ids."""
    import asyncio

    from service.drafting import check, save

    checked = check(extraction)
    with runtime_for(settings_for(db)) as runtime:
        records = asyncio.run(save(checked, runtime.store, runtime.catalog, actor="cli"))
    return [record.id for record in records]
