"""Records that say nearly what a new one says: to warn before the same denial is entered twice.

Vectors and words find what is near, as for a claim; similarity cannot tell the same rumor from a sister of it, so the
stance model reads the new rumor against the nearest few, as it reads a claim. In a language that it does not read, a
record must share most of the rumor's words, and the authority or a page that is cited.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from embeddings.stance import StancePair
from service.addresses import canonical
from service.check import Checker
from service.domain import Authority, Citation, Rebuttal
from service.finder import Candidate, Finder, Wording
from service.language import primary
from service.normalise import clean, sought
from service.passages import record_words

_DEEP: Final = 20
_READ: Final = 5
"""As many as a check reads: on a save somebody waits."""
_MOST_DRAFTS: Final = 300
_GATE: Final = 0.5
"""Below it a record is more probably on another matter: neither read nor shown."""
_ASSERTS: Final = 0.5
"""The model holds it more probable than not that the one rumor says what the other says."""
_SHARED: Final = 0.5
"""Of the weight of a rumor's words, those that a record has too: half."""


class Content(Protocol):
    """What is looked for: a whole record, or as much of one as there is yet."""

    @property
    def rumor(self) -> str:
        """What was denied."""

    @property
    def statement(self) -> str | None:
        """What is said instead."""

    @property
    def language(self) -> str:
        """BCP 47."""

    @property
    def authority(self) -> Authority | None:
        """Who says so."""

    @property
    def citations(self) -> Sequence[Citation]:
        """Where it can be read."""


class Similar(Struct, frozen=True, kw_only=True):
    """A record near a content.

    Attributes:
        rebuttal: the record, published or a draft.
        duplicate: whether it is to be warned of.
        same_rumor: probability, by the stance model, that its rumor is this one; null where that was not read.
        near: probability, by vectors and words, that the rumor is on its matter.
        statement_near: likewise of the statement.
        same_authority: whether the authority has the same name.
        same_page: whether both cite a page.
    """

    rebuttal: Rebuttal
    duplicate: bool
    same_rumor: float | None
    near: float
    statement_near: float
    same_authority: bool
    same_page: bool


class _Near(NamedTuple):
    """Nearness of the rumor, and of the statement, to one record; and the share of the rumor's words that it has."""

    rumor: float
    statement: float
    words: float


class Neighbours:
    """Looks for records near a content. Used from one event loop.

    Args:
        finder: the store's own; it scores drafts, which are in no index.
        checker: chooses the finder for a language, and reads pairs.
    """

    def __init__(self, finder: Finder, checker: Checker) -> None:
        self._finder = finder
        self._checker = checker
        self._drafts: dict[tuple[str, int], Wording] = {}
        self._lock = threading.Lock()

    async def of(
        self, content: Content, *, but: str | None = None, limit: int = _READ, drafts: bool = True
    ) -> list[Similar]:
        """The records nearest to a content: duplicates first, the others by how near the rumor is.

        Args:
            content: a record, new or known.
            but: a record that is left out: its own.
            limit: how many at most.
            drafts: look among them too.

        Raises:
            Overloaded: more texts are waiting for a model than its queue holds.
        """
        every = await self._near(content, drafts=drafts)
        near = {name: one for name, one in every.items() if name != but and max(one[:2]) >= _GATE}
        nearest = sorted(near, key=lambda name: (-sum(near[name][:2]), name))[: max(limit, _READ)]
        records = await asyncio.to_thread(self._finder.store.get_many, nearest)
        statuses = {"published", "draft"} if drafts else {"published"}
        open_ = [record for record in records.values() if record.status in statuses]
        read = await self._read(content, open_[:_READ]) if clean(content.rumor) else {}
        # A record may cite a hundred pages: their addresses are taken apart off the event loop.
        found = await asyncio.to_thread(
            lambda: [_similar(content, record, near[record.id], read.get(record.id)) for record in open_]
        )
        return sorted(found, key=_rank)[:limit]

    async def _near(self, content: Content, *, drafts: bool) -> dict[str, _Near]:
        asked = {name: text for name in ("rumor", "statement") if (text := sought(getattr(content, name) or ""))}
        texts = list(asked.values())
        lens = self._checker.lens(content.rumor, content.language)
        await lens.finder.keep_up()
        found = await lens.finder.find(texts, _DEEP)
        unpublished = await self._near_drafts(texts) if drafts else [[] for _ in texts]
        near: dict[str, _Near] = {}
        for name, of, more in zip(asked, found, unpublished, strict=True):
            for one in (*of, *more):
                scores = {name: one.nearness} | ({"words": one.words} if name == "rumor" else {})
                near[one.id] = near.get(one.id, _Near(0.0, 0.0, 0.0))._replace(**scores)
        return near

    async def _near_drafts(self, texts: Sequence[str]) -> list[list[Candidate]]:
        wordings = await asyncio.to_thread(self._worded_drafts)
        if not wordings:
            return [[] for _ in texts]
        vectors = await self._finder.encode(texts)
        return await asyncio.to_thread(
            lambda: [self._finder.score(text, vector, wordings) for text, vector in zip(texts, vectors, strict=True)]
        )

    def _worded_drafts(self) -> list[Wording]:
        """The last drafts, with the vectors that were written with them; what has not changed is kept from before."""
        with self._lock:
            self._follow_drafts()
            return list(self._drafts.values())

    def _follow_drafts(self) -> None:
        drafts = {(record.id, record.revision): record for record in self._finder.store.drafts(_MOST_DRAFTS)}
        new = [record for key, record in drafts.items() if key not in self._drafts]
        vectors = self._finder.store.vectors_of([record.id for record in new], model=self._finder.model)
        for record in new:
            if its := vectors.get(record.id):
                words = Counter(record_words(record))
                self._drafts[record.id, record.revision] = Wording(record.id, its.fields.tolist(), its.rows, words)
        for key in self._drafts.keys() - drafts.keys():
            del self._drafts[key]

    async def _read(self, content: Content, records: Sequence[Rebuttal]) -> dict[str, float]:
        """The probability that the rumor is that of each record, for those in a language that the model reads."""
        reads = self._checker.reads
        readable = [record for record in records if {primary(record.language), primary(content.language)} <= reads]
        rumor = clean(content.rumor)
        pairs = [StancePair(rumor, clean(record.rumor), clean(record.statement)) for record in readable]
        read = await self._checker.judges.run(pairs) if pairs else []
        return {record.id: float(asserts) for record, (asserts, _, _) in zip(readable, read, strict=True)}


def _similar(content: Content, record: Rebuttal, near: _Near, read: float | None) -> Similar:
    same_authority = content.authority is not None and _name(content.authority) == _name(record.authority)
    same_page = bool(
        {canonical(one.url) for one in content.citations} & {canonical(one.url) for one in record.citations}
    )
    alike = near.words >= _SHARED and (same_authority or same_page)
    return Similar(
        rebuttal=record,
        duplicate=alike if read is None else read >= _ASSERTS,
        same_rumor=None if read is None else round(read, 4),
        near=round(near.rumor, 4),
        statement_near=round(near.statement, 4),
        same_authority=same_authority,
        same_page=same_page,
    )


def _rank(one: Similar) -> tuple[bool, float, float, str]:
    same = one.same_rumor if one.duplicate and one.same_rumor is not None else one.near
    return (not one.duplicate, -same, -one.near, one.rebuttal.id)


def _name(authority: Authority) -> str:
    return " ".join(authority.name.casefold().split())
