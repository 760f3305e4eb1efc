"""The segments of an index: changed at once, merged and grouped aside.

A change never waits for much copying. What would take longer is done in a thread of its own from segments that do not
change, and takes their place when it is ready; what was removed meanwhile is removed from it too.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from embeddings.floats import DamagedRows
from embeddings.grouping import group
from embeddings.segment import Segment, merge

_LOG: Final = logging.getLogger(__name__)
# From half as many rows on, looking at the nearest groups takes less time than scanning all (`make bench`, chapter
# vectors). Up to here a scan takes less than an encoder pass, and it is exact; beside rows that are in groups already,
# half as many are grouped too.
GROUPED_FROM = 65_536
# A new segment swallows the last one while that has fewer rows than this, or than GROWTH times its own: so there are
# few segments to search, and each row is copied a logarithmic number of times.
SMALL = 1024
GROWTH = 4
# Copied at once, in some milliseconds; more is done aside.
_AT_ONCE = 16_384
_NICE = 10


class _Stopped(Exception):  # noqa: N818 - not an error
    """The index is being closed."""


class Stack:
    """Segments that together are the index.

    Args:
        segments: to begin with.
        folder: where large segments keep their float32 rows; None for in memory.
        grouped_from: rows from which on a segment is grouped into lists.

    Attributes:
        now: what a search takes; replaced at once by every change.
    """

    def __init__(self, segments: Sequence[Segment], folder: Path | None, grouped_from: int) -> None:
        self.now = tuple(segments)
        self._folder = folder
        self._grouped_from = grouped_from
        self._changing = threading.Lock()
        self._building = threading.Lock()
        self._in_work: frozenset[object] = frozenset()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._broken = False

    @property
    def damaged(self) -> bool:
        """Whether float32 rows were found that are not what was written: the index has to be made again."""
        return self._broken or any(segment.floats.damaged for segment in self.now)

    def push(self, new: Segment) -> None:
        """Add a segment, whose keys take the place of those that there are."""
        with self._changing:
            kept = self._without(new.keys)
            while kept and self._swallows(new, kept[-1]) and (both := _merged([kept[-1], new])):
                kept.pop()
                new = both
            new.prepare()
            self.now = (*kept, new)
        self._settle_aside()

    def remove(self, keys: Collection[str]) -> None:
        """Remove keys; unknown ones are ignored."""
        with self._changing:
            self.now = tuple(self._without(keys))
        self._settle_aside()

    def settle(self) -> None:
        """Merge and group what is due, and return when nothing is.

        Raises:
            DamagedRows: a row is not what was written.
            OSError: the rows of a large segment cannot be written.
        """
        with self._building:
            try:
                while chosen := self._begin():
                    self._swap(chosen, self._build(chosen))
            except _Stopped:
                return
            finally:
                self._in_work = frozenset()

    def close(self) -> None:
        """Stop what is being done aside, and wait for its end; the segments stay as they are."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _without(self, keys: Collection[str]) -> list[Segment]:
        smaller = [segment.without(keys) for segment in self.now]
        return [
            (segment.mostly_dead and self._at_once(segment) and _merged([segment])) or segment
            for segment in smaller
            if len(segment.dead) < len(segment.keys)
        ]

    def _at_once(self, segment: Segment) -> bool:
        return segment.lists is None and segment.rows <= _AT_ONCE and segment.name not in self._in_work

    def _swallows(self, new: Segment, last: Segment) -> bool:
        small = last.rows < max(SMALL, GROWTH * new.rows) and last.rows + new.rows <= _AT_ONCE
        return small and self._at_once(last)

    def _due(self) -> list[Segment]:
        """Segments that should become one: loose rows when there are many, and what is mostly removed."""
        loose = [segment for segment in self.now if segment.lists is None]
        grouped = sorted((one for one in self.now if one.lists is not None), key=lambda segment: segment.rows)
        chosen = [segment for segment in grouped if segment.mostly_dead]
        rows = sum(segment.rows for segment in loose)
        if self._to_be_grouped(rows) or any(one.mostly_dead for one in loose):
            chosen += loose
        for segment in grouped if chosen else ():
            if not segment.mostly_dead and segment.rows < GROWTH * sum(one.rows for one in chosen):
                chosen.append(segment)
        return chosen

    def _to_be_grouped(self, rows: int) -> bool:
        halved = any(segment.lists is not None for segment in self.now)
        return rows >= (self._grouped_from // 2 if halved else self._grouped_from)

    def _begin(self) -> list[Segment]:
        with self._changing:
            chosen = [] if self._stop.is_set() else self._due()
            self._in_work = frozenset(segment.name for segment in chosen)
            if not chosen:
                # Here, and not at the end of the thread: whoever adds from now on has to start another.
                self._leave()
        return chosen

    def _build(self, chosen: Sequence[Segment]) -> Segment:
        if self._to_be_grouped(sum(int(segment.live.sum()) for segment in chosen)):
            built = group(chosen, self._folder, pause=self._pause)
        else:
            built = merge(chosen)
        built.prepare()
        return built

    def _swap(self, chosen: Sequence[Segment], built: Segment) -> None:
        with self._changing:
            now = {segment.name: segment for segment in self.now}
            for before in chosen:
                after = now.pop(before.name, None)
                gone = (after.dead if after else frozenset(range(len(before.keys)))) - before.dead
                built = built.without([before.keys[position] for position in gone])
            self.now = (built, *now.values()) if len(built.dead) < len(built.keys) else tuple(now.values())
            self._in_work = frozenset()

    def _pause(self) -> None:
        if self._stop.is_set():
            raise _Stopped

    def _settle_aside(self) -> None:
        with self._changing:
            if self._thread is not None or self._broken or self._stop.is_set() or not self._due():
                return
            self._thread = threading.Thread(target=self._aside, name="index", daemon=True)
            self._thread.start()

    def _aside(self) -> None:
        _yield_to_searches()
        try:
            self.settle()
        except DamagedRows:
            self._broken = True
        except OSError as error:
            _LOG.warning("The index could not be tidied up (%s); searches take longer meanwhile.", error)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._thread is threading.current_thread():
            self._thread = None


def _merged(segments: Sequence[Segment]) -> Segment | None:
    """None where a row is damaged: a change is made all the same, and the index says that it has to be made again."""
    try:
        return merge(segments)
    except DamagedRows:
        return None


def _yield_to_searches() -> None:
    # Linux alone gives threads a priority of their own.
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
