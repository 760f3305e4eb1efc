"""The log held against the watches: a piece at a time, and what comes of it noted with the place in the log at once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from service.check import Checker, Lens
from service.domain import CheckResult, Claim
from service.finder import Finder
from service.normalise import sought
from service.store import Store
from service.store.watches import Change, Notice, Stand, Watch, Watching, Work
from service.watches.messages import of_record, of_verdict
from service.watches.nearness import Asked, Nearby, nearby
from service.watches.standing import differs, stand_of
from service.watches.steps import Step, Steps

_PIECE: Final = 64
"""Events worked through at a time: what comes of them is noted in one transaction."""
_WATCHES: Final = 500
_CLAIMS: Final = 16
"""Claims checked together: few, so that nobody who asks waits long behind them."""
_MOST_NOTICES: Final = 10_000
_EVERY: Final = 2**62
"""A place behind every watch: what concerns nobody concerns none that is to come either."""
_PATIENCE: Final = dt.timedelta(minutes=2)
"""How long a record's vectors of the second encoder are waited for: they follow the record itself."""
_CLOSE: Final = 0.9
"""Of the bar from which a record is judged: claims are checked again a little below it, where rounding decides."""


class Evaluator:
    """Works through the log for the watches.

    Args:
        store: holds the log and the watches.
        checker: judges claims as ``POST /v1/check`` does.
        finders: those that the checker searches with, each with an encoder of its own.
    """

    def __init__(self, store: Store, checker: Checker, finders: Sequence[Finder]) -> None:
        self._store = store
        self._watches = store.watches
        self._checker = checker
        self._finders = finders
        self._piece = _PIECE

    async def work(self, holder: str) -> bool:
        """Work through the next piece of the log.

        Returns:
            Whether to go on at once. False: there is no more, it is not ready yet, or another process has taken over.

        Raises:
            Overloaded: the models have no room for more claims.
        """
        changes = await asyncio.to_thread(self._watches.changes, self._piece)
        if not changes or not await self._searchable(changes):
            return False
        for finder in self._finders:
            await asyncio.to_thread(finder.refresh)
        piece = _Piece(self._store, self._checker, await asyncio.to_thread(self._told, changes))
        seen = 0 if piece.steps.every else _EVERY
        while seen < _EVERY and (group := await asyncio.to_thread(self._watches.watching, seen, _WATCHES)):
            seen = group[-1][0]
            await piece.hold([watching for _, watching in group])
            if len(piece.notices) > _MOST_NOTICES and len(changes) > 1:
                self._piece = max(1, len(changes) // 2)
                return True
        self._piece = min(_PIECE, self._piece * 2)
        work = Work(holder, changes[-1].event.number, seen, piece.notices, piece.stands)
        return await asyncio.to_thread(self._watches.advance, work)

    def _told(self, changes: Sequence[Change]) -> Sequence[Change]:
        """The changes without those of records that were thrown away before they were ever published."""
        ended = {one.after.id for one in changes if one.after.status in {"retracted", "superseded"}}
        unseen = ended - self._store.public(sorted(ended)) if ended else ended
        return [one for one in changes if one.after.id not in unseen]

    async def _searchable(self, changes: Sequence[Change]) -> bool:
        """Whether every encoder has read the records; given up on those that have waited long."""
        late = dt.datetime.now(dt.UTC) - _PATIENCE
        waiting = {one.after.id for one in changes if one.event.at > late and one.after.status == "published"}
        if len(self._finders) == 1 or not waiting:
            return True
        found = await asyncio.to_thread(self._store.get_many, list(waiting))
        ids = [record.id for record in found.values() if record.status == "published"]
        for finder in self._finders:
            if len(await asyncio.to_thread(self._watches.vectors, finder.model, ids)) < len(ids):
                return False
        return True


class _Piece:
    """A piece of the log, and what comes of it for the watches held against it."""

    def __init__(self, store: Store, checker: Checker, changes: Sequence[Change]) -> None:
        self.steps = Steps(changes)
        self.notices: list[Notice] = []
        self.stands: list[tuple[str, Stand]] = []
        self._store = store
        self._checker = checker
        self._near: dict[Finder, Nearby] = {}

    async def hold(self, group: Sequence[Watching]) -> None:
        """Hold watches against the piece."""
        for one in group:
            if one.watch.kind == "topic":
                self._tell(one.watch, self.steps.on_topic(one.watch))
        touched: list[Watch] = []
        for watch, names in await self._found([one for one in group if one.watch.kind != "topic"]):
            if watch.kind == "query":
                self._tell(watch, self.steps.worded(watch, names))
            elif self.steps.touch(watch, names):
                touched.append(watch)
        await self._recheck(touched)

    def _tell(self, watch: Watch, steps: Iterable[Step]) -> None:
        self.notices += [of_record(watch, step.sort, step.change) for step in steps]

    async def _found(self, group: Sequence[Watching]) -> list[tuple[Watch, set[str]]]:
        """For each watch the wordings of this piece that are near it."""
        found: list[tuple[Watch, set[str]]] = []
        for lens, own in (await asyncio.to_thread(self._by_lens, group)).items():
            if lens.finder not in self._near:
                self._near[lens.finder] = await nearby(self._store, lens, self.steps.states())
            asked = await self._asked(lens.finder, own)
            bars = [lens.related if one.watch.kind == "query" else lens.gate * _CLOSE for one in own]
            near = await asyncio.to_thread(self._near[lens.finder].near, asked, bars)
            found += [(one.watch, names) for one, names in zip(own, near, strict=True)]
        return found

    def _by_lens(self, group: Sequence[Watching]) -> dict[Lens, list[Watching]]:
        sorted_out: dict[Lens, list[Watching]] = {}
        for one in group:
            sorted_out.setdefault(self._checker.lens(one.watch.text, one.watch.language), []).append(one)
        return sorted_out

    async def _asked(self, finder: Finder, group: Sequence[Watching]) -> list[Asked]:
        """The texts with their vectors; those that another model has made are made again and kept."""
        vectors = [one.vector if one.model == finder.model else None for one in group]
        stale = [one.watch for one, vector in zip(group, vectors, strict=True) if vector is None]
        if stale:
            made = await finder.encode([sought(watch.text) for watch in stale])
            kept = [(watch.id, finder.model, vector) for watch, vector in zip(stale, made, strict=True)]
            await asyncio.to_thread(self._store.watches.keep_vectors, kept)
            left = iter(made)
            vectors = [next(left) if vector is None else vector for vector in vectors]
        pairs = zip(group, vectors, strict=True)
        return [Asked(one.watch.text, vector) for one, vector in pairs if vector is not None]

    async def _recheck(self, watches: Sequence[Watch]) -> None:
        for at in range(0, len(watches), _CLAIMS):
            few = watches[at : at + _CLAIMS]
            claims = [Claim(claim=watch.text, language=watch.language) for watch in few]
            for watch, result in zip(few, await self._checker.check_many(claims), strict=True):
                self._compare(watch, result)

    def _compare(self, watch: Watch, result: CheckResult) -> None:
        now = stand_of(result)
        before = watch.stand or now
        net = self.steps.net(watch)
        if watch.kind == "verdict" and differs(before, now) and net:
            record = result.matches[0].rebuttal if now.records else None
            self.notices.append(of_verdict(watch, now, record, net[-1].change))
        if watch.kind == "claim":
            resting = {*before.records, *now.records}
            own = [step for step in net if step.change.after.id in resting]
            self.notices += [of_record(watch, step.sort, step.change, now=now) for step in own]
        if now != before:
            self.stands.append((watch.id, now))
