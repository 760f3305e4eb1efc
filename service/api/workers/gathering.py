"""The metrics of all workers, asked for once however many want to know."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from service.api.workers.link import Answer, Tell

if TYPE_CHECKING:
    from prometheus_client import Metric

_PATIENCE_S: Final = 2.0


class Asked(Protocol):
    """A worker, as the supervisor knows it."""

    ready: bool

    def tell(self, message: Answer | Tell) -> None:
        """Send a message."""
        ...


class Gathering:
    """Asks every worker that is ready. One that does not answer within two seconds is left out, and not asked twice."""

    def __init__(self) -> None:
        self._askers: list[tuple[int, int]] = []
        self._owing: set[int] = set()
        self._wanted: set[int] = set()
        self._got: dict[int, list[Metric]] = {}
        self._until = 0.0

    def ask(self, number: int, ticket: int, workers: Mapping[int, Asked]) -> None:
        """A worker wants to know."""
        self._askers.append((number, ticket))
        if len(self._askers) > 1:
            return
        self._until = time.monotonic() + _PATIENCE_S
        self._got = {}
        self._wanted = {number for number, worker in workers.items() if worker.ready} - self._owing
        for one in self._wanted:
            self._owing.add(one)
            workers[one].tell(Tell())
        self._finish(workers)

    def take(self, number: int, families: list[Metric], workers: Mapping[int, Asked]) -> None:
        """A worker has told its own."""
        self._owing.discard(number)
        if number in self._wanted:
            self._got[number] = families
        self._finish(workers)

    def forget(self, number: int, workers: Mapping[int, Asked]) -> None:
        """A worker is gone."""
        self._owing.discard(number)
        self._wanted.discard(number)
        self._finish(workers)

    def expire(self, workers: Mapping[int, Asked]) -> None:
        """Wait no longer for those that have had their time."""
        if self._askers and time.monotonic() > self._until:
            self._wanted &= self._got.keys()
            self._finish(workers)

    def _finish(self, workers: Mapping[int, Asked]) -> None:
        if not self._askers or self._wanted - self._got.keys():
            return
        told = dict(sorted(self._got.items()))
        for number, ticket in self._askers:
            if number in workers:
                workers[number].tell(Answer(ticket, told))
        self._askers = []
