"""A watch is asked for: checked, found a place among the texts, and kept with a secret that is shown once."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Final, NamedTuple, NoReturn

from msgspec import structs

from service.check import Checker
from service.domain import CheckResult, Claim, Remembered
from service.errors import StoreLockedError
from service.normalise import sought
from service.store import Store
from service.store.watches import Bounds, NewWatch, Stand, Watch, WatchContent
from service.watches.signing import new_secret
from service.watches.standing import stand_of
from service.watches.targets import check_target

OVERLAP: Final = dt.timedelta(hours=24)
"""How long the secret before a rotation signs beside the new one."""

_MATCHES: Final = 5
"""A verdict rests on more records than its sender may want to see."""
_TRIES: Final = 6
_BETWEEN_S: Final = 0.3
"""Longer than a finder goes without looking for changes of the store."""


class Kept(NamedTuple):
    """A watch, and its secret this once."""

    watch: Watch
    secret: str


class Asking:
    """Takes in watches.

    Args:
        store: keeps them.
        checker: says how a claim stands when the watch begins.
        bounds: how many there may be.
        private: whether webhooks may go to private networks.
    """

    def __init__(self, store: Store, checker: Checker, *, bounds: Bounds, private: bool) -> None:
        self._watches = store.watches
        self._checker = checker
        self._bounds = bounds
        self._private = private

    async def keep(self, content: WatchContent) -> Kept:
        """Keep a watch.

        Raises:
            InvalidRecordError: its address is not one that webhooks go to.
            WatchesFullError: there are as many as there may be.
        """
        self._check(content, "$.webhook.url")
        if content.kind in ("claim", "verdict"):
            return (await self._keep_checked(content, None))[0]
        return await self._keep_new(content, 0, None) or _busy()

    async def remember(self, owner: str, claim: Claim, url: str | None) -> tuple[CheckResult, Remembered]:
        """Check a claim and remember the verdict; one that is remembered for this address already stays as it is.

        Raises:
            InvalidRecordError, WatchesFullError: as `keep` does.
        """
        content = WatchContent(owner=owner, kind="verdict", text=claim.claim, language=claim.language, url=url)
        self._check(content, "$.notify.url")
        known = await asyncio.to_thread(self._watches.find_verdict, content)
        if known is not None:
            return await self._checker.check(claim), Remembered(id=known.id)
        kept, result = await self._keep_checked(content, claim)
        return result, Remembered(id=kept.watch.id, secret=kept.secret)

    async def rotate(self, watch_id: str, *, owner: str | None) -> Kept:
        """A new secret; the old one signs beside it for a day. Raises `NotFoundError`."""
        secret, until = new_secret(), dt.datetime.now(dt.UTC) + OVERLAP
        watch = await asyncio.to_thread(self._watches.rotate, watch_id, secret, owner=owner, until=until)
        return Kept(watch, secret)

    def _check(self, content: WatchContent, field: str) -> None:
        if content.url is not None:
            check_target(content.url, private=self._private, field=field)

    async def _keep_checked(self, content: WatchContent, claim: Claim | None) -> tuple[Kept, CheckResult]:
        """Check the claim and keep the watch from that state of the store on, so that no change falls in between."""
        claim = claim or Claim(claim=content.text, language=content.language)
        for _ in range(_TRIES):
            result = await self._checker.check(structs.replace(claim, limit=max(claim.limit, _MATCHES)))
            kept = await self._keep_new(content, result.store_version, stand_of(result))
            if kept is not None:
                return kept, structs.replace(result, matches=result.matches[: claim.limit])
            await asyncio.sleep(_BETWEEN_S)
        return _busy()

    async def _keep_new(self, content: WatchContent, since: int, stand: Stand | None) -> Kept | None:
        secret = new_secret()
        new = NewWatch(content, secret, since, stand)
        if content.kind != "topic":
            finder = self._checker.lens(content.text, content.language).finder
            vector = (await finder.encode([sought(content.text)]))[0]
            new = new._replace(model=finder.model, vector=vector)
        watch = await asyncio.to_thread(self._watches.add, new, bounds=self._bounds)
        return None if watch is None else Kept(watch, secret)


def _busy() -> NoReturn:
    raise StoreLockedError("The store changes too fast to say where the watch begins; try again in a moment.")
