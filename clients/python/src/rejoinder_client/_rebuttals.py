"""Records: read, list, write, and every step of their lives."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, Unpack

import msgspec

from rejoinder_client import _routes as routes
from rejoinder_client._calls import Call, Upload
from rejoinder_client._files import Kept, media_type_of, pieces_of
from rejoinder_client._methods import Group, R, call, listing
from rejoinder_client._pages import Pages
from rejoinder_client.models.bodies import (
    CitationsBody,
    DiffQuery,
    EventsQuery,
    ExportQuery,
    ImportQuery,
    MergerBody,
    ReasonBody,
    ReasonQuery,
    RecordsQuery,
    RevisionsQuery,
    Sketch,
    SuccessionBody,
)
from rejoinder_client.models.drafts import Provenance
from rejoinder_client.models.records import (
    Citation,
    Diff,
    Events,
    ImportReport,
    Rebuttal,
    RebuttalContent,
    Revision,
    Similar,
)
from rejoinder_client.models.words import Filters

NDJSON: Final = "application/x-ndjson"
_PAGE: Final = 100

Content = RebuttalContent | Mapping[str, Any]


class Rebuttals(Group[R]):
    """The records. Where ``revision`` is given, nothing is written if the record has changed since: `ChangedError`."""

    @listing
    def list(self, *, page_size: int = _PAGE, **filters: Unpack[Filters]) -> Pages[Rebuttal]:
        """Every record that the filters let pass, in the order of their ids; pages are read as they are needed."""
        return Pages(routes.LIST_REBUTTALS, RecordsQuery(limit=page_size, **filters))

    @call
    def get(self, rebuttal_id: str) -> Call[Rebuttal]:
        """A record as it stands. Raises `NotFoundError`."""
        return routes.READ_REBUTTAL(rebuttal_id)

    @call
    def refresh(self, rebuttal: Rebuttal) -> Generator[Call[Any], Any, Rebuttal]:
        """The record as it stands now: the same object while nothing has changed, which is quickly told (304)."""
        headers = {"If-None-Match": _etag(rebuttal.revision)}
        found: Rebuttal | None = yield routes.READ_REBUTTAL(rebuttal.id, headers=headers)
        return rebuttal if found is None else found

    @listing
    def revisions(self, rebuttal_id: str, *, page_size: int = _PAGE) -> Pages[Revision]:
        """Every state of a record, the newest first."""
        return Pages(routes.READ_REVISIONS, RevisionsQuery(limit=page_size), rebuttal_id)

    @call
    def revision(self, rebuttal_id: str, number: int) -> Call[Revision]:
        """One state of a record; it never changes."""
        return routes.READ_REVISION(rebuttal_id, number)

    @call
    def diff(self, rebuttal_id: str, *, before: int | None = None, after: int | None = None) -> Call[Diff]:
        """What changed between two revisions, field by field; without numbers, the last change."""
        return routes.READ_DIFF(rebuttal_id, query=DiffQuery(before=before, after=after))

    @call
    def similar(self, content: RebuttalContent | Sketch) -> Generator[Call[Any], Any, tuple[Similar, ...]]:
        """The records nearest to one that is being written, duplicates first."""
        sketch = content if isinstance(content, Sketch) else Sketch.of(content)
        return (yield from routes.FIND_SIMILAR(body=sketch)).items

    @call
    def create(self, content: Content, *, reason: str | None = None) -> Call[Rebuttal]:
        """Create a record; it answers claims at once, unless its status is ``draft``."""
        return routes.CREATE_REBUTTAL(body=_written(content), query=ReasonQuery(reason=reason))

    @call
    def update(
        self,
        content: Content,
        *,
        rebuttal_id: str | None = None,
        revision: int | Literal["*"] | None = None,
        reason: str | None = None,
    ) -> Call[Rebuttal]:
        """Write a new revision of a record.

        Args:
            content: a `Rebuttal` that was read and changed (``msgspec.structs.replace``), which names its id and the
                revision it is made from; or a content, to which they have to be given. A mapping is sent as it is, also
                with fields that this client does not know.
            rebuttal_id: which record, where the content does not say.
            revision: the revision that the change is made from; ``*`` for whatever is there.
            reason: why, for the log.

        Raises:
            ChangedError: the record has changed since; read it again, repeat the change.
            ValueError: it is not said which record, or which revision.
        """
        rebuttal_id = rebuttal_id or getattr(content, "id", None)
        revision = revision or getattr(content, "revision", None)
        if rebuttal_id is None or revision is None:
            raise ValueError("Say which record is updated (rebuttal_id), and from which revision.")
        return routes.UPDATE_REBUTTAL(
            rebuttal_id, body=_written(content), query=ReasonQuery(reason=reason), headers=_if_match(revision)
        )

    @call
    def publish(self, rebuttal_id: str, *, reason: str | None = None, revision: int | None = None) -> Call[Rebuttal]:
        """Publish a draft: from now on it answers claims."""
        return routes.PUBLISH_REBUTTAL(rebuttal_id, body=ReasonBody(reason=reason), headers=_if_match(revision))

    @call
    def retract(self, rebuttal_id: str, *, reason: str, revision: int | None = None) -> Call[Rebuttal]:
        """Retract a record: it stays readable, and answers no claim."""
        return routes.RETRACT_REBUTTAL(rebuttal_id, body=ReasonBody(reason=reason), headers=_if_match(revision))

    @call
    def supersede(
        self, rebuttal_id: str, *, by: str, reason: str | None = None, revision: int | None = None
    ) -> Call[Rebuttal]:
        """Let another published record stand in for this one."""
        body = SuccessionBody(by=by, reason=reason)
        return routes.SUPERSEDE_REBUTTAL(rebuttal_id, body=body, headers=_if_match(revision))

    @call
    def merge(
        self,
        rebuttal_id: str,
        other: str,
        *,
        reason: str | None = None,
        revision: int | None = None,
        other_revision: int | None = None,
    ) -> Call[Rebuttal]:
        """Collapse two records of one statement: the other's citations and wordings come to this one."""
        body = MergerBody(other=other, reason=reason, other_revision=other_revision)
        return routes.MERGE_REBUTTAL(rebuttal_id, body=body, headers=_if_match(revision))

    @call
    def cite(
        self, rebuttal_id: str, *citations: Citation, reason: str | None = None, revision: int | None = None
    ) -> Call[Rebuttal]:
        """Add citations: further outlets that report the statement."""
        body = CitationsBody(citations=citations, reason=reason)
        return routes.CITE_REBUTTAL(rebuttal_id, body=body, headers=_if_match(revision))

    @call
    def claim_review(self, rebuttal_id: str) -> Call[dict[str, Any]]:
        """A record as ClaimReview (schema.org) in JSON-LD."""
        return routes.READ_CLAIM_REVIEW(rebuttal_id)

    @call
    def provenance(self, rebuttal_id: str) -> Generator[Call[Any], Any, tuple[Provenance, ...]]:
        """What a record was imported from, the newest first."""
        return (yield from routes.READ_PROVENANCE(rebuttal_id)).items

    @call
    def events(self, *, since: int = 0, limit: int = 100, rebuttal_id: str | None = None) -> Call[Events]:
        """A piece of the log of changes, after the event ``since``."""
        return routes.READ_EVENTS(query=EventsQuery(since=since, limit=limit, rebuttal_id=rebuttal_id))

    @call
    def import_file(
        self,
        path: str | PathLike[str],
        *,
        media_type: str | None = None,
        source: str | None = None,
        as_draft: bool = False,
    ) -> Call[ImportReport]:
        """Import a file of any length: NDJSON, JSON-LD, HTML with markup, or CSV; it is never held in memory.

        Args:
            path: the file.
            media_type: what it is, where the end of its name does not say.
            source: where it is from, kept with each record; the name of the file if missing.
            as_draft: new records become drafts.
        """
        file = Path(path)
        upload = Upload(pieces=lambda: pieces_of(file), media_type=media_type or media_type_of(file))
        return routes.IMPORT_REBUTTALS(
            body=upload, query=ImportQuery(source=source or file.name, as_draft=as_draft or None)
        )

    @call
    def import_records(
        self, records: Iterable[Content], *, source: str | None = None, as_draft: bool = False
    ) -> Call[ImportReport]:
        """Import records, one after the other as they come; what can be iterated over once is sent once."""
        again = not isinstance(records, Iterator)
        upload = Upload(pieces=lambda: _lines(records), media_type=NDJSON, again=again)
        return routes.IMPORT_REBUTTALS(body=upload, query=ImportQuery(source=source, as_draft=as_draft or None))

    @call
    def export_file(
        self,
        path: str | PathLike[str],
        *,
        format: str = "ndjson",  # noqa: A002 - the service calls it so
        **filters: Unpack[Filters],
    ) -> Generator[Call[Any], Any, int]:
        """Export records to a file, which appears when it is whole.

        Args:
            path: the file; what is there is replaced.
            format: ``ndjson``, or ``claimreview`` for a schema.org DataFeed of what is published.
            filters: which records.

        Returns:
            How many bytes were written.
        """
        query = ExportQuery(format=None if format == "ndjson" else format, **filters)
        with Kept(Path(path)) as kept:
            yield from routes.EXPORT_REBUTTALS(query=query, sink=kept)
            return kept.keep()


def _written(content: Content) -> RebuttalContent | Mapping[str, Any]:
    return content.content if isinstance(content, Rebuttal) else content


def _lines(records: Iterable[Content]) -> Iterator[bytes]:
    for record in records:
        yield msgspec.json.encode(_written(record)) + b"\n"


def _etag(revision: int) -> str:
    return f'"{revision}"'


def _if_match(revision: int | Literal["*"] | None) -> dict[str, str]:
    if revision is None:
        return {}
    return {"If-Match": revision if isinstance(revision, str) else _etag(revision)}
