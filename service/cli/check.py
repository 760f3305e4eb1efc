"""``rejoinder check``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from service.cli.store import db_option, note, runtime_for, settings_for
from service.places import Place

if TYPE_CHECKING:
    from service.cli.claims import Asked
    from service.domain import Claim


@click.command(
    epilog="Exit code: 0, or 1 if a claim was refused (empty, too long, not UTF-8), whatever the verdicts are."
)
@click.argument("claims", nargs=-1, metavar='["CLAIM"]...')
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a claim, as POST /v1/check answers.")
@click.option("--limit", type=click.IntRange(1, 20), default=5, show_default=True, help="How many matches at most.")
@click.option("--language", metavar="TAG", help="The claims' language (BCP 47), where it is known.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Answer as of the end of this day (YYYY-MM-DD, UTC): from what was public then and not yet retracted.",
)
@click.option(
    "--document",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help='Check a text of several sentences, up to 50,000 characters; "-" is standard input.',
)
@db_option
def check(  # noqa: PLR0913 - one parameter an option: click passes them so
    claims: tuple[str, ...],
    *,
    as_json: bool,
    limit: int,
    language: str | None,
    as_of: datetime | None,
    document: str | None,
    db: Place | None,
) -> int:
    """Find what an authority has said on a claim.

    Give claims as arguments; "-", or nothing with a pipe, reads them from standard input, one a line.

    \b
    Examples:
      rejoinder check "Pakistan handed rare earth samples to the US president"
      rejoinder check --json "a headline" "another headline"
      tail -f headlines.txt | rejoinder check --json -
      rejoinder check --document article.txt
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it
    if claims and document:
        raise click.UsageError("Give claims or --document, not both.")
    options = {"limit": limit, "language": language, "as_of": as_of and as_of.date()}
    if document:
        return _check_document(document, options, db, as_json=as_json)
    if not claims and sys.stdin.isatty():
        raise click.UsageError('Say what to check: rejoinder check "a sentence or headline"')
    return _check_all(claims, options, db, as_json=as_json)


def _check_all(arguments: Sequence[str], options: Mapping[str, object], db: Place | None, *, as_json: bool) -> int:
    """Check group by group, and show each answer as soon as it is there. Returns the exit code."""
    import asyncio

    from service.cli import answers
    from service.cli.claims import STDIN, groups

    several = len(arguments) != 1 or arguments[0] == STDIN
    show = answers.as_json() if as_json else answers.for_people(several=several)
    refused = 0
    with runtime_for(settings_for(db)) as runtime, asyncio.Runner() as runner:
        for group in groups(arguments, sys.stdin.buffer):
            claims = _claims(group, options)
            refused += len(group) - len(claims)
            for result in runner.run(runtime.checker.check_many(claims)):
                show(result)
    return 1 if refused else 0


def _check_document(name: str, options: Mapping[str, object], db: Place | None, *, as_json: bool) -> int:
    """Check one text, sentence by sentence. Returns the exit code."""
    import asyncio

    from service.cli.documents import check_text, read_document, to_document

    document = to_document("standard input" if name == "-" else name, read_document(name), options)
    with runtime_for(settings_for(db)) as runtime:
        asyncio.run(check_text(runtime, document, as_json=as_json))
    return 0


def _claims(group: Sequence[Asked], options: Mapping[str, object]) -> list[Claim]:
    """Those that can be checked; of the others it is said why not."""
    from service.cli.claims import RefusedClaimError, to_claim

    claims = []
    for asked in group:
        try:
            claims.append(to_claim(asked, options))
        except RefusedClaimError as error:
            note(f"rejoinder: {error.detail}")
    return claims
