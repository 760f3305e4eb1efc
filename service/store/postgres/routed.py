"""Searches that replicas answer: each on one server, and none of an earlier version than was answered before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from service.store.postgres.replicas import Replicas
from service.store.searching import Answer, Asked, Searcher, Statistics
from service.store.sql.store import SqlStore


class Routed:
    """See `service.store.searching.Searcher`.

    Args:
        replicas: all servers.
        direct: what searches one of them, by the store that reads from it.
    """

    def __init__(self, replicas: Replicas, direct: Callable[[SqlStore], Searcher]) -> None:
        self._replicas = replicas
        self._direct = direct

    def head(self) -> int:
        """Number of the last event."""
        return self._replicas.head()

    def position(self) -> int:
        """How far the feed of changes has come, where searches are answered."""
        return self._replicas.read(lambda store: store.position())

    def find(self, asked: Asked) -> Answer:
        """What is near, on one server."""
        answer = self._replicas.read(lambda store: self._direct(store).find(asked))
        self._replicas.answered(answer.statistics.version)
        return answer

    def statistics(self, words: Sequence[str]) -> Statistics:
        """How words are weighed, on one server."""
        return self._replicas.read(lambda store: self._direct(store).statistics(words))
