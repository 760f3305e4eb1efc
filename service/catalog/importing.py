"""Imports: records as they arrive in any form, good lines kept, bad ones named; memory holds a few hundred records."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple

from msgspec import structs

from service.catalog import steps
from service.catalog.recording import CHUNK, Recorder, content_of
from service.domain import ImportReport, Rebuttal, RebuttalContent, RejectedLine
from service.errors import AlreadyExistsError, RejoinderError, RevisionMismatchError, StoreLockedError
from service.ingest.formats import Source, parsed
from service.ingest.ndjson import ParsedLine
from service.store import Outcome, Write
from service.store.provenance import ProvenanceContent

Progress = Callable[[int, int], None]

# A file of nothing but bad lines must not fill the memory with complaints about them.
_MOST_REJECTED: Final = 1_000
_TRIES: Final = 5


class Chunk(NamedTuple):
    """What became of a few hundred lines."""

    counts: Counter[Outcome]
    rejected: list[RejectedLine]


class Importer:
    """Writes what an import brings.

    Args:
        recorder: writes.
        max_line: bytes of one line.
    """

    def __init__(self, recorder: Recorder, max_line: int) -> None:
        self._recorder = recorder
        self._max_line = max_line

    async def run(  # noqa: PLR0913 - each is a part of what an import is
        self,
        chunks: AsyncIterator[bytes],
        *,
        source: Source,
        actor: str,
        may_publish: bool,
        as_draft: bool = False,
        on_progress: Progress | None = None,
    ) -> ImportReport:
        """Import a stream; see `service.catalog.Catalog.import_lines`."""
        run = _Run(self, source, actor, may_publish=may_publish, as_draft=as_draft)
        read = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal read
            async for chunk in chunks:
                read += len(chunk)
                yield chunk

        try:
            async for line in parsed(counted(), source, self._max_line):
                await run.take(line)
                if on_progress and line and line.number % CHUNK == 0:
                    on_progress(line.number, read)
        finally:
            # A connection that breaks half-way keeps the complete lines that it brought.
            report = await run.finish()
        return report

    async def write(
        self, lines: Sequence[ParsedLine], *, actor: str, may_publish: bool, as_draft: bool = False
    ) -> Chunk:
        """Write lines in one transaction; those whose records are there unchanged are not encoded again.

        Each is written at the revision that was looked at, so that an editor's work in between is seen, not lost.

        Raises:
            StoreLockedError: others keep changing the same records.
        """
        for _ in range(_TRIES):
            ids = list({line.content.id or "": None for line in lines if line.content})
            known = await asyncio.to_thread(self._recorder.store.get_many, ids)
            if as_draft:
                lines = [_as_draft(line, known) for line in lines]
            rejected = [fault for line in lines if (fault := _fault(line, known, may_publish=may_publish))]
            refused = {fault.line for fault in rejected}
            taken = {line.content.id: line.content for line in lines if line.content and line.number not in refused}
            writes = [write for content in taken.values() if (write := _write(content, known)) is not None]
            try:
                written = await self._recorder.write(writes, actor=actor) if writes else []
            except (RevisionMismatchError, AlreadyExistsError):
                continue
            counts = Counter[Outcome](one.outcome for one in written)
            counts["unchanged"] += len(lines) - len(rejected) - len(writes)
            return Chunk(counts, rejected)
        raise StoreLockedError("Others keep changing the records of this import; try again in a moment.")

    async def tell(self, told: Sequence[ProvenanceContent], actor: str) -> None:
        """Keep where records came from."""
        await asyncio.to_thread(self._recorder.store.provenances.add, told, actor=actor)


class _Run:
    """The state of one import: what is waiting to be written, and what became of the rest."""

    def __init__(self, importer: Importer, source: Source, actor: str, *, may_publish: bool, as_draft: bool) -> None:
        self._importer = importer
        self._source = source
        self._actor = actor
        self._may_publish = may_publish
        self._as_draft = as_draft
        self._waiting: list[ParsedLine] = []
        self._ids: set[str | None] = set()
        self._counts: Counter[Outcome] = Counter()
        self._rejected: list[RejectedLine] = []
        self._rejected_total = 0
        self._writing: asyncio.Task[Chunk] | None = None

    async def take(self, line: ParsedLine | None) -> None:
        """Queue a line; write when a chunk is full, while the next one is being read."""
        if line is None:
            return
        if line.rejected:
            self._reject(line.rejected)
        elif line.content is not None and line.content.id in self._ids:
            error = "This id stands on an earlier line already; the first one was taken."
            self._reject(RejectedLine(line=line.number, id=line.content.id, error=error))
        elif line.content is not None:
            self._ids.add(line.content.id)
            self._waiting.append(line)
            if len(self._waiting) >= CHUNK:
                await self._flush()

    async def finish(self) -> ImportReport:
        """Write the rest and say what was done."""
        await self._flush()
        await self._settle()
        self._rejected.sort(key=lambda rejected: rejected.line)
        return ImportReport(
            created=self._counts["created"],
            updated=self._counts["updated"],
            unchanged=self._counts["unchanged"],
            rejected=tuple(self._rejected),
            rejected_total=self._rejected_total,
        )

    async def _flush(self) -> None:
        await self._settle()
        if self._waiting:
            chunk, self._waiting = self._waiting, []
            self._writing = asyncio.create_task(self._write(chunk))

    async def _write(self, lines: Sequence[ParsedLine]) -> Chunk:
        """Write the records, and then where they came from: a crash in between is mended by importing again."""
        chunk = await self._importer.write(
            lines, actor=self._actor, may_publish=self._may_publish, as_draft=self._as_draft
        )
        refused = {fault.line for fault in chunk.rejected}
        told = [made for line in lines if line.number not in refused and (made := _provenance(line, self._source))]
        await self._importer.tell(told, self._actor)
        return chunk

    async def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            chunk = await writing
            self._counts += chunk.counts
            for rejected in chunk.rejected:
                self._reject(rejected)

    def _reject(self, rejected: RejectedLine) -> None:
        self._rejected_total += 1
        if len(self._rejected) < _MOST_REJECTED:
            self._rejected.append(rejected)


def _provenance(line: ParsedLine, source: Source) -> ProvenanceContent | None:
    if line.content is None or line.content.id is None or line.origin is None:
        return None
    return ProvenanceContent(
        rebuttal_id=line.content.id,
        source=source.name,
        format=source.form,
        sha256=line.origin.sha256,
        original_id=line.origin.original_id,
        notes=line.origin.notes,
    )


def _as_draft(line: ParsedLine, known: dict[str, Rebuttal]) -> ParsedLine:
    """The line as a draft; where its record is here already, with the status that an editor has given it."""
    if line.content is None:
        return line
    current = known.get(line.content.id or "")
    content = structs.replace(line.content, status=current.status if current else "draft")
    return line._replace(content=content)


def _fault(line: ParsedLine, known: dict[str, Rebuttal], *, may_publish: bool) -> RejectedLine | None:
    content = line.content
    if content is None:
        return line.rejected
    try:
        current = known.get(content.id or "")
        if current is None:
            steps.check_name(content)
        else:
            steps.check_import(current, content, may_publish=may_publish)
    except RejoinderError as error:
        return RejectedLine(line=line.number, id=content.id, error=error.detail)
    return None


def _write(content: RebuttalContent, known: dict[str, Rebuttal]) -> Write | None:
    current = known.get(content.id or "")
    if current is None:
        return Write(content=content, action="import", expected_revision=0)
    if content_of(current) == content:
        return None
    return Write(content=content, action="import", expected_revision=current.revision)
