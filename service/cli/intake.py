"""The work of ``rejoinder import``: files read in pieces, progress by bytes, bad records named as compilers do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from service.cli.plain import visible
from service.cli.store import note
from service.domain import ImportReport
from service.ingest.formats import FORMATS, Source, format_of_file
from service.runtime import Runtime

_PIECE: Final = 1 << 18
_MOST_SHOWN: Final = 20
_ACTOR: Final = "cli"

OnProgress = Callable[[int, int], None]


def take_in(  # noqa: PLR0913 - the options of a command
    runtime: Runtime,
    files: Sequence[str],
    *,
    form: str | None = None,
    source: str | None = None,
    as_draft: bool = False,
    as_json: bool,
) -> int:
    """Import files one after the other and report on each.

    Args:
        runtime: whose store takes them.
        files: their names; ``-`` for standard input.
        form: of all of them; None for what each name tells.
        source: kept with each record; None for the file's name.
        as_draft: new records become drafts.
        as_json: report in JSON.

    Returns:
        The exit code: 1 if anything was rejected.
    """
    rejected = 0
    with asyncio.Runner() as runner:
        for name in files:
            # Without a terminal's progress bar, at least an interruption says what it left behind.
            try:
                report = runner.run(_one(runtime, name, _source(name, form, source), as_draft=as_draft))
            except KeyboardInterrupt:
                note(f"\n{name}: interrupted. What was read is kept; importing the file again adds the rest.")
                raise
            rejected += report.rejected_total
            (_report_json if as_json else _report)(name, report)
    return 1 if rejected else 0


def _source(name: str, form: str | None, source: str | None) -> Source:
    chosen = next((known for known in FORMATS if known == form), None) or format_of_file(name)
    return Source(form=chosen, name=source if source is not None else "" if name == "-" else name)


async def _one(runtime: Runtime, name: str, source: Source, *, as_draft: bool) -> ImportReport:
    with click.open_file(name, "rb") as stream, _progress(name) as on_progress:
        return await runtime.catalog.import_from(
            _pieces(stream), source, actor=_ACTOR, as_draft=as_draft, on_progress=on_progress
        )


async def _pieces(stream: IO[bytes]) -> AsyncIterator[bytes]:
    """The stream as it arrives. Reading blocks, which holds nothing up: the encoder works in its own thread."""
    read1 = getattr(stream, "read1", stream.read)
    while piece := read1(_PIECE):
        yield piece
        await asyncio.sleep(0)


@contextmanager
def _progress(name: str) -> Iterator[OnProgress | None]:
    """A bar on a terminal's standard error; nothing in a pipe or a log."""
    if not sys.stderr.isatty():
        yield None
        return
    total = None if name == "-" else Path(name).stat().st_size
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[lines]:,} records"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(Path(name).name, total=total, lines=0)
        yield lambda lines, read: bar.update(task, completed=read, lines=lines)


def _report(name: str, report: ImportReport) -> None:
    for line in report.rejected[:_MOST_SHOWN]:
        named = f" {line.id}:" if line.id else ""
        note(visible(f"{name}:{line.line}:{named} {line.error}"))
    if report.rejected_total > _MOST_SHOWN:
        note(f"{name}: and {report.rejected_total - _MOST_SHOWN:,} more rejected lines; --json lists them.")
    click.echo(
        f"{visible(name)}: {report.created:,} created, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged, {report.rejected_total:,} rejected"
    )


def _report_json(name: str, report: ImportReport) -> None:
    click.echo(msgspec.json.encode({"file": name, **msgspec.structs.asdict(report)}))
