"""The store as editors keep it. Each write is searchable when it returns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, NamedTuple

from msgspec import structs

from service.catalog import steps
from service.catalog.importing import Importer, Progress
from service.catalog.merging import check_merge, merge_writes, with_citations
from service.catalog.recording import Recorder, content_of
from service.domain import Citation, ImportReport, Rebuttal, RebuttalContent
from service.errors import InvalidRecordError, InvalidTransitionError, RevisionMismatchError
from service.finder import Finder
from service.ingest.formats import Source
from service.ingest.ndjson import ParsedLine, with_id
from service.store import Write
from service.store.base import Action

_TRIES: Final = 20
"""In each round one of those who write the same record wins."""


class Change(NamedTuple):
    """What is to be made of a record, and what the log calls it."""

    content: RebuttalContent
    action: Action


class Catalog:
    """Every way in which a record is written. Each names who does it, and keeps the reason that is given.

    A change is decided on the record as it stands and written at that revision. Where somebody was quicker, a caller
    who named the revision is refused, and one who did not (``expected_revision=None``) has it decided again.

    Args:
        finder: its encoder's vectors are written with the record.
        max_line: bytes of one line of an import.
        also: finders with encoders of their own.
    """

    def __init__(self, finder: Finder, *, max_line: int, also: Sequence[Finder] = ()) -> None:
        self._store = finder.store
        self._recorder = Recorder(finder, also)
        self._importer = Importer(self._recorder, max_line)

    def join(self, finder: Finder) -> None:
        """From now on write the vectors of this finder's encoder too: it is about to answer."""
        self._recorder.join(finder)

    def leave(self, finder: Finder) -> None:
        """From now on write them no longer."""
        self._recorder.leave(finder)

    async def create(self, content: RebuttalContent, *, actor: str, reason: str | None = None) -> Rebuttal:
        """Add a record. Raises `AlreadyExistsError`, `InvalidRecordError`."""
        steps.check_name(content)
        write = Write(content=with_id(content), action="create", reason=reason, expected_revision=0)
        return (await self._recorder.write([write], actor=actor))[0].rebuttal

    async def update(  # noqa: PLR0913 - each is a part of what the log keeps
        self,
        rebuttal_id: str,
        content: RebuttalContent,
        *,
        expected_revision: int | None,
        actor: str,
        reason: str | None = None,
        may_publish: bool = True,
    ) -> Rebuttal:
        """Replace a record's content.

        Raises:
            NotFoundError: there is no such record.
            RevisionMismatchError: it is not at the revision expected.
            InvalidTransitionError: its status does not allow this.
            NotAllowedError: its status would become another, and the actor may not publish.
        """
        if content.id not in (None, rebuttal_id):
            raise InvalidRecordError("The id is not the one in the address; ids never change.", field="$.id")
        content = structs.replace(content, id=rebuttal_id)

        def change(current: Rebuttal) -> Change:
            return Change(content, steps.of_update(current, content, may_publish=may_publish))

        return await self._change(rebuttal_id, change, expected_revision, actor=actor, reason=reason)

    async def publish(
        self, rebuttal_id: str, *, reason: str | None = None, expected_revision: int | None, actor: str
    ) -> Rebuttal:
        """Let a draft answer claims from now on. Raises as `update` does."""

        def change(current: Rebuttal) -> Change:
            if current.status != "draft":
                raise InvalidTransitionError(
                    f"The record {rebuttal_id} is {current.status}; only a draft is published."
                )
            return Change(structs.replace(content_of(current), status="published"), "publish")

        return await self._change(rebuttal_id, change, expected_revision, actor=actor, reason=reason)

    async def retract(self, rebuttal_id: str, *, reason: str, expected_revision: int | None, actor: str) -> Rebuttal:
        """Take a record out of use; it stays readable. Raises as `update` does."""

        def change(current: Rebuttal) -> Change:
            if current.status == "retracted":
                raise InvalidTransitionError(f"The record {rebuttal_id} is retracted already.")
            return Change(structs.replace(content_of(current), status="retracted"), "retract")

        return await self._change(rebuttal_id, change, expected_revision, actor=actor, reason=reason)

    async def supersede(
        self, rebuttal_id: str, *, by: str, reason: str | None, expected_revision: int | None, actor: str
    ) -> Rebuttal:
        """Let another published record stand in for this one. Raises as `update` does."""
        if by == rebuttal_id:
            raise InvalidRecordError("A record cannot supersede itself.", field="$.by")

        def change(current: Rebuttal) -> Change:
            steps.check_open(current)
            successor = self._store.get_many([by]).get(by)
            if successor is None or successor.status != "published":
                raise InvalidRecordError(f"There is no published record {by} to supersede it.", field="$.by")
            return Change(structs.replace(content_of(current), status="superseded", superseded_by=by), "supersede")

        return await self._change(rebuttal_id, change, expected_revision, actor=actor, reason=reason)

    async def cite(
        self,
        rebuttal_id: str,
        citations: Sequence[Citation],
        *,
        expected_revision: int | None,
        actor: str,
        reason: str | None = None,
    ) -> Rebuttal:
        """Add citations; a page that is cited already stays one. Raises as `update` does."""

        def change(current: Rebuttal) -> Change:
            return Change(with_citations(content_of(current), citations), "cite")

        return await self._change(rebuttal_id, change, expected_revision, actor=actor, reason=reason)

    async def merge(  # noqa: PLR0913 - each is a part of what the log keeps
        self,
        rebuttal_id: str,
        other: str,
        *,
        expected_revision: int | None,
        actor: str,
        other_revision: int | None = None,
        reason: str | None = None,
        may_publish: bool = True,
    ) -> Rebuttal:
        """Collapse two records of one statement into this one, all in one transaction.

        Citations, wordings and topics of the other come to this one, see `service.catalog.merging.merged`; the other
        becomes superseded by this one; records that it contests and that contest it name this one instead.

        Raises:
            NotFoundError: there is no such record.
            RevisionMismatchError: one of them is not at the revision expected.
            InvalidTransitionError: one of them is out of use, or a published one would end in a draft.
            InvalidRecordError: they contest each other, or would have more of something than a record may.
            NotAllowedError: one is published, and the actor may not publish.
        """
        if other == rebuttal_id:
            raise InvalidRecordError("A record cannot be merged with itself.", field="$.other")
        expected = {rebuttal_id: expected_revision, other: other_revision}

        def decide() -> list[Write]:
            this, that = (self._store.get(name) for name in (rebuttal_id, other))
            for one in (this, that):
                _check_revision(one, expected[one.id])
            check_merge(this, that, may_publish=may_publish)
            contesting = self._store.get_many(that.contested_with)
            return merge_writes(this, that, list(contesting.values()), reason)

        return await self._decided(decide, actor=actor)

    async def import_lines(
        self,
        chunks: AsyncIterator[bytes],
        *,
        actor: str,
        may_publish: bool = True,
        on_progress: Progress | None = None,
    ) -> ImportReport:
        """Import NDJSON as it arrives; see `import_from`."""
        return await self.import_from(chunks, Source(), actor=actor, may_publish=may_publish, on_progress=on_progress)

    async def import_from(  # noqa: PLR0913 - each is a part of what an import is
        self,
        chunks: AsyncIterator[bytes],
        source: Source,
        *,
        actor: str,
        may_publish: bool = True,
        as_draft: bool = False,
        on_progress: Progress | None = None,
    ) -> ImportReport:
        """Import records as they arrive: good ones are kept, bad ones named; memory holds a few hundred of them.

        Args:
            chunks: the file in pieces of any size.
            source: its form, and where it comes from, which is kept with each record.
            actor: who the log names.
            may_publish: whether a line may change the status of a record that is here; else it is rejected.
            as_draft: new records become drafts, and those that are here keep their status.
            on_progress: called with lines and bytes read so far.

        Raises:
            StoreError: the store failed; what was written before stays written, and importing again completes it.
            UnreadableFileError: it is an archive.
        """
        return await self._importer.run(
            chunks,
            source=source,
            actor=actor,
            may_publish=may_publish,
            as_draft=as_draft,
            on_progress=on_progress,
        )

    async def write_chunk(self, contents: Sequence[RebuttalContent], actor: str) -> dict[str, int]:
        """Import records in one transaction. Returns how many were ``created``, ``updated`` and ``unchanged``."""
        lines = [ParsedLine(number, content, None) for number, content in enumerate(contents)]
        counts = (await self._importer.write(lines, actor=actor, may_publish=True)).counts
        return {"created": counts["created"], "updated": counts["updated"], "unchanged": counts["unchanged"]}

    async def encode_missing(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Make the vectors that are missing: of the starter corpus on first use, of all records for a new encoder."""
        await self._recorder.encode_missing(on_progress)

    async def _change(
        self,
        rebuttal_id: str,
        change: Callable[[Rebuttal], Change],
        expected: int | None,
        *,
        actor: str,
        reason: str | None,
    ) -> Rebuttal:
        def decide() -> list[Write]:
            current = self._store.get(rebuttal_id)
            _check_revision(current, expected)
            made = change(current)
            return [Write(content=made.content, action=made.action, reason=reason, expected_revision=current.revision)]

        return await self._decided(decide, actor=actor)

    async def _decided(self, decide: Callable[[], list[Write]], *, actor: str) -> Rebuttal:
        """Decide and write; decide again where a record has moved in between, which a caller may then refuse.

        Returns:
            What the first write made.
        """
        for left in range(_TRIES, 0, -1):
            writes = await asyncio.to_thread(decide)
            try:
                written = await self._recorder.write(writes, actor=actor)
            except RevisionMismatchError:
                if left == 1:
                    raise
            else:
                return written[0].rebuttal
        raise AssertionError  # the last try has returned or raised


def _check_revision(current: Rebuttal, expected: int | None) -> None:
    if expected is not None and current.revision != expected:
        detail = f"The record {current.id} stands at revision {current.revision}; revision {expected} was expected."
        raise RevisionMismatchError(detail, current=current.revision)
