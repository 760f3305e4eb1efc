"""``rejoinder feedback``: what readers said of verdicts, out of the store and into evaluation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.store import db_option, existing_store, note
from service.places import Place

if TYPE_CHECKING:
    from service.feedback import Feedback


@click.group()
def feedback() -> None:
    """Export and clear what readers said of verdicts.

    \b
    Example:
      rejoinder feedback export -o feedback.tsv
    """  # noqa: D301 - click reads the backslash, and a raw docstring would show it


@feedback.command()
@click.option("--json", "as_json", is_flag=True, help="All feedback, one JSON object a line, instead of pairs.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a file, which appears when it is complete. Default: standard output.",
)
@db_option
def export(*, as_json: bool, output: Path | None, db: Place | None) -> None:
    """Write feedback as evaluation pairs: expect, about, kind and text, tab-separated.

    A piece becomes a pair where its sender gave the claim and said what is right; --json has the others too.
    """
    from service.cli.outlet import to_file, to_stdout

    with existing_store(db) as store:
        count = _Count(store.scan_feedback())
        lines = _as_json(count) if as_json else _as_pairs(count)
        written = to_file(lines, output) if output else to_stdout(lines)
    if as_json:
        note(f"Wrote {written:,} pieces of feedback.")
    else:
        made = "1 pair" if written == 2 else f"{written - 1:,} pairs"  # noqa: PLR2004 - the header is a line too
        note(f"Wrote {made} from {count.seen:,} pieces of feedback; --json writes every piece.")


@feedback.command()
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    metavar="DATE",
    help="The first day (UTC) whose feedback stays.",
)
@db_option
def clear(*, before: dt.datetime, db: Place | None) -> None:
    """Delete old feedback for good, the claims that were given with it included."""
    with existing_store(db) as store:
        gone = store.clear_feedback(before.replace(tzinfo=dt.UTC))
    note(f"Deleted {gone:,} pieces of feedback from before {before:%Y-%m-%d}.")


class _Count:
    """Passes feedback on and counts it."""

    def __init__(self, every: Iterable[Feedback]) -> None:
        self._every = every
        self.seen = 0

    def __iter__(self) -> Iterator[Feedback]:
        for one in self._every:
            self.seen += 1
            yield one


def _as_json(every: Iterable[Feedback]) -> Iterator[bytes]:
    import msgspec

    encoder = msgspec.json.Encoder()
    return (encoder.encode(one) + b"\n" for one in every)


def _as_pairs(every: Iterable[Feedback]) -> Iterator[bytes]:
    from service.feedback import HEADER, pairs

    yield f"{HEADER}\n".encode()
    for pair in pairs(every):
        yield f"{pair.line()}\n".encode()
