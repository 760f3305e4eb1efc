"""Texts that drafts were taken from: each article once, however many drafts came out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from service.errors import AlreadyExistsError, NotFoundError
from service.store.sources import Conflict, DraftSource, DraftSourceContent, Place, Source
from service.store.sql.connection import Connection, Readers, Writes
from service.store.sql.meta import storable
from service.store.sql.tables import Tables
from service.store.sql.times import as_moment, now_text

_ARTICLE: Final = msgspec.json.Decoder(Source)
_DRAFT: Final = (
    "INSERT INTO draft_source (rebuttal_id, at, actor, about) VALUES (?, ?, ?, ?) ON CONFLICT (rebuttal_id) "
    "DO UPDATE SET at = excluded.at, actor = excluded.actor, about = excluded.about"
)
_FORGET: Final = "DELETE FROM draft_article WHERE rebuttal_id = ?"
_KEEP: Final = "INSERT INTO article (sha256, content) VALUES (?, ?) ON CONFLICT DO NOTHING"
_JOIN: Final = "INSERT INTO draft_article (rebuttal_id, place, sha256) VALUES (?, ?, ?)"
_OF: Final = "SELECT at, actor, about FROM draft_source WHERE rebuttal_id = ?"
_ARTICLES: Final = (
    "SELECT a.content FROM draft_article d JOIN article a ON a.sha256 = d.sha256 "
    "WHERE d.rebuttal_id = ? ORDER BY d.place"
)


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a draft beside its articles."""

    offsets: dict[str, tuple[Place, ...]] = {}
    conflicts: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()


_ABOUT: Final = msgspec.json.Decoder(_About)


def lay_out(tables: Tables) -> None:
    """Make the tables."""
    tables.create("article", {"sha256": str, "content": str}, pk="sha256")
    tables.create("draft_source", {"rebuttal_id": str, "at": str, "actor": str, "about": str}, pk="rebuttal_id")
    links = [("rebuttal_id", "draft_source", "rebuttal_id"), ("sha256", "article", "sha256")]
    joined = {"rebuttal_id": str, "place": int, "sha256": str}
    tables.create("draft_article", joined, pk=("rebuttal_id", "place"), foreign_keys=links)


class Sources:
    """See `service.store.sources`."""

    def __init__(self, readers: Readers, writer: Writes) -> None:
        self._readers = readers
        self._writer = writer

    def keep(self, contents: Sequence[DraftSourceContent], *, actor: str) -> None:
        """Keep what drafts are taken from, all or nothing. Raises `AlreadyExistsError`."""
        at, actor = now_text(), storable(actor)

        def work(db: Connection) -> None:
            for content in contents:
                _keep(db, content, at, actor)

        self._writer.run(work)

    def of(self, rebuttal_id: str) -> DraftSource:
        """What a record was taken from. Raises `NotFoundError`."""
        name = storable(rebuttal_id)
        with self._readers.lend() as db:
            row = db.execute(_OF, (name,)).fetchone()
            articles = [_ARTICLE.decode(content) for (content,) in db.execute(_ARTICLES, (name,))]
        if row is None:
            raise NotFoundError(f"No source is kept for the record {rebuttal_id}.")
        about = _ABOUT.decode(row[2])
        return DraftSource(
            rebuttal_id=rebuttal_id,
            sources=tuple(articles),
            at=as_moment(row[0]),
            actor=row[1],
            **msgspec.structs.asdict(about),
        )


def _keep(db: Connection, content: DraftSourceContent, at: str, actor: str) -> None:
    name = content.rebuttal_id
    if db.execute("SELECT 1 FROM rebuttal WHERE id = ?", (name,)).fetchone():
        raise AlreadyExistsError(f"There is a record {name} already; nothing was saved.")
    about = _About(offsets=content.offsets, conflicts=content.conflicts, notes=content.notes)
    # What a crash left without its record may be there under this id: it is replaced.
    db.execute(_FORGET, (name,))
    db.execute(_DRAFT, (name, at, actor, msgspec.json.encode(about).decode()))
    for place, source in enumerate(content.sources):
        text = msgspec.json.encode(source)
        sha256 = hashlib.sha256(text).hexdigest()
        db.execute(_KEEP, (sha256, text.decode()))
        db.execute(_JOIN, (name, place, sha256))
