"""The store as editors keep it. Each write is searchable when it returns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from service.domain import ImportReport, Rebuttal, RebuttalContent, RejectedLine, Status
from service.errors import InvalidRecordError, InvalidTransitionError
from service.finder import Finder
from service.ingest.ndjson import ParsedLine, parse_line, split_lines, with_id
from service.passages import passages
from service.store import Write, Written
from service.store.base import Action

Progress = Callable[[int, int], None]

_CHUNK: Final = 256
# A file of nothing but bad lines must not fill the memory with complaints about them.
_MOST_REJECTED: Final = 1_000
# What a record becomes is decided by its own routes; an import or an update cannot bring back what was retracted.
_FINAL: Final[frozenset[Status]] = frozenset({"retracted", "superseded"})


class Catalog:
    """Writes to the store, with their vectors, one at a time.

    Args:
        finder: its encoder's vectors are written with the record.
        max_line: bytes of one line of an import.
        also: finders with encoders of their own; their vectors follow before the write returns. A crash in between
            leaves them missing until `encode_missing`.
    """

    def __init__(self, finder: Finder, *, max_line: int, also: Sequence[Finder] = ()) -> None:
        self._finder = finder
        self._also = also
        self._store = finder.store
        self._max_line = max_line

    async def create(self, content: RebuttalContent, *, actor: str) -> Rebuttal:
        """Add a record. Raises `AlreadyExistsError`, `InvalidRecordError`."""
        return await self._save(with_id(content), "create", actor, expected=0)

    async def update(
        self,
        rebuttal_id: str,
        content: RebuttalContent,
        *,
        expected_revision: int | None,
        actor: str,
        reason: str | None = None,
    ) -> Rebuttal:
        """Replace a record's content. Raises `NotFoundError`, `RevisionMismatchError`, `InvalidTransitionError`."""
        if content.id not in (None, rebuttal_id):
            raise InvalidRecordError("The id is not the one in the address; ids never change.", field="$.id")
        current = await asyncio.to_thread(self._store.get, rebuttal_id)
        _check_step(current, content.status)
        content = structs.replace(content, id=rebuttal_id)
        return await self._save(content, "update", actor, expected=expected_revision, reason=reason)

    async def retract(self, rebuttal_id: str, *, reason: str, expected_revision: int | None, actor: str) -> Rebuttal:
        """Take a record out of use; it stays readable. Raises as `update` does."""
        current = await asyncio.to_thread(self._store.get, rebuttal_id)
        if current.status == "retracted":
            raise InvalidTransitionError(f"The record {rebuttal_id} is retracted already.")
        content = structs.replace(content_of(current), status="retracted")
        return await self._save(content, "retract", actor, expected=expected_revision, reason=reason)

    async def supersede(
        self, rebuttal_id: str, *, by: str, reason: str | None, expected_revision: int | None, actor: str
    ) -> Rebuttal:
        """Let another published record stand in for this one. Raises as `update` does."""
        current = await asyncio.to_thread(self._store.get, rebuttal_id)
        if current.status in _FINAL:
            raise InvalidTransitionError(f"The record {rebuttal_id} is {current.status} already.")
        if by == rebuttal_id:
            raise InvalidRecordError("A record cannot supersede itself.", field="$.by")
        successor = (await asyncio.to_thread(self._store.get_many, [by])).get(by)
        if successor is None or successor.status != "published":
            raise InvalidRecordError(f"There is no published record {by} to supersede it.", field="$.by")
        content = structs.replace(content_of(current), status="superseded", superseded_by=by)
        return await self._save(content, "supersede", actor, expected=expected_revision, reason=reason)

    async def import_lines(
        self, chunks: AsyncIterator[bytes], *, actor: str, on_progress: Progress | None = None
    ) -> ImportReport:
        """Import NDJSON as it arrives: good lines are kept, bad ones named; memory holds a few hundred records.

        Args:
            chunks: the file in pieces of any size.
            actor: who the log names.
            on_progress: called with lines and bytes read so far.

        Raises:
            StoreError: the store failed; what was written before stays written, and importing again completes it.
        """
        run = _ImportRun(self, actor)
        read = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal read
            async for chunk in chunks:
                read += len(chunk)
                yield chunk

        try:
            async for number, line in split_lines(counted(), self._max_line):
                await run.take(parse_line(number, line, self._max_line))
                if on_progress and number % _CHUNK == 0:
                    on_progress(number, read)
        finally:
            # A connection that breaks half-way keeps the complete lines that it brought.
            report = await run.finish()
        return report

    async def encode_missing(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Make the vectors that are missing: of the starter corpus on first use, of all records for a new encoder."""
        total = self._store.count()
        for finder in (self._finder, *self._also):
            done = 0
            while records := await asyncio.to_thread(self._store.without_vectors, finder.model, _CHUNK):
                await self._complete(records, finder)
                done += len(records)
                if on_progress:
                    on_progress(done, max(total, done))
        await self._refresh()

    async def write_chunk(self, contents: Sequence[RebuttalContent], actor: str) -> dict[str, int]:
        """Import records in one transaction; those that are there unchanged are not encoded again."""
        unique = {content.id or "": content for content in contents}
        known = await asyncio.to_thread(self._store.get_many, list(unique))
        changed = [content for key, content in unique.items() if key not in known or content_of(known[key]) != content]
        vectors = await _vectors(changed, self._finder)
        writes = [
            Write(content=content, action="import", vectors=its, model=self._finder.model)
            for content, its in zip(changed, vectors, strict=True)
        ]
        written = await asyncio.to_thread(self._store.write, writes, actor=actor)
        await self._follow(written)
        counts = {"created": 0, "updated": 0, "unchanged": len(contents) - len(changed)}
        for result in written:
            counts[result.outcome] += 1
        return counts

    async def _save(
        self, content: RebuttalContent, action: Action, actor: str, *, expected: int | None, reason: str | None = None
    ) -> Rebuttal:
        write = Write(
            content=content,
            action=action,
            reason=reason,
            expected_revision=expected,
            vectors=(await _vectors([content], self._finder))[0],
            model=self._finder.model,
        )
        written = await asyncio.to_thread(self._store.write, [write], actor=actor)
        await self._follow(written)
        return written[0].rebuttal

    async def _follow(self, written: Sequence[Written]) -> None:
        """Bring the other encoders' vectors and every index up to a write."""
        records = [one.rebuttal for one in written if one.outcome != "unchanged" and one.rebuttal.status == "published"]
        for finder in self._also:
            await self._complete(records, finder)
        await self._refresh()

    async def _complete(self, records: Sequence[Rebuttal], finder: Finder) -> None:
        vectors = await _vectors(records, finder)
        made = [(record.id, record.revision, its) for record, its in zip(records, vectors, strict=True)]
        await asyncio.to_thread(self._store.put_vectors, finder.model, made)

    async def _refresh(self) -> None:
        for finder in (self._finder, *self._also):
            await asyncio.to_thread(finder.refresh)


class _ImportRun:
    """The state of one import: what is waiting to be written, and what became of the rest."""

    def __init__(self, catalog: Catalog, actor: str) -> None:
        self._catalog = catalog
        self._actor = actor
        self._waiting: list[RebuttalContent] = []
        self._ids: set[str | None] = set()
        self._counts = {"created": 0, "updated": 0, "unchanged": 0}
        self._rejected: list[RejectedLine] = []
        self._rejected_total = 0
        self._writing: asyncio.Task[dict[str, int]] | None = None

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
            self._waiting.append(line.content)
            if len(self._waiting) >= _CHUNK:
                await self._flush()

    async def finish(self) -> ImportReport:
        """Write the rest and say what was done."""
        await self._flush()
        await self._settle()
        return ImportReport(**self._counts, rejected=tuple(self._rejected), rejected_total=self._rejected_total)

    async def _flush(self) -> None:
        await self._settle()
        if self._waiting:
            chunk, self._waiting = self._waiting, []
            self._writing = asyncio.create_task(self._catalog.write_chunk(chunk, self._actor))

    async def _settle(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            for name, count in (await writing).items():
                self._counts[name] += count

    def _reject(self, rejected: RejectedLine) -> None:
        self._rejected_total += 1
        if len(self._rejected) < _MOST_REJECTED:
            self._rejected.append(rejected)


async def _vectors(contents: Sequence[RebuttalContent], finder: Finder) -> list[NDArray[np.float32]]:
    texts = [[passage.text for passage in passages(content)] for content in contents]
    flat = await finder.encode([text for own in texts for text in own])
    ends = np.cumsum([len(own) for own in texts])
    return list(np.split(flat, ends[:-1])) if texts else []


def content_of(record: Rebuttal) -> RebuttalContent:
    """A record without what the store says of it."""
    return RebuttalContent(**{name: getattr(record, name) for name in RebuttalContent.__struct_fields__})


def _check_step(current: Rebuttal, status: Status) -> None:
    if current.status in _FINAL and status != current.status:
        raise InvalidTransitionError(
            f"The record {current.id} is {current.status}; an update cannot make it {status}. Create a new record."
        )
    if current.status not in _FINAL and status in _FINAL:
        raise InvalidTransitionError(f"Use the route for it to make a record {status}.", field="$.status")
