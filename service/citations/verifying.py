"""Ask the pages that citations name, politely, and keep what each says the moment it is known.

One request at a time to a host, a pause between two, its ``robots.txt`` and its ``Retry-After`` kept. Every result is
on the disk before the next page is asked, so a run that is killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from service.citations import judging
from service.citations.robots import Manners, Robots
from service.citations.text import PageText, read_page
from service.domain import LinkState
from service.errors import OutboundError
from service.outbound import Fetched, Outbound
from service.store import Store
from service.store.links import Due, Link, Mark

DEFAULT_AGE: Final = dt.timedelta(days=7)
_RETRY_AGE: Final = dt.timedelta(hours=20)
"""What could not be reached is asked again the next day, whatever age is chosen for the rest."""
_MOST: Final = 10_000_000
_PAGE_S: Final = 20.0
_READ_S: Final = 30.0
_HOSTS_AT_ONCE: Final = 4
# Reading cannot be broken off, and a page may be made to take long: in threads that nothing else waits for.
_READING: Final = ThreadPoolExecutor(_HOSTS_AT_ONCE, thread_name_prefix="pages")
_PATIENCE_S: Final = 10.0
_BUSY: Final = frozenset({429, 503})
_OK: Final = range(200, 300)
_NOT_MODIFIED: Final = 304


class Checked(NamedTuple):
    """An address that was asked, and what that means for its citations."""

    link: Link
    marks: Sequence[Mark]


class _Found(NamedTuple):
    """What a check of an address found; ``same`` when its page has not changed since the check before."""

    link: Link
    page: PageText | None = None
    same: bool = False


class Report(NamedTuple):
    """What a run did.

    Attributes:
        addresses: that were asked.
        postponed: left for a later run, for their host asked for it or time was over.
        states: how many citations were found in each state.
    """

    addresses: int
    postponed: int
    states: dict[LinkState, int]


OnChecked = Callable[[Checked, int, int], None]


class Verifier:
    """Checks citations.

    Args:
        store: holds the records and the state of their links.
        outbound: the way to the pages.
        pause: seconds between two requests to a host.
        clock: tells the time in UTC.
    """

    def __init__(
        self,
        store: Store,
        outbound: Outbound,
        *,
        pause: float = 1.0,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._store = store
        self._outbound = outbound
        self._pause = pause
        self._clock = clock

    async def run(  # noqa: PLR0913 - each bounds the run, by name
        self,
        *,
        limit: int,
        older_than: dt.timedelta = DEFAULT_AGE,
        record: str | None = None,
        keep_hashes: bool = False,
        seconds: float | None = None,
        on_checked: OnChecked | None = None,
    ) -> Report:
        """Check what is due.

        Args:
            limit: addresses asked at most.
            older_than: since the last check; what was checked less long ago is not due.
            record: the citations of this record alone, whatever its status.
            keep_hashes: keep the text's hash of pages that are fine and have none, so that a later change is seen.
            seconds: for the whole run; None for as long as it takes.
            on_checked: told of each address, how many are done, and of how many.

        Raises:
            StoreError: a result could not be kept; those before it are.
        """
        now = self._clock()
        links = self._store.links
        failed_before = now - min(older_than, _RETRY_AGE)
        due = await asyncio.to_thread(
            links.due, now, before=now - older_than, failed_before=failed_before, limit=limit, record=record
        )
        keeper = _Keeper(self._store, len(due), keep_hashes=keep_hashes, on_checked=on_checked)
        asker = _Asker(self._outbound, keeper, self._pause, self._clock)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asker.ask(due)
        return Report(keeper.done, len(due) - keeper.done, dict(keeper.states))


class _Keeper:
    """Writes down what was found, one address after another."""

    def __init__(self, store: Store, total: int, *, keep_hashes: bool, on_checked: OnChecked | None) -> None:
        self.done = 0
        self.states: Counter[LinkState] = Counter()
        self._store = store
        self._total = total
        self._keep_hashes = keep_hashes
        self._on_checked = on_checked

    async def keep(self, found: _Found) -> None:
        """Keep a result; on the disk when this returns."""
        checked = await asyncio.to_thread(self._write, found)
        self.done += 1
        self.states.update(mark.state for mark in checked.marks)
        if self._on_checked:
            self._on_checked(checked, self.done, self._total)

    async def postpone(self, due: Iterable[Due], until: dt.datetime) -> None:
        """Leave addresses alone until then, this time and the next."""
        for one in due:
            await asyncio.to_thread(self._store.links.save, replace(one.link, retry_at=until))

    def _write(self, found: _Found) -> Checked:
        link, page, same = found
        marks = self._marks(link, page, same=same)
        if self._keep_hashes and all(mark.state == "fine" for mark in marks):
            link = judging.keeping(link)
        self._store.links.save(link, marks)
        return Checked(link, marks)

    def _marks(self, link: Link, page: PageText | None, *, same: bool) -> list[Mark]:
        every = self._store.links.citing(link.url)
        if same:
            return [Mark(one.cited, one.state, one.why) for one in every]
        found = self._store.get_many(list({one.cited.rebuttal_id for one in every}))
        marks: list[Mark] = []
        for cited, _, _ in every:
            citations = found[cited.rebuttal_id].citations if cited.rebuttal_id in found else ()
            if cited.place < len(citations):
                marks.append(Mark(cited, *judging.state_of(citations[cited.place], link, page)))
        return marks


class _Asker:
    """Asks the hosts, several at a time, each in its own pace."""

    def __init__(self, outbound: Outbound, keeper: _Keeper, pause: float, clock: Callable[[], dt.datetime]) -> None:
        self._outbound = outbound
        self._keeper = keeper
        self._pause = pause
        self._clock = clock
        self._robots = Robots(outbound)
        self._room = asyncio.Semaphore(_HOSTS_AT_ONCE)

    async def ask(self, due: Iterable[Due]) -> None:
        hosts: dict[str, deque[Due]] = {}
        for one in due:
            hosts.setdefault(_host(one.link.url), deque()).append(one)
        try:
            async with asyncio.TaskGroup() as group:
                for queue in hosts.values():
                    group.create_task(self._host(queue))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _host(self, queue: deque[Due]) -> None:
        async with self._room:
            while queue:
                one = queue.popleft()
                found = await self._check(one, await self._robots.of(one.link.url))
                await _finish(self._keeper.keep(found))
                if found.link.retry_at is not None:
                    await self._keeper.postpone(queue, found.link.retry_at)
                    return

    async def _check(self, one: Due, manners: Manners) -> _Found:
        link = one.link
        if manners.failure is not None:
            return _Found(judging.after_failure(link, manners.failure, self._clock()))
        if not manners.allow(link.url):
            return _Found(judging.blocked(link, "robots", self._clock()))
        await asyncio.sleep(max(self._pause, manners.delay()))
        try:
            got = await self._get(one)
            page = await _read(got) if got.status in _OK else None
        except OutboundError as error:
            return _Found(judging.after_failure(link, error, self._clock()))
        if got.status == _NOT_MODIFIED and not one.whole:
            return _Found(judging.unchanged(link, self._clock()), same=True)
        return _Found(judging.after_answer(link, got, page, self._clock()), page)

    async def _get(self, one: Due) -> Fetched:
        """Get the page; a host that is busy for a moment is asked once more after it."""
        headers = {} if one.whole else _conditions(one.link)
        got = await self._outbound.fetch(one.link.url, most=_MOST, seconds=_PAGE_S, headers=headers)
        again = judging.retry_at(got, self._clock()) if got.status in _BUSY else None
        wait = (again - self._clock()).total_seconds() if again else _PATIENCE_S + 1
        if wait > _PATIENCE_S:
            return got
        await asyncio.sleep(wait)
        return await self._outbound.fetch(one.link.url, most=_MOST, seconds=_PAGE_S, headers=headers)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # it is not asked: its check says so
        return ""


async def _finish(work: Coroutine[object, object, None]) -> None:
    """Do it to the end, also when time is over meanwhile: what was found is not thrown away."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _read(got: Fetched) -> PageText:
    try:
        async with asyncio.timeout(_READ_S):
            read = partial(read_page, got.body, got.headers.get("content-type", ""))
            return await asyncio.get_running_loop().run_in_executor(_READING, read)
    except TimeoutError:
        raise OutboundError("The page takes too long to read.", reason="too-slow") from None


def _conditions(link: Link) -> dict[str, str]:
    given = {"If-None-Match": link.etag, "If-Modified-Since": link.last_modified}
    return {name: value for name, value in given.items() if value}
